# shellcheck shell=bash
# lineage.sh: log the life of tasks from bash at next to no cost. Source it, then call the functions at its end.
#
#   source "$SCRIPT_DIR/lib/lineage.sh"
#   log_task_created "$task_id" "$creator" '{"priority":"high"}'     # the new id is left in LINEAGE_ID
#
# The common call is bash alone: no fork, one write. What is not surely right here (DATA beyond plain JSON, a possible
# secret, a long line, bash before 5.0) is written by the same rules in Python (lineage_core/shell/bridge.py).
# Logging never breaks the work: a call returns 0 unless LINEAGE_STRICT=1, and does nothing with LINEAGE_DISABLED=1.
# Names are LINEAGE_*, __lineage_* and, inside a call, __l_*; nothing else of the caller changes. That is why there is
# no [[ =~ ]] (it sets BASH_REMATCH) and no printf %()T (it needs TZ), and why IFS and the locale are local.
# Bash copies the body of a function each time it is called, so what is rarely needed is a function of its own.

__lineage_python=''  # the interpreter; `lineage shell install` writes it here

# What one call leaves for the next. Inherited values are not trusted: they reach arithmetic.
LINEAGE_ID=${LINEAGE_ID-}
case ${__lineage_at-} in '' | *[!0-9]* | 0* | ?????????????????*) __lineage_at=0 ;; esac
case ${__lineage_count-} in [0-9] | [1-9][0-9] | [1-9][0-9][0-9]) ;; *) __lineage_count=0 ;; esac
__lineage_warned=${__lineage_warned-} __lineage_today='' __lineage_primed='' __lineage_safe=1008
case ${BASH_VERSION-} in
  '' | [0-4].*) __lineage_old=1 ;;
  *) __lineage_old='' ; declare -gA __lineage_parents __lineage_healed ;;
esac

# Each gives __lineage_log the event's type, the actor's type ('' is told from the id), which word the actor is (0: the
# coordinator), how many words there are after TASK, and where they go in event_data.
log_task_created() { __lineage_log task_created '' 1 1 '' "$@"; }  # TASK CREATOR [DATA]
log_task_assigned() {  # TASK ASSIGNER MASTER [PRIORITY]
  case $#/${4-} in
    3/ | 4/) set -- "$1" "$2" "$3" medium ;;
    [5-9]/* | ??*/*) __lineage_log task_assigned coordinator 1 99 '' "$@"; return ;;  # it takes no DATA: Python decides
  esac
  __lineage_log task_assigned coordinator 1 3 '%.0s"master_id":"%s","priority":"%s"' "$@"
}
log_task_started() { __lineage_log task_started master 1 1 '' "$@"; }  # TASK MASTER [DATA]
log_task_blocked() { __lineage_log task_blocked master 1 2 '%.0s"reason":"%s"' "$@"; }  # TASK ACTOR REASON [DATA]
log_task_unblocked() { __lineage_log task_unblocked master 1 2 '%.0s"reason":"%s"' "$@"; }  # TASK ACTOR REASON [DATA]
log_task_reassigned() { __lineage_log task_reassigned coordinator 0 3 '"from_master":"%s","to_master":"%s","reason":"%s"' "$@"; }  # TASK FROM TO REASON [DATA]
log_task_escalated() { __lineage_log task_escalated master 1 2 '%.0s"reason":"%s"' "$@"; }  # TASK ACTOR REASON [DATA]
log_task_completed() { __lineage_log task_completed master 1 2 '%.0s"completion_status":"%s"' "$@"; }  # TASK ACTOR STATUS [DATA]
log_task_failed() { __lineage_log task_failed master 1 2 '%.0s"reason":"%s"' "$@"; }  # TASK ACTOR REASON [DATA]
log_task_cancelled() { __lineage_log task_cancelled system 1 2 '%.0s"reason":"%s"' "$@"; }  # TASK ACTOR REASON [DATA]
log_worker_spawned() { __lineage_log worker_spawned master 1 3 '%.0s"worker_id":"%s","worker_type":"%s"' "$@"; }  # TASK MASTER WORKER TYPE [DATA]
log_worker_started() { __lineage_log worker_started worker 1 2 '"worker_id":"%s","worker_type":"%s"' "$@"; }  # TASK WORKER TYPE [DATA]
log_worker_progress() { __lineage_log worker_progress worker 1 2 '"worker_id":"%s","progress_percentage":%s' "$@"; }  # TASK WORKER PERCENT [DATA]
log_worker_completed() { __lineage_log worker_completed worker 1 2 '"worker_id":"%s","completion_status":"%s"' "$@"; }  # TASK WORKER STATUS [DATA]
log_worker_failed() { __lineage_log worker_failed worker 1 2 '"worker_id":"%s","error_details":{"error_type":"worker_failure","error_message":"%s"}' "$@"; }  # TASK WORKER ERROR [DATA]
log_handoff_created() { __lineage_log handoff_created master 2 3 '"handoff_id":"%s","from_master":"%s","to_master":"%s"' "$@"; }  # TASK HANDOFF FROM TO [DATA]
log_handoff_accepted() { __lineage_log handoff_accepted master 2 2 '"handoff_id":"%s"%.0s' "$@"; }  # TASK HANDOFF MASTER [DATA]
log_handoff_completed() { __lineage_log handoff_completed master 2 2 '"handoff_id":"%s"%.0s' "$@"; }  # TASK HANDOFF MASTER [DATA]

# EVENT TYPE BY N FIELDS TASK WORD…: write the event in bash alone. Wants __l_parent; sets __l_t and __l_id; with
# __l_tag, no DATA is written. 0 written; 3 it cannot be written (__l_why); 9 not sure, and nothing written.
# To be called with 2>/dev/null: what fails is told by us, and bash warns when LC_ALL goes back to an unknown locale.
__lineage_native() {
  local IFS=' ' __l_type=$2 __l_fields=$5 __l_task=${6-} __l_words=("${@:7:$4}") __l_data='' __l_free='' __l_seen='|'
  __l_t=${EPOCHREALTIME//[!0-9]/}
  case $__l_t/$# in
    [1-9]???????????????/$(( $4 + 6 ))) ;;
    [1-9]???????????????/$(( $4 + 7 ))) __l_data="${*: -1}" ;;
    *) __l_t=''; return 9 ;;
  esac
  # One command, so that a trap that logs in the middle of this cannot get the same id.
  local __l_at __l_n
  (( __l_t > __lineage_at ? (__lineage_at = __l_t, __lineage_count = 0)
    : __lineage_count < 999 ? ++__lineage_count : (++__lineage_at, __lineage_count = 0),
    __l_at = __lineage_at, __l_n = __lineage_count ))
  builtin printf -v __l_id 'lineage-%s%07d%03d' "$__l_at" "$BASHPID" "$__l_n"

  local __l_principal=${CORTEX_PRINCIPAL:-system} __l_session=${CORTEX_SESSION_ID-} __l_trace=${CORTEX_TRACE_ID-} __l_text
  __l_text="$__l_task ${__l_words[*]} $__l_principal $__l_session $__l_trace $__l_parent"
  # Beyond ASCII, bytes are what counts. (Always to set the locale would cost a third of the call.)
  [[ $__l_text$__l_data != *[!\ -~$'\n\t']* ]] || local LC_ALL=C
  case $__l_fields in *reason* | *error*) __l_free=${__l_words[$4 - 1]} ;; esac
  if (( ${#__l_text} + ${#__l_data} > 800 )); then __lineage_large "${@:6:$4 + 1}" || return 9; fi
  case ${LINEAGE_NOW-}${LINEAGE_REDACT_KEYS-}${LINEAGE_REDACT_PATTERNS-}${LINEAGE_TIMING-}$__l_tag in
    ?*) __lineage_settings || return 9 ;;
  esac
  case ${LINEAGE_REDACT-}/$__l_free$__l_data in 0/* | / | '/{}') ;; *) __lineage_harmless " $__l_free $__l_data" || return 9 ;; esac
  case $__l_data in '' | '{}') __l_data='' ;; *) __lineage_members || return 9 ;; esac
  if [[ $__l_text == *[!\ !#-\[\]-~]* || $__l_data == *[!$'\x01'-$'\x7f']* ]]; then __lineage_special || return 9; fi
  case /$__l_task//${__l_words[0]}//${__l_words[1]-_}//${__l_words[2]-_}// in //* | *////*) return 9 ;; esac  # an empty word
  local __l_actor=coordinator-master
  (( $3 == 0 )) || __l_actor=${__l_words[$3 - 1]}
  case $__l_type/$__l_actor in
    /*-master) __l_type=master ;; /*daemon) __l_type=daemon ;; /system) __l_type=system ;; /*) __l_type=user ;;
  esac
  case $__l_fields in
    *percentage*) case ${__l_words[1]} in 100 | [0-9] | [1-9][0-9]) ;; *) __lineage_percentage || return 9 ;; esac ;;
  esac
  # shellcheck disable=SC2059  # the fields are a format
  builtin printf -v __l_fields "$__l_fields" "${__l_words[@]}"
  __l_fields=$__l_data${__l_data:+${__l_fields:+,}}$__l_fields

  # UTC from seconds since the epoch, by arithmetic.
  local __l_s=${__l_t:0:10} __l_stamp __l_context='' __l_line
  [[ ${__lineage_today%%:*} == "$(( __l_s / 86400 ))" ]] || __lineage_date $(( __l_s / 86400 ))
  builtin printf -v __l_stamp '%sT%02d:%02d:%02d.%sZ' \
    "${__lineage_today#*:}" $(( __l_s / 3600 % 24 )) $(( __l_s / 60 % 60 )) $(( __l_s % 60 )) "${__l_t:10}"
  case $__l_session$__l_trace in ?*) __lineage_context ;; esac
  case ${LINEAGE_TIMING-} in 1) __lineage_timing || return 9 ;; esac
  __l_line="{\"lineage_id\":\"$__l_id\",\"task_id\":\"$__l_task\",\"event_type\":\"$1\",\"timestamp\":\"$__l_stamp\",\"actor\":\
{\"type\":\"$__l_type\",\"id\":\"$__l_actor\",\"principal\":\"$__l_principal\"},\"event_data\":{$__l_fields},\
\"parent_lineage_id\":${__l_parent:+\"}${__l_parent:-null}${__l_parent:+\"}$__l_context${__l_tag:+,\"tags\":[\"$__l_tag\"]},\
\"version\":\"1.0.0\"}"
  (( ${#__l_line} + 2 <= __lineage_safe )) || __lineage_fits ${#__l_line} || return 9

  local __l_dir=${LINEAGE_DIR:-${CORTEX_HOME:+$CORTEX_HOME/coordination/lineage}}
  if [[ -z $__l_dir ]]; then
    __l_dir=coordination/lineage
    [[ -d $__l_dir ]] || { __l_why='no lineage directory: set LINEAGE_DIR or CORTEX_HOME'; return 3; }
  fi
  __lineage_append "$__l_dir/lineage-${__l_stamp%%T*}.jsonl" || return
  case ${LINEAGE_WRITE_COMBINED-} in 1) __lineage_append "$__l_dir/task-lineage.jsonl" || return 3 ;; esac
}

# TASK WORD…: whether an event with so much text can be written here: by one write, and no id too long.
__lineage_large() {
  local __l_word
  __lineage_fits $(( ${#__l_text} + ${#__l_data} )) || return
  for __l_word; do
    [[ ${#__l_word} -le 1024 || $__l_word == "$__l_free" ]] || return
  done
}

# Whether settings that are rarely given leave the event to bash.
__lineage_settings() {
  [[ -z $__l_tag ]] || { __l_data=''; return 0; }
  [[ -z ${LINEAGE_NOW-}${LINEAGE_REDACT_KEYS-}${LINEAGE_REDACT_PATTERNS-} ]]
}

# Escapes what is not plain in the words. 1 for what is not UTF-8 and for most control characters.
__lineage_special() {
  local __l_name
  [[ $__l_text$__l_data != *[!$'\x01'-$'\x7f']* ]] || __lineage_utf8 "$__l_text $__l_data" || return
  for __l_name in __l_task __l_principal __l_session __l_trace __l_parent '__l_words[0]' '__l_words[1]' '__l_words[2]'; do
    [[ -z ${!__l_name-} ]] || __lineage_escape "$__l_name" || return
  done
}

# Whether a percentage that is no whole number is one surely.
__lineage_percentage() {
  case ${__l_words[1]} in
    [0-9].[0-9]* | [1-9][0-9].[0-9]*) [[ ${__l_words[1]//[0-9]/} != . ]] || return 0 ;;
  esac
  [[ -n $__l_tag ]] && __l_words[1]="\"${__l_words[1]}\""
}

# DAY: the date of a day since the epoch, into __lineage_today (civil_from_days, after Howard Hinnant).
__lineage_date() {
  local __l_doe __l_yoe __l_doy __l_m __l_era __l_date
  (( __l_era = ($1 + 719468) / 146097, __l_doe = ($1 + 719468) % 146097,
    __l_yoe = (__l_doe - __l_doe / 1460 + __l_doe / 36524 - __l_doe / 146096) / 365,
    __l_doy = __l_doe - (365 * __l_yoe + __l_yoe / 4 - __l_yoe / 100), __l_m = (5 * __l_doy + 2) / 153 ))
  builtin printf -v __l_date '%04d-%02d-%02d' $(( __l_yoe + __l_era * 400 + (__l_m > 9) )) \
    $(( __l_m < 10 ? __l_m + 3 : __l_m - 9 )) $(( __l_doy - (153 * __l_m + 2) / 5 + 1 ))
  __lineage_today=$1:$__l_date
}

__lineage_context() {
  __l_context="${__l_session:+,\"session_id\":\"$__l_session\"}${__l_trace:+,\"trace_id\":\"$__l_trace\"}"
  __l_context=",\"context\":{${__l_context#,}}"
}

__lineage_timing() {
  [[ $__l_seen != *'|metadata|'* ]] || return
  local __l_now=${EPOCHREALTIME//[!0-9]/}
  __l_fields+="${__l_fields:+,}\"metadata\":{\"log_us\":$(( __l_now > __l_t ? __l_now - __l_t : 0 ))}"
}

# FILE: append __l_line by one write. 3 if that failed (__l_why), 9 if Python may do better.
__lineage_append() {
  local __l_heal=''
  if [[ ${__lineage_healed["$PWD $1"]-} != "$BASHPID" || ! -f $1 ]]; then __lineage_prepare "$1" || return; fi
  builtin printf '%s' "$__l_heal$__l_line"$'\n' >>"$1" || __lineage_failed "$1"
}

# FILE: ready for the first write of this process.
__lineage_prepare() {
  local __l_folder=${1%/*}
  if [[ ! -f $1 ]]; then
    __l_why="cannot write $1: it is not a regular file"
    [[ -f $1 || ! -e $1 && ! -L $1 ]] || return 3  # -f: another writer has made it this moment
    __l_why="cannot make the directory $__l_folder"
    [[ -d $__l_folder ]] || (umask 077; exec mkdir -p -- "$__l_folder") || return $(( $? == 127 ? 9 : 3 ))
  elif [[ -s $1 ]]; then
    __l_heal=$'\n'  # bash cannot look whether the last line is whole; a blank line does no harm
  fi
  if [[ $__lineage_primed != "$BASHPID" ]]; then
    # Until a process has put out its first character, stdio flushes at the healing newline: two writes. So does
    # a newline that stands in the format and not in the text.
    builtin printf ' ' >/dev/null
    __lineage_primed=$BASHPID
  fi
  (( ${#__lineage_healed[@]} < 256 )) || __lineage_healed=()
  __lineage_healed["$PWD $1"]=$BASHPID
}

# FILE: why it could not be written; the next write starts on a line of its own.
__lineage_failed() {
  __lineage_healed["$PWD $1"]=''
  __l_why="cannot write $1: disk full, or a size limit?"
  [[ -w $1 || ! -e $1 && -w ${1%/*} ]] || __l_why="cannot write $1: permission denied"
  return 3
}

# SIZE: whether a line of so many bytes goes out by one write. How much does depends on how bash was built and on what
# its stdout was first used for (1,008 with its own malloc, 1,024 on a terminal, 4,096), so it is measured, once, where
# the system counts writes; elsewhere 1,008 holds.
__lineage_fits() {
  local __l_name __l_value __l_before='' __l_after='' __l_page
  if [[ $__lineage_safe == 1008 && $1 -lt 4096 ]]; then
    __lineage_safe=1007
    builtin printf -v __l_page '%04095d\n' 0
    while builtin read -r __l_name __l_value; do [[ $__l_name != syscw: ]] || __l_before=$__l_value; done </proc/self/io
    builtin printf '%s' "$__l_page" >/dev/null
    while builtin read -r __l_name __l_value; do [[ $__l_name != syscw: ]] || __l_after=$__l_value; done </proc/self/io
    [[ -z $__l_before ]] || (( __l_after - __l_before != 1 )) || __lineage_safe=4096
  fi
  (( $1 + 2 <= __lineage_safe ))
}

# NAME: escape the text in that variable for JSON. 1 if it has control characters other than tab and newlines.
__lineage_escape() {
  local __l_v=${!1-} __l_b=\\
  [[ $__l_v != *[$'\x01'-$'\x08\x0b\x0c\x0e'-$'\x1f\x7f']* ]] || return 1
  __l_v=${__l_v//\\/"$__l_b$__l_b"}
  __l_v=${__l_v//\"/"$__l_b\""}
  __l_v=${__l_v//$'\n'/"${__l_b}n"}
  __l_v=${__l_v//$'\t'/"${__l_b}t"}
  builtin printf -v "$1" '%s' "${__l_v//$'\r'/"${__l_b}r"}"
}

# TEXT: whether it is UTF-8. What is right becomes an x; a high byte that stays is wrong.
__lineage_utf8() {
  local __l_v=$1 __l_c=$'[\x80-\xbf]'
  __l_v=${__l_v//[$'\xc2'-$'\xdf']$__l_c/x}
  __l_v=${__l_v//[$'\xe1'-$'\xec\xee\xef']$__l_c$__l_c/x}
  [[ $__l_v == *[!$'\x01'-$'\x7f']* ]] || return 0
  __l_v=${__l_v//$'\xe0'[$'\xa0'-$'\xbf']$__l_c/x}
  __l_v=${__l_v//$'\xed'[$'\x80'-$'\x9f']$__l_c/x}
  __l_v=${__l_v//$'\xf0'[$'\x90'-$'\xbf']$__l_c$__l_c/x}
  __l_v=${__l_v//[$'\xf1'-$'\xf3']$__l_c$__l_c$__l_c/x}
  __l_v=${__l_v//$'\xf4'[$'\x80'-$'\x8f']$__l_c$__l_c/x}
  [[ $__l_v != *[!$'\x01'-$'\x7f']* ]]
}

# TEXT: whether surely nothing in it is a secret. What is searched for are the clues of lineage_core/write/redaction.py.
__lineage_harmless() {
  local __l_v=I
  [[ ${__l_v,,} == i ]] || local LC_ALL=C  # Turkish has another small I
  __l_v="${1,,} "
  case $__l_v in
    *token* | *key* | *pass* | *pw* | *secret* | *auth* | *credential* | *cookie* | *bearer* | *sess*id* | *.sid* | *sig* | *otp* \
      | *psk* | *pswd* | *mnemonic* | *seedphrase* | *basic\ * | *\ -[upawb]* | *-user* | *[$'\n\t\r']* | *\"-* | *\'-* | *\\* | *://* \
      | *%3* | *identified\ by* | *sudo\ -s* | *sqlplus* | *thin:* | *machine* | *:[56]43[23]:* | *:\*:* | *hook* | *@tcp* | *@unix* \
      | *a[bks]ia* | *aiza* | *ya29.* | *gocspx* | *1//0* | *gh[oprsu]_* | *pat_* | *gl*t-* | *sk-* | *k_live_* | *k_test_* \
      | *whsec_* | *xox* | *xapp-* | *eyj* | *npm_* | *pypi-* | *rubygems_* | *hv[bsr].* | *.atlasv1.* | *-us[0-9]* | *_v1_* \
      | *hrku-* | *dapi* | *nrak-* | *glsa_* | *glc_* | *sntry* | *lin_api_* | *ntn_* | *figd_* | *pmak-* | *dp.* | *pul-* \
      | *sbp_* | *pscale_* | *shp[acs]* | *sq0* | *hf_* | *gsk_* | *r8_* | *pplx-* | *xai-* | *atatt* | *atbb* | *akcp* \
      | *[0-9]:aa* | *q~* | *==* | *\$* | *telegram*) __lineage_cleared "$1" ;;
    *) case $1 in *SK[0-9A-Fa-f]* | *SG.*) return 1 ;; esac ;;
  esac
}

# TEXT: whether what looked like a secret in __l_v, its small letters, is none. In JSON a letter may be written with a
# \, and the n of a \n is no letter of the word behind it: so __l_v becomes both readings.
__lineage_cleared() {
  case $__l_v in *\\*)
    case $__l_v in *\\u00[2-7]* | *\\\"*) return 1 ;; esac
    __l_v="${__l_v//\\/} ${__l_v//\\[bfnrt]/ } "
    __l_v=${__l_v//\\/} ;;
  esac
  __l_v=${__l_v//[$'\t\n\r']/ }
  case $1 in *SK[0-9A-Fa-f]* | *SG.*) return 1 ;; esac
  case $__l_v in *://*@*) __lineage_addresses || return ;; esac
  case $__l_v in
    *bearer\ * | *basic\ * | *\ -[upawb]* | *[\"\']-[upawb]* | *-user[\ =\"\']* | *-stdin* | *%3* | *identified\ by* | *sudo\ -s* | *sqlplus* \
      | *thin:* | *machine\ *password\ * | *:[56]43[23]:* | *:\*:* | *hooks.[sz]* | *webhooks/* | *webhook.office* | *@tcp\(* \
      | *@unix\(* | *a[bks]ia[0-9a-z][0-9a-z][0-9a-z][0-9a-z][0-9a-z][0-9a-z]* | *aiza* | *ya29.* | *gocspx* | *1//0* \
      | *gh[oprsu]_* | *[br]_pat_* | *gl[a-z]*t-[0-9a-z_-][0-9a-z_-][0-9a-z_-][0-9a-z_-][0-9a-z_-][0-9a-z_-]* \
      | *[!0-9a-z]sk-[0-9a-z_-][0-9a-z_-][0-9a-z_-][0-9a-z_-][0-9a-z_-][0-9a-z_-]* | *k_live_* | *k_test_* | *whsec_* | *xox* | *xapp-* \
      | *eyj* | *npm_* | *pypi-[0-9a-z_-][0-9a-z_-][0-9a-z_-][0-9a-z_-]* | *rubygems_* | *hv[bsr].* | *.atlasv1.* | *[0-9a-f]-us[0-9]* \
      | *key-[0-9a-z][0-9a-z][0-9a-z][0-9a-z][0-9a-z][0-9a-z]* | *xkeysib-* | *_v1_* | *hrku-* | *dapi[0-9a-f]* | *nrak-* | *glsa_* \
      | *glc_* | *sntry* | *lin_api_* | *ntn_* | *figd_* | *pmak-* | *dp.[aps]* | *pul-* | *sbp_* | *pscale_* | *shp[acs][ast]_* \
      | *sq0* | *hf_* | *gsk_* | *r8_* | *pplx-* | *xai-* | *atatt* | *atbb* | *akcp* | *[0-9]:aa* | *q~* | *\$[1256ay]*\$* \
      | *[0-9a-z+/][0-9a-z+/][0-9a-z+/][0-9a-z+/]==* | *api.telegram* | *-----begin* | *private-lines:*) return 1 ;;
    *token* | *key* | *pass* | *pw* | *secret* | *auth* | *credential* | *cookie* | *bearer* | *sess*id* | *.sid* | *sig* | *otp* \
      | *psk* | *pswd* | *mnemonic* | *seedphrase*) [[ ${__lineage_only_native-} != 1 ]] && __lineage_named ;;
  esac
}

# Whether no address in __l_v has a user.
__lineage_addresses() {
  local __l_p=$__l_v
  while [[ $__l_p == *://* ]]; do
    __l_p=${__l_p#*://}
    [[ ${__l_p%%[ \"\'<>]*} != *@* ]] || return 1
  done
}

# __l_data: becomes its members, compact and without the braces, and __l_seen their names, if it is surely a plain JSON
# object: no escape but the short ones, no exponent, no name twice or of a positional. 1 if that is not sure.
__lineage_members() {
  local __l_v=$__l_data __l_p __l_i __l_was __l_b=\\
  [[ $__l_v != *[$'\x01'-$'\x08\x0b\x0c\x0e'-$'\x1f\x7f']* ]] || return 1
  if [[ $__l_v == *\\* ]]; then
    __l_v=${__l_v//\\\\/$'\x02'}
    __l_v=${__l_v//\\\"/$'\x03'}
    [[ "$__l_v " != *\\[!bfnrt/]* ]] || return 1
  fi
  local IFS='"'
  # shellcheck disable=SC2206  # it is to be split, at the quotes; set -f holds
  __l_p=($__l_v)
  IFS=' '
  (( ${#__l_p[@]} & 1 )) || return 1
  # Strings stand at the odd places. What is around them is the skeleton, and must reduce to one value, V.
  local __l_skeleton __l_text=${__l_p[0]//[$' \t\n\r']/} __l_o
  builtin printf -v __l_skeleton '%s"%.0s' "${__l_p[@]}"
  __l_seen="|${__l_fields//[!a-z_]/|}|"  # the names of the positional arguments, then those of the members
  set -- "${__l_p[@]:1}"
  while [[ -n ${2+x} ]]; do
    __l_o=${2//[$' \t\n\r']/}
    __l_text+="\"$1\"$__l_o"
    case $__l_o in :*)
      case $__l_seen in *"|$1|"*) return 1 ;; esac
      __l_seen+="$1|" ;;
    esac
    shift 2
  done
  [[ $__l_text == \{* && $__l_text != *[$'\t\n\r']* && $__l_seen != *[\\$'\x02\x03']* ]] || return 1
  __l_v=${__l_skeleton%?}
  [[ $__l_v != *[!][{}:,\".0-9a-z$' \t\n\r'-]* ]] || return 1
  if [[ $__l_v == *[0-9]* ]]; then
    [[ $__l_v != *[!0-9.]0[0-9]* ]] || return 1
    __l_v=${__l_v//[0-9]/0}
    for __l_i in 1 2 3 4 5; do __l_v=${__l_v//00/0}; done  # up to 32 digits
    __l_v=${__l_v//0.0/0} __l_v=${__l_v//-0/0} __l_v=${__l_v//0/V}
  fi
  [[ $__l_v != *[a-z]* ]] || { __l_v=${__l_v//true/V} __l_v=${__l_v//false/V} __l_v=${__l_v//null/V}; }
  __l_v=${__l_v//[$' \t\n\r']/}
  __l_v=${__l_v//\":/K}
  while [[ $__l_v != V ]]; do  # each step undoes one rule of the grammar: K name, M members, W values of an array
    __l_was=$__l_v
    __l_v=${__l_v//K[\"V]/M}
    while [[ $__l_v == *M,M* ]]; do __l_v=${__l_v//M,M/M}; done
    __l_v=${__l_v//\{M\}/V} __l_v=${__l_v//\{\}/V}
    if [[ $__l_v == *\[* ]]; then
      __l_v=${__l_v//\[\]/V} __l_v=${__l_v//\[[\"VW]\]/V}
      __l_v=${__l_v//[\"VW],[\"VW]/W}
    fi
    [[ $__l_v != "$__l_was" ]] || return 1
  done
  __l_text=${__l_text#?} __l_text=${__l_text%?}
  __l_text=${__l_text//$'\x02'/"$__l_b$__l_b"}
  __l_data=${__l_text//$'\x03'/"$__l_b\""}
}

case ${__lineage_only_native-} in 1) return 0 ;; esac  # the `lineage` launcher has Python do the rest

# Whether the names of secrets in __l_v have no values: what stands before a `:` or `=`, and some phrases.
__lineage_named() {
  local __l_p __l_w __l_i IFS=':='
  case $__l_v in
    *[!0-9a-z_.-]-[a-z-]* | *\<[0-9a-z_.:-]* | *value[:=]* | *value[\"\'][:=\ ]* | *value\ [:=]* | *[!0-9a-z_]set\ * | *setenv\ * | *export\ * | *requirepass\ * | *masterauth\ * | *\"x-* \
      | *authorization\"* | *cookie\"* | *private-token* | *passin* | *passout*) return 1 ;;
  esac
  # A word with a digit behind one of these may be what they name.
  for __l_i in password passwd passphrase token secret key; do
    __l_p=$__l_v
    while [[ $__l_p == *"$__l_i "* ]]; do
      __l_p=${__l_p#*"$__l_i "}
      __l_w=${__l_p:0:100}
      __l_w=${__l_w#"${__l_w%%[! ]*}"}
      case $__l_i/$__l_w in
        */is\ * | */was\ * | */are\ * | */is:\ * | */was:\ * | */are:\ *) __l_w=${__l_w#* } __l_w=${__l_w#"${__l_w%%[! ]*}"} ;;
        secret/*) continue ;;
        pass*/[\"\']*) return 1 ;;
      esac
      __l_w=${__l_w#[\"\']}
      [[ ${__l_w%%[ \"\']*} != *[0-9]* ]] || return 1
    done
  done
  # shellcheck disable=SC2086  # it is to be split; set -f holds
  set -- $__l_v
  while [[ -n ${2+x} ]]; do
    __l_w=$1
    shift
    __l_w=${__l_w%"${__l_w##*[! ]}"}
    __l_w=${__l_w%]}
    case $__l_w in
      *\") __l_w=${__l_w%?} __l_w=${__l_w##*\"} ;;
      *[\'\`]) __l_w=${__l_w%?} __l_w=${__l_w##*[\'\`]} ;;
      *key) [[ $__l_w == *[0-9a-z_.-]key ]] || return 1 ;;&
      *) __l_w=${__l_w##*[!0-9a-z_.-]} ;;
    esac
    case $__l_w in
      token_usage | token_budget | token_count | token_limit | tokens | total_tokens | input_tokens | output_tokens | max_tokens) ;;
      *token* | sessionid) return 1 ;;
      *)
        case ${__l_w//[!0-9a-z]/} in
          *password* | *passwd* | *passwort* | *passphrase* | *passcode* | *pass | *pwd* | *pw | *pswd* | *mnemonic* | *seedphrase* \
            | *secret* | *credential* | *bearer* | *cookie* | *authorization* | auth | *authkey* | masterauth | *psk | *otp \
            | *sig | *signature | *sess*id | connectsid | *apikey* | *accesskey* | *privatekey* | *signingkey* | *cryptionkey* \
            | *accountkey* | *masterkey* | *subscriptionkey* | *storagekey* | *sharedkey* | *sessionkey* | *applicationkey* \
            | *appkey* | *sshkey* | *clientkey* | *servicekey* | *integrationkey* | *hmackey* | *functionskey*)
            return 1 ;;
        esac ;;
    esac
  done
}

case ${__lineage_ids[0]-} in '') __lineage_tasks=() __lineage_ids=() ;; esac  # parents, for bash 3.2
__lineage_root=${BASH_SOURCE[0]}
case $__lineage_root in /*) ;; *) __lineage_root=$PWD/$__lineage_root ;; esac
__lineage_root=${__lineage_root%/lineage_core/shell/*}
__lineage_run='import sys; sys.path.append(sys.argv[1]); from lineage_core.shell.bridge import main; main()'
__lineage_ask='import sys; sys.path.append(sys.argv[1]); from lineage_core.shell.queries import main; main()'

# EVENT TYPE BY N FIELDS TASK WORD…: log it, by bash if that is sure, else by Python.
__lineage_log() {
  case ${LINEAGE_DISABLED-}/$__lineage_old${LINEAGE_FORCE_PYTHON-} in
    1/*) return 0 ;;
    */1*) __lineage_forced "$@"; return ;;
  esac
  local -
  set +aeukxET -f
  local __l_t='' __l_id='' __l_why='' __l_tag='' __l_code=0 __l_parent=${LINEAGE_PARENT_ID:-${__lineage_parents["t${6-}"]-}}
  # A read-only locale or IFS, what bash before 4.3 did with quotes, and patterns that ignore case are not for bash here.
  case ${LC_ALL@a}${IFS@a}/${BASH_COMPAT-}/:$BASHOPTS: in
    *r*/*/* | */3*/* | */4[0-2]/* | */4.[0-2]/* | *:nocasematch:*) __lineage_guarded "$@"; return ;;
    *:globasciiranges:*) ;;
    *) local LC_ALL=C ;;
  esac
  __lineage_native "$@" 2>/dev/null || __lineage_otherwise $? "$@" || return "$__l_code"
  LINEAGE_ID=$__l_id
  (( ${#__lineage_parents[@]} < 4096 )) || __lineage_parents=()
  __lineage_parents["t$6"]=$__l_id
  case ${LINEAGE_PRINT_ID-} in 1) builtin printf '%s\n' "$__l_id" ;; esac
}

__lineage_guarded() {
  case :$BASHOPTS: in
    *:nocasematch:*)
      shopt -u nocasematch
      __lineage_log "$@" || __l_code=$?
      shopt -s nocasematch
      return "$__l_code" ;;
  esac
  __lineage_forced "$@"
}

# CODE …: what bash did not write. 0 if it is written now; else 1, and __l_code is for the caller.
__lineage_otherwise() {
  __l_code=$1
  shift
  case $__l_code in 9) __l_code=0; __lineage_bridge "$@" || __l_code=$? ;; esac
  case $__l_code in 127) __l_code=0; __lineage_without_data "$@" 2>/dev/null || __l_code=$? ;; esac
  [[ -z $__l_tag || $__l_code != 0 ]] || __lineage_warn dropped "$__l_why; events are logged without data"
  case $__l_code in 0) return 0 ;; esac
  __lineage_fail "$__l_code" && __l_code=0
  return 1
}

# …: what bash before 5.0 does with every call, and any bash with LINEAGE_FORCE_PYTHON=1. Runs in 3.2.
__lineage_forced() {
  local __l_t __l_id __l_parent __l_why __l_code __l_i
  __l_t='' __l_id='' __l_parent=${LINEAGE_PARENT_ID-} __l_why='' __l_code=0  # apart, because of set -k
  for (( __l_i = 0; __l_i < ${#__lineage_tasks[@]}; __l_i++ )); do
    [ "${__lineage_tasks[__l_i]}" != "${6-}" ] || break
  done
  [ -n "$__l_parent" ] || __l_parent=${__lineage_ids[__l_i]-}
  __lineage_bridge "$@" || __l_code=$?
  if [ "$__l_code" = 127 ] && [ -z "$__lineage_old" ]; then
    LINEAGE_FORCE_PYTHON='' __lineage_log "$@"
    return
  fi
  if [ "$__l_code" != 0 ]; then
    __lineage_fail "$__l_code"
    return
  fi
  [ "$__l_i" -lt 4096 ] || { __l_i=0; __lineage_tasks=(); __lineage_ids=(); }
  __lineage_tasks[__l_i]=$6 __lineage_ids[__l_i]=$__l_id LINEAGE_ID=$__l_id
  [ "${LINEAGE_PRINT_ID-}" != 1 ] || builtin printf '%s\n' "$__l_id"
}

# …: have Python write the event. Sets __l_id. 0 written; 2 or 3 as Python says (__l_why); 127 no interpreter.
__lineage_bridge() {
  local __l_name __l_out
  __l_out=''
  if __lineage_find_python; then
    __l_out=$(
      {
        for __l_name in CORTEX_HOME CORTEX_PRINCIPAL CORTEX_SESSION_ID CORTEX_TRACE_ID LINEAGE_DIR LINEAGE_WRITE_COMBINED \
          LINEAGE_STRICT LINEAGE_TIMING LINEAGE_NOW LINEAGE_REDACT LINEAGE_REDACT_KEYS LINEAGE_REDACT_PATTERNS; do
          builtin printf '%s=%s\0' "$__l_name" "${!__l_name-}"
        done
        builtin printf '%s\0' "parent=$__l_parent" "id=$__l_id" "began=$__l_t" -- "$1" "${@:6}"
      } | "$__lineage_python" -P -c "$__lineage_run" "$__lineage_root" 2>/dev/null || builtin true
    )
  fi
  case $__l_out in
    '0 lineage-'*) __l_id=${__l_out#0 } ;;
    [23]' '*) __l_why=${__l_out#? }; return "${__l_out%% *}" ;;
    *) __l_why="there is no Python of lineage at ${__lineage_python:-PATH}"; return 127 ;;
  esac
}

# Sets __lineage_python to LINEAGE_PYTHON, else to what install wrote, else to what is around this file or on PATH.
__lineage_find_python() {
  local __l_c
  __lineage_python=${LINEAGE_PYTHON:-$__lineage_python}
  if [ -z "$__lineage_python" ]; then
    __l_c=$(command -v lineage || builtin true)
    __l_c=$(readlink -f -- "${__l_c:-/}" 2>/dev/null || builtin true)
    for __l_c in "${__lineage_root%/lib/python3*}/bin/python" "$__lineage_root/.venv/bin/python" "${__l_c%/*}/python" \
      "$(command -v python3 || builtin true)"; do
      if [ -x "$__l_c" ]; then __lineage_python=$__l_c; break; fi
    done
  fi
  [ -x "$__lineage_python" ]
}

# …: there is no interpreter (__l_why): write what bash can write surely, without DATA.
__lineage_without_data() {
  local __l_word __l_words=() __l_lost=$__l_why
  __l_tag=data-dropped
  for __l_word in "${@:6:$4 + 1}"; do
    case ${LINEAGE_REDACT-}/${LINEAGE_REDACT_PATTERNS-} in
      0/* | /) __lineage_harmless " $__l_word" || __l_word='[redacted]' ;;
      *) __l_word='[redacted]' ;;
    esac
    __l_words+=("${__l_word:0:120}")
  done
  local LC_ALL=C
  __lineage_native "${@:1:5}" "${__l_words[@]//[!\ -~]/?}" || return 3
  __l_why=$__l_lost
}

# CODE: no event was written, because of __l_why. The code under LINEAGE_STRICT=1; else 0, and one warning of its kind.
__lineage_fail() {
  LINEAGE_ID=''
  if [ "${LINEAGE_STRICT-}" = 1 ]; then
    builtin printf 'lineage: %s\n' "$__l_why" >&2
    return "$1"
  fi
  __lineage_warn "$1" "$__l_why"
}

# KIND TEXT: one line on stderr, once for each kind.
__lineage_warn() {
  case $__lineage_warned in *"|$1|"*) return 0 ;; esac
  __lineage_warned="$__lineage_warned|$1|"
  builtin printf 'lineage: %s (said once; the work goes on)\n' "$2" >&2 || return 0
}

# KIND [NAME]: an answer from the journal, as JSON on stdout.
__lineage_query() {
  local __l_why="cannot ask the journal in ${LINEAGE_DIR:-${CORTEX_HOME:-$PWD}}"
  if __lineage_find_python && "$__lineage_python" -P -c "$__lineage_ask" "$__lineage_root" "$1" "${2-}" \
    "${LINEAGE_DIR-}" "${CORTEX_HOME-}" </dev/null 2>/dev/null; then
    return 0
  fi
  case $1 in stats) builtin printf '{}\n' ;; *) builtin printf '[]\n' ;; esac
  __lineage_fail 3
}

get_task_lineage() { __lineage_query task "$@"; }      # TASK: its events, as a JSON array
get_lineage_by_type() { __lineage_query type "$@"; }   # EVENT_TYPE: likewise
get_lineage_by_actor() { __lineage_query actor "$@"; }  # ACTOR: likewise
get_lineage_stats() { __lineage_query stats; }         # {total_events, event_types, actors, tasks_tracked}
