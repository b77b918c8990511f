# shellcheck shell=bash
# lineage.sh: log the life of tasks from bash at next to no cost. Source it, then call the functions below.
#
#   source "$SCRIPT_DIR/lib/lineage.sh"
#   log_task_created "$task_id" "$creator" '{"priority":"high"}'     # the new id is left in LINEAGE_ID
#
# The common call is bash alone: no fork, one write. What is not surely right here (DATA that may hold a secret, that is
# no JSON, a setting that changes the rules, bash before 5.0) is written by the same rules in Python
# (lineage_core/shell/bridge.py). In a shell where bash cannot be relied on (a read-only IFS, an older version's habits),
# a fresh bash does it. Where there is no Python either, the event is written without DATA.
# Logging never breaks the work: a call returns 0 unless LINEAGE_STRICT=1, and does nothing with LINEAGE_DISABLED=1.
# Names are LINEAGE_*, __lineage_* and, inside a call, __l_*; nothing else of the caller changes. That is why there is
# no [[ =~ ]] (it sets BASH_REMATCH) and no printf %()T (it needs TZ), and why IFS and the locale are local.
# Bash copies the body of a function each time it is called, so what is rarely needed is a function of its own.
#
# Threat model (tests/shell/test_threat_model.py). What comes from outside, and where it may go:
#   arguments; CORTEX_PRINCIPAL, CORTEX_SESSION_ID, CORTEX_TRACE_ID, TRACEPARENT, LINEAGE_PARENT_ID
#                                           into the record, as escaped text; a task also into a list of text, by TAB
#   LINEAGE_DIR, CORTEX_HOME, CORTEX_ENV, the place of this file
#                                           into the path of the journal; CORTEX_ENV only as a plain name
#   LINEAGE_PYTHON, PATH                    which program runs, as everywhere in the shell
#   the words of lineage_run                TASK, WORKER and TYPE as arguments; the rest is the caller's own command
#   all other LINEAGE_*                     compared with fixed words, or read by Python
#   __lineage_* and __l_* from before       nowhere: unset when this file is read. A shell that has only the functions
#                                           (export -f) has none: ours are elements of arrays from 1 on, which no
#                                           environment can carry. All others are local, and set before they are read
#   the journal's directory                 nowhere; a link that another user made, or what is no file, is not written
#   BASH_ENV, functions, aliases            they are code, and run already; no alias is expanded in this file
# So there is no eval (but of the words below, for other shells), no ${!name}, no [[ -v ]], no declare, unset or printf -v of a name that is not written here, no
# format and no subscript but of ours, and arithmetic sees nothing but digits. Name references are not followed.

if \test -z "${BASH_VERSION-}"; then  # zsh, dash, mksh, …: each event is a call of the `lineage` command
  __lineage_log() {
    [ "${LINEAGE_DISABLED-}" != 1 ] || return 0
    case ${LINEAGE_STRICT-} in
      1) LINEAGE_ID=$(lineage log "$@" </dev/null) || return ;;
      *) LINEAGE_ID=$(lineage log "$@" </dev/null 2>/dev/null) || { LINEAGE_ID=''; __lineage_say; } ;;
    esac
    [ "${LINEAGE_PRINT_ID-}" != 1 ] || printf '%s\n' "$LINEAGE_ID"
  }
  __lineage_say() {
    [ -n "${__lineage_said-}" ] || echo 'lineage: the lineage command could not do it, and this is no bash (said once)' >&2
    __lineage_said=1
  }
  __lineage_query() { lineage events --json "$1=$2" </dev/null 2>/dev/null || { echo '[]'; __lineage_say; }; }
  for __lineage_type in task_created task_assigned task_started task_blocked task_unblocked task_reassigned \
    task_escalated task_completed task_failed task_cancelled worker_spawned worker_started worker_progress \
    worker_completed worker_failed handoff_created handoff_accepted handoff_completed; do
    eval "log_$__lineage_type() { __lineage_log $__lineage_type -- \"\$@\"; }"
  done
  lineage_run() {
    [ $# -ge 4 ] || { echo 'usage: lineage_run TASK WORKER TYPE COMMAND [ARG…]' >&2; return 2; }
    __lineage_task=$1 __lineage_worker=$2 __lineage_type=$3
    shift 3
    if [ "${LINEAGE_DISABLED-}" != 1 ] && command -v lineage >/dev/null 2>&1; then
      lineage run -- "$__lineage_task" "$__lineage_worker" "$__lineage_type" -- "$@"
    else
      "$@"
    fi
  }
  get_task_lineage() { __lineage_query --task "$1"; }
  get_lineage_by_type() { __lineage_query --type "$1"; }
  get_lineage_by_actor() { __lineage_query --actor "$1"; }
  get_lineage_stats() { echo '{}'; __lineage_say; }
  return 0
fi

__lineage_aliases=${BASHOPTS-}
\builtin shopt -u expand_aliases

# Each gives __lineage_log the event's type, the actor's type ('' is told from the id), which word the actor is (0: the
# coordinator), how many words there are after TASK, and where they go in event_data: a format for three words.
log_task_created() { __lineage_log task_created '' 1 1 '%.0s%.0s%.0s' "$@"; }  # TASK CREATOR [DATA]
log_task_assigned() {  # TASK ASSIGNER MASTER [PRIORITY]
  case $#/${4-} in
    3/ | 4/) __lineage_log task_assigned coordinator 1 2 '%.0s"master_id":"%s"%.0s' "${@:1:3}" ;;
    4/*) __lineage_log task_assigned coordinator 1 3 '%.0s"master_id":"%s","priority":"%s","priority_given":true' "$@" ;;
    *) __lineage_log task_assigned coordinator 1 99 '' "$@" ;;  # it takes no DATA: Python decides
  esac
}
log_task_started() { __lineage_log task_started master 1 1 '%.0s%.0s%.0s' "$@"; }  # TASK MASTER [DATA]
log_task_blocked() { __lineage_log task_blocked master 1 2 '%.0s"reason":"%s"%.0s' "$@"; }  # TASK ACTOR REASON [DATA]
log_task_unblocked() { __lineage_log task_unblocked master 1 2 '%.0s"reason":"%s"%.0s' "$@"; }  # TASK ACTOR REASON [DATA]
log_task_reassigned() { __lineage_log task_reassigned coordinator 0 3 '"from_master":"%s","to_master":"%s","reason":"%s"' "$@"; }  # TASK FROM TO REASON [DATA]
log_task_escalated() { __lineage_log task_escalated master 1 2 '%.0s"reason":"%s"%.0s' "$@"; }  # TASK ACTOR REASON [DATA]
log_task_completed() { __lineage_log task_completed master 1 2 '%.0s"completion_status":"%s"%.0s' "$@"; }  # TASK ACTOR STATUS [DATA]
log_task_failed() { __lineage_log task_failed master 1 2 '%.0s"reason":"%s"%.0s' "$@"; }  # TASK ACTOR REASON [DATA]
log_task_cancelled() { __lineage_log task_cancelled system 1 2 '%.0s"reason":"%s"%.0s' "$@"; }  # TASK ACTOR REASON [DATA]
log_worker_spawned() { __lineage_log worker_spawned master 1 3 '%.0s"worker_id":"%s","worker_type":"%s"' "$@"; }  # TASK MASTER WORKER TYPE [DATA]
log_worker_started() { __lineage_log worker_started worker 1 2 '"worker_id":"%s","worker_type":"%s"%.0s' "$@"; }  # TASK WORKER TYPE [DATA]
log_worker_progress() { __lineage_log worker_progress worker 1 2 '"worker_id":"%s","progress_percentage":%s%.0s' "$@"; }  # TASK WORKER [PERCENT] [DATA]
log_worker_completed() { __lineage_log worker_completed worker 1 2 '"worker_id":"%s","completion_status":"%s"%.0s' "$@"; }  # TASK WORKER STATUS [DATA]
log_worker_failed() { __lineage_log worker_failed worker 1 2 '"worker_id":"%s","error_details":{"error_type":"worker_failure","error_message":"%s"}%.0s' "$@"; }  # TASK WORKER ERROR [DATA]
log_handoff_created() { __lineage_log handoff_created master 2 3 '"handoff_id":"%s","from_master":"%s","to_master":"%s"' "$@"; }  # TASK HANDOFF FROM TO [DATA]
log_handoff_accepted() { __lineage_log handoff_accepted master 2 2 '"handoff_id":"%s"%.0s%.0s' "$@"; }  # TASK HANDOFF MASTER [DATA]
log_handoff_completed() { __lineage_log handoff_completed master 2 2 '"handoff_id":"%s"%.0s%.0s' "$@"; }  # TASK HANDOFF MASTER [DATA]

# EVENT TYPE BY N FIELDS TASK WORD…: write the event in bash alone, and leave its id. 0 written; 3 it cannot be written
# (__lineage_because); 7 not in this shell, 9 not sure, and nothing written. Called with 2>/dev/null: what fails is told
# by us, and bash warns when LC_ALL goes back to an unknown locale.
__lineage_native() {
  # All variables of this call, in one command: it fails where one of them is read-only.
  local IFS=' ' __l_type=$2 __l_fields=$5 __l_task=${6-} __l_1=${7-} __l_2='' __l_3='' __l_data='' __l_free='' __l_seen='' \
    __l_t=${EPOCHREALTIME//[!0-9]/} __l_id __l_parent='' __l_at __l_n __l_principal=${CORTEX_PRINCIPAL:-system} \
    __l_session=${CORTEX_SESSION_ID-} __l_trace=${CORTEX_TRACE_ID-} __l_span='' __l_text __l_actor=coordinator-master __l_s \
    __l_stamp __l_context='' __l_line __l_dir __l_heal __l_v __l_o __l_q=\\ __l_error='' __l_special='' || return 7
  case $__l_t/$4/$# in
    [1-9]???????????????/1/[78]) __l_data=${8-} __l_2=- __l_3=- ;;
    [1-9]???????????????/2/[89]) __l_data=${9-} __l_2=$8 __l_3=- ;;
    [1-9]???????????????/3/9 | [1-9]???????????????/3/10) __l_data=${10-} __l_2=$8 __l_3=$9 ;;
    *) return 9 ;;
  esac
  [[ -n $__l_task && -n $__l_1 && -n $__l_2 && -n $__l_3 ]] || return 9
  # One command, so that a trap that logs in the middle of this cannot get the same id.
  (( __l_t > __lineage_last[1] ? (__lineage_last[1] = __l_t, __lineage_last[2] = 0)
    : __lineage_last[2] < 999 ? ++__lineage_last[2] : (++__lineage_last[1], __lineage_last[2] = 0),
    __l_at = __lineage_last[1], __l_n = __lineage_last[2], 1 )) || __l_at=$__l_t __l_n=0
  builtin printf -v __l_id 'lineage-%s%07d%03d' "$__l_at" "${BASHPID//[!0-9]/}" "$__l_n"

  case ${LINEAGE_PARENT_ID:+given}/${__lineage_parents[1]-} in
    given/*) __l_parent=$LINEAGE_PARENT_ID ;;
    "/$__l_task"$'\t'*) __l_parent=${__lineage_parents[1]##*$'\t'} ;;
    *) __lineage_parent "$__l_task" ;;
  esac
  case ${__l_trace:+set}${TRACEPARENT-} in 00-*) __lineage_traceparent "$TRACEPARENT" || return 9 ;; esac
  __l_text="$__l_task $__l_1 $__l_2 $__l_3 $__l_principal $__l_session $__l_trace $__l_parent"
  if [[ $__l_text == *[!\ !#-\[\]-~]* || $__l_data == *[!\ -~$'\n\t']* ]]; then
    __l_special=1
    # Beyond ASCII, bytes are what counts. (Always to set the locale would cost a third of the call.)
    [[ $__l_text$__l_data != *[!\ -~$'\n\t']* ]] || local LC_ALL=C || return 7
  fi
  case $__l_fields in
    *'"reason":"%s"' | *'"reason":"%s"%.0s' | *error*) __l_free=${__l_3#-} __l_free=${__l_free:-$__l_2} ;;
  esac
  (( ${#__l_text} + ${#__l_data} <= 800 )) || __lineage_large || return 9
  case ${LINEAGE_NOW-}${LINEAGE_REDACT_KEYS-}${LINEAGE_REDACT_PATTERNS-}${__lineage_tag[1]-} in
    ?*) __lineage_settings || return 9 ;;
  esac
  case ${LINEAGE_REDACT-}/$__l_free$__l_data in
    0/* | / | '/{}') ;;
    *\\u*)  # what stands for no ASCII; __lineage_members refuses others
      __l_v=${__l_data//\\\\u/"$__l_q$__l_q^u"}
      __lineage_harmless " $__l_free ${__l_v//\\u????/$'\x7f'}" || return 9 ;;
    *) __lineage_harmless " $__l_free $__l_data" || __lineage_redacted || return 9 ;;
  esac
  case $__l_data in '' | '{}') __l_data='' ;; *) __lineage_members || return 9 ;; esac
  case $__l_special in 1) __lineage_special || return 9 ;; esac
  case $3 in 1) __l_actor=$__l_1 ;; 2) __l_actor=$__l_2 ;; esac
  case $__l_type/$__l_actor in
    /*-master) __l_type=master ;; /*daemon) __l_type=daemon ;; /system) __l_type=system ;; /*) __l_type=user ;;
  esac
  case $__l_fields in
    *percentage*) case $__l_2 in 100 | [0-9] | [1-9][0-9]) ;; *) __lineage_percentage || return 9 ;; esac ;;
  esac
  # shellcheck disable=SC2059  # the fields are a format
  builtin printf -v __l_fields "$__l_fields" "$__l_1" "$__l_2" "$__l_3"
  case $__l_error in ?*) __lineage_error || return 9 ;; esac
  __l_fields=$__l_data${__l_data:+${__l_fields:+,}}$__l_fields
  case ${LINEAGE_STRICT-} in 1) __lineage_valid || return 9 ;; esac

  __l_s=${__l_t:0:10}
  (( __lineage_today[1] == __l_s / 60 )) || __lineage_date $(( __l_s / 60 ))
  __l_n=$(( 100 + __l_s % 60 ))
  __l_stamp=${__lineage_today[2]}:${__l_n:1}.${__l_t:10}Z
  case $__l_session$__l_trace in ?*) __lineage_context || return 9 ;; esac
  case ${LINEAGE_TIMING-} in 1) __lineage_timing || return 9 ;; esac
  case ${__lineage_tag[1]-} in ?*) __l_context+=",\"tags\":[\"${__lineage_tag[1]}\"]" ;; esac
  case $__l_parent in '') __l_parent=null ;; *) __l_parent=\"$__l_parent\" ;; esac
  __l_line='{"lineage_id":"'$__l_id'","task_id":"'$__l_task'","event_type":"'$1'","timestamp":"'$__l_stamp'","actor":{"type":"'$__l_type'","id":"'$__l_actor'","principal":"'$__l_principal'"},"event_data":{'$__l_fields'},"parent_lineage_id":'$__l_parent$__l_context',"version":"1.0.0"}'

  case ${LINEAGE_DIR-} in ?*) __l_dir=$LINEAGE_DIR ;; *) __lineage_where || return ;; esac
  [[ ! -e $__l_dir/.lineage-hosts ]] || { __lineage_because "$__l_dir holds the directories of hosts: log into one of these"; return 3; }
  __lineage_append "$__l_dir/lineage-${__l_stamp%%T*}.jsonl" || return
  case ${LINEAGE_WRITE_COMBINED-} in 1) __lineage_append "$__l_dir/task-lineage.jsonl" || return 3 ;; esac
  __lineage_wrote "$__l_id" "$6"
}

# Whether `lineage validate` surely finds nothing wrong in __l_fields and __l_parent (lineage_core/model/json_schema.py).
__lineage_valid() {
  case $__l_parent in '' | lineage-[0-9]*) [[ ${__l_parent#lineage-} != *[!0-9]* ]] || return ;; *) return 1 ;; esac
  case $__l_fields in
    *percentage\":[!0-9]* | *percentage\":*[eE]* | *percentage\":[0-9][0-9][1-9]* | *percentage\":[0-9][1-9]0* | *percentage\":[2-9]00* \
      | *_ms\":[!0-9]* | *_tokens\":[!0-9]* | *token_budget\":[!0-9]* | *token_usage\":[!0-9\{]* | *_given\":[!ft]* \
      | *_id\":[!\"]* | *type\":[!\"]* | *_master\":[!\"]* | *_step\":[!\"]* | *reason\":[!\"]* | *_details\":[!\{]* | *_message\":[!\"]* \
      | *_trace\":[!\"]* | *priority\":[!\"]* | *_status\":[!\"]* | *priority\":*priority\":* | *_status\":*_status\":*) return 1 ;;
  esac
  for __l_o in blocked_by deliverables; do  # lists of text, told by their quotes; what holds a ] or a quote is not sure
    [[ $__l_fields == *"$__l_o\":"* ]] || continue
    __l_v=${__l_fields#*"$__l_o\":"}
    case ${__l_v%%]*} in
      \[ | \[\"*[!,\\[]\") [[ ${__l_v%%]*} != *[,\[][0-9ftn\{[-]* && ${__l_v#*"$__l_o\":"} == "$__l_v" ]] || return ;;
      *) return 1 ;;
    esac
  done
  case $__l_fields in *priority\":*) case ${__l_fields#*priority\":} in \"critical\"* | \"high\"* | \"medium\"* | \"low\"*) ;; *) return 1 ;; esac ;; esac
  case $__l_fields in *_status\":*) case ${__l_fields#*_status\":} in \"success\"* | \"partial\"* | \"failed\"*) ;; *) return 1 ;; esac ;; esac
}

# MINUTE: UTC of a minute since the epoch, into __lineage_today (civil_from_days, after Howard Hinnant).
__lineage_date() {
  local __l_day __l_doe __l_yoe __l_doy __l_m __l_era __l_date || return
  (( __l_day = $1 / 1440 + 719468, __l_era = __l_day / 146097, __l_doe = __l_day % 146097,
    __l_yoe = (__l_doe - __l_doe / 1460 + __l_doe / 36524 - __l_doe / 146096) / 365,
    __l_doy = __l_doe - (365 * __l_yoe + __l_yoe / 4 - __l_yoe / 100), __l_m = (5 * __l_doy + 2) / 153 ))
  builtin printf -v __l_date '%04d-%02d-%02dT%02d:%02d' $(( __l_yoe + __l_era * 400 + (__l_m > 9) )) \
    $(( __l_m < 10 ? __l_m + 3 : __l_m - 9 )) $(( __l_doy - (153 * __l_m + 2) / 5 + 1 )) $(( $1 / 60 % 24 )) $(( $1 % 60 ))
  builtin printf -v '__lineage_today[1]' '%s' "$1"
  builtin printf -v '__lineage_today[2]' '%s' "$__l_date"
}

# Sets __l_dir to the lineage directory, by the rule of lineage_core/write/locations.py. 3 if there is none.
__lineage_where() {
  set -- "${LINEAGE_DIR-}"
  if [ -z "$1" ]; then
    set -- "${CORTEX_HOME:-${__lineage_place[1]-}}"
    if [ -n "$1" ]; then
      set -- "$1/coordination"
    elif [ -d coordination ]; then
      set -- coordination
    else
      __lineage_because 'no lineage directory: set LINEAGE_DIR or CORTEX_HOME, or run where ./coordination exists'
      return 3
    fi
    case ${CORTEX_ENV-} in
      '') if [ -d "$1/prod/lineage" ] || [ -d "$1/dev/lineage" ] || [ -d "$1/staging/lineage" ]; then set -- "$1/prod"; fi ;;
      [!A-Za-z0-9_]* | *[!A-Za-z0-9_.-]*) __lineage_because 'CORTEX_ENV must be a plain name, such as prod'; return 3 ;;
      *) set -- "$1/$CORTEX_ENV" ;;
    esac
    set -- "$1/lineage"
  fi
  builtin printf -v __l_dir '%s' "$1"
}

# FILE: append __l_line by one write. 3 if that failed (__lineage_because), 9 if Python may do better.
# It starts on a line of its own: bash cannot look whether the last line is whole, and a blank line does no harm.
__lineage_append() {
  __l_heal=''
  [[ -f $1 && ! -L $1 ]] || __lineage_new_file "$1" || return
  [[ ! -s $1 ]] || __l_heal=$'\n'
  if [[ -z ${__lineage_primed[1]-} && ${__lineage_poor[1]-} != 1 ]]; then
    # Until a process has put out its first character, stdio flushes at the newline in front: two writes. So does
    # a newline that stands in the format and not in the text.
    builtin printf ' ' >/dev/null
    builtin printf -v '__lineage_primed[1]' 1
  fi
  case ${__lineage_poor[1]-}$(( ${#__l_line} + 2 <= ${__lineage_safe[1]-1008} )) in
    1 | 01) builtin printf '%s' "$__l_heal$__l_line"$'\n' >>"$1" || __lineage_failed_at "$1" ;;
    *) __lineage_pour "$1" ;;
  esac
}

# TEXT: why nothing was written.
__lineage_because() { builtin printf -v '__lineage_why[1]' '%s' "$1"; }

# TEXT: whether surely nothing in it is a secret. What is searched for are the clues of lineage_core/write/redaction.py.
__lineage_harmless() {
  local __l_v=I || return
  [[ ${__l_v,,} == i ]] || local LC_ALL=C  # Turkish has another small I
  __l_v="${1,,} "
  case $__l_v in *\"token_* | *_tokens\"*)  # the usual names of numbers
    __l_v=${__l_v//\"token_usage\"/\"\"} __l_v=${__l_v//\"token_budget\"/\"\"} __l_v=${__l_v//\"total_tokens\"/\"\"}
    __l_v=${__l_v//\"input_tokens\"/\"\"} __l_v=${__l_v//\"output_tokens\"/\"\"} ;;
  esac
  case $__l_v in
    *token* | *key* | *pass* | *pw* | *secret* | *auth* | *credential* | *cookie* | *bearer* | *sess*id* | *.sid* | *sig* | *otp* \
      | *psk* | *pswd* | *mnemonic* | *seed*phrase* | *basic\ * | *\ -[upawb]* | *-user* | *[$'\n\t\r']* | *\"-* | *\'-* | *\\* | *://* \
      | *%3* | *identified\ by* | *sudo\ -s* | *sqlplus* | *thin:* | *machine* | *:[56]43[23]:* | *:\*:* | *hook* | *@tcp* | *@unix* \
      | *a[bks]ia* | *aiza* | *ya29.* | *gocspx* | *1//0* | *gh[oprsu]_* | *pat_* | *gl*t-* | *sk-* | *k_live_* | *k_test_* \
      | *whsec_* | *xox* | *xapp-* | *eyj* | *npm_* | *pypi-* | *rubygems_* | *hv[bsr].* | *.atlasv1.* | *-us[0-9]* | *_v1_* \
      | *hrku-* | *dapi* | *nrak-* | *glsa_* | *glc_* | *sntry* | *lin_api_* | *ntn_* | *figd_* | *pmak-* | *dp.* | *pul-* \
      | *sbp_* | *pscale_* | *shp[acs]* | *sq0* | *hf_* | *gsk_* | *r8_* | *pplx-* | *xai-* | *atatt* | *atbb* | *akcp* \
      | *[0-9]:aa* | *q~* | *==* | *\$* | *telegram*) __lineage_cleared "$1" ;;
    *) case $1 in *SK[0-9A-Fa-f]* | *SG.*) return 1 ;; esac ;;
  esac
}

# __l_data: becomes its members, compact and without the braces, if it surely is a JSON object that all readers take:
# no name twice in one object, no more than 64 levels. Names that a positional argument gives too are left out.
__lineage_members() {
  local __l_p __l_stack='' __l_state __l_scope=() || return
  __l_v=$__l_data
  [[ $__l_v != *[$'\x01'-$'\x08\x0b\x0c\x0e'-$'\x1f']* ]] || return
  if [[ $__l_v == *\\* ]]; then
    __l_v=${__l_v//\\\\/$'\x02'}
    __l_v=${__l_v//\\\"/$'\x03'}
    case "$__l_v " in
      *\\[!bfnrtu/]*) return 1 ;;
      *\\u*) __lineage_unicode || return ;;
    esac
  fi
  # Split at the quotes, strings stand at the odd places. (A quote at the end would be lost.)
  case $__l_v in *\") return 1 ;; esac
  IFS='"'
  # shellcheck disable=SC2206  # it is to be split; set -f holds
  __l_p=($__l_v)
  IFS=' '
  (( ${#__l_p[@]} & 1 )) || return
  case $__l_v in *[$' \t\n\r']*) __lineage_compact || return ;; esac

  # One pass with a stack: o an object, a an array. The state is what may come next: k a name, K also a brace, c a colon,
  # v a value, A also a bracket, n a comma or an end. Objects are numbered, the outermost is 1.
  __l_state=v __l_seen='|' __l_n=0 __l_o=${__l_p[0]}
  [[ $__l_o == \{* ]] && __lineage_structure || return
  set -- "${__l_p[@]:1}"
  while (( $# )); do
    __l_o=$2
    case $__l_state in
      [kK])
        # A name with an escape could be written otherwise; one twice is for Python to judge.
        case $1 in *[\\$'\x02\x03']*) return 1 ;; esac
        case $__l_seen in *"|${__l_scope[-1]}:$1|"*) return 1 ;; esac
        __l_seen+="${__l_scope[-1]}:$1|"
        case $__l_o in
          :) __l_state=v ;;
          :[1-9]*[!0-9]*[!0-9]* | :[!1-9]*) __l_state=c; __lineage_structure || return ;;
          :*,) __l_state=k ;;  # a whole number, then the next name
          *) __l_state=c; __lineage_structure || return ;;
        esac ;;
      [vA])
        case $__l_o${__l_stack: -1} in
          ,o) __l_state=k ;;
          ,a) __l_state=v ;;
          *) __l_state=n; __lineage_structure || return ;;
        esac ;;
      *) return 1 ;;
    esac
    shift 2
  done
  [[ $__l_state == n && -z $__l_stack ]] || return
  case $__l_seen in *'|1:metadata|'*) [[ $__l_v != *\"metadata\":[!\{]* ]] || return ;; esac
  __l_v=${__l_v#?} __l_v=${__l_v%?}
  for __l_o in ${__l_fields//[!a-z_]/ }; do
    case $__l_seen in *"|1:$__l_o|"*) __lineage_without_names || return; break ;; esac
  done
  if [[ $__l_v == *[$'\x02\x03']* ]]; then
    __l_v=${__l_v//$'\x02'/"$__l_q$__l_q"}
    __l_v=${__l_v//$'\x03'/"$__l_q\""}
  fi
  __l_data=$__l_v
}

# __l_p, __l_v: without the blanks around strings. 1 if there are line ends in a string, or blanks between scalars.
__lineage_compact() {
  builtin printf -v __l_o '%s"%.0s' "${__l_p[@]}"
  [[ $__l_o == *[$' \t\n\r']* || $__l_v == *[$'\t\n\r']* ]] || return 0
  builtin printf -v __l_o '%.0s%s' "${__l_p[@]}"
  [[ $__l_o != *[$'\t\n\r']* ]] || return
  for (( __l_n = 0; __l_n < ${#__l_p[@]}; __l_n += 2 )); do
    __l_o=${__l_p[__l_n]}
    case $__l_o in
      *[!][{}:,$' \t\n\r'][$' \t\n\r']*[!][{}:,$' \t\n\r']*) return 1 ;;
      *[$' \t\n\r']*) __l_p[__l_n]=${__l_o//[$' \t\n\r']/} ;;
    esac
  done
  builtin printf -v __l_v '%s"' "${__l_p[@]}"
  __l_v=${__l_v%\"}
}

# __l_o: what stands between two strings; whether it may stand in this state, and the state after it.
__lineage_structure() {
  while [[ -n $__l_o ]]; do
    case $__l_state$__l_o in
      c:*) __l_state=v ;;
      n,*) case ${__l_stack: -1} in o) __l_state=k ;; a) __l_state=v ;; *) return 1 ;; esac ;;
      [vA]\{*) __l_state=K __l_stack+=o __l_scope+=($(( ++__l_n ))) ;;
      [vA]\[*) __l_state=A __l_stack+=a ;;
      [nK]\}*) [[ $__l_stack == *o ]] || return; __l_state=n __l_stack=${__l_stack%?}; unset '__l_scope[-1]' ;;
      [nA]\]*) [[ $__l_stack == *a ]] || return; __l_state=n __l_stack=${__l_stack%?} ;;
      [vA]*) __lineage_scalar "${__l_o%%[],\}]*}" || return; __l_state=n; continue ;;
      *) return 1 ;;
    esac
    (( ${#__l_stack} <= 64 )) || return
    __l_o=${__l_o#?}
  done
}

# TEXT: whether it, with which __l_o begins, is a scalar that all readers take; it is taken from __l_o.
__lineage_scalar() {
  __l_o=${__l_o#"$1"}
  case $1 in true | false | null) return 0 ;; esac
  (( ${#1} <= 100 )) || return
  set -- "${1#-}"
  case $1 in
    *[eE]*)
      set -- "${1%%[eE]*}" "${1#*[eE]}"
      case ${2#[+-]} in '' | *[!0-9]* | ???*) return 1 ;; esac ;;
  esac
  case $1 in *.*) case ${1#*.} in '' | *[!0-9]*) return 1 ;; esac ;; esac
  case ${1%%.*} in '' | *[!0-9]* | 0?*) return 1 ;; esac
}

__lineage_context() {
  __l_context="${__l_session:+,\"session_id\":\"$__l_session\"}${__l_trace:+,\"trace_id\":\"$__l_trace\"}"
  __l_context+=${__l_span:+",\"parent_span_id\":\"$__l_span\""}
  __l_context=",\"context\":{${__l_context#,}}"
}

# The `lineage` command reads on only where this is not enough.
case ${__lineage_only_native[1]-} in 1) return 0 ;; esac

# TEXT: whether what looked like a secret in __l_v, its small letters, is none. In JSON a letter may be written with a
# \, the n of a \n is no letter of the word behind it, and a \" does not end a name: so __l_v becomes all three readings.
# For what is not ASCII stands a ^.
__lineage_cleared() {
  case $__l_v in *[!\ -\[\]-~]*)
    case $__l_v in *\\u00[02-7]*) return 1 ;; esac
    __l_v=${__l_v//[$'\t'-$'\r']/ }
    case $__l_v in *\\*)
      set -- "$1" "${__l_v//\\\\/^}"
      set -- "$1" "${2//\\\"/^}"
      __l_v="${__l_v//\\/} ${__l_v//\\[bfnrt]/ } ${2//\\[bfnrt]/ } "
      __l_v=${__l_v//\\/} ;;
    esac
    __l_v=${__l_v//[!\ -~]/^} ;;
  esac
  case $1 in *SK[0-9A-Fa-f]* | *SG.*) return 1 ;; esac
  case $__l_v in *://*@*) __lineage_addresses || return ;; esac
  case $__l_v in
    *bearer[\ \"]* | *basic[\ \"]* | *[,\ ]\"[:=\ ]* | *\ -[upawb]* | *[\"\']-[upawb]* | *-user[\ =\"\']* | *-stdin* | *%3* | *identified\ by* | *sudo\ -s* | *sqlplus* \
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
      | *psk* | *pswd* | *mnemonic* | *seed*phrase*) __lineage_named ;;
  esac
}

# FILE: can a file that is not there be made, or a link be followed?
__lineage_new_file() {
  [[ ! -L $1 ]] || return 9  # Python looks who has made the link
  # -f: another writer has made it this moment
  [[ -f $1 || ! -e $1 ]] || { __lineage_because "cannot write $1: it is not a regular file"; return 3; }
  [[ -d ${1%/*} ]] || __lineage_new_folder "${1%/*}"
}

__lineage_new_folder() {
  (umask 077; exec mkdir -p -- "$1") 2>/dev/null && return
  [[ $? != 127 ]] || return 9
  __lineage_because "cannot make the directory $1"
  return 3
}

# FILE: why it could not be written.
__lineage_failed_at() {
  __lineage_because "cannot write $1: disk full, or a size limit?"
  [[ -w $1 || ! -e $1 && -w ${1%/*} ]] || __lineage_because "cannot write $1: permission denied"
  return 3
}

# Whether no address in __l_v has a user.
__lineage_addresses() {
  local __l_w=$__l_v || return
  while [[ $__l_w == *://* ]]; do
    __l_w=${__l_w#*://}
    [[ ${__l_w%%[ \"\'<>]*} != *@* ]] || return 1
  done
}

# __l_data: with [redacted] for what stands under a plain name of a secret, if that surely is one and nothing else is.
# (What Python would leave there, states and placeholders, has no digit beside a letter.)
__lineage_redacted() {
  local __l_p __l_w __l_i || return
  case $__l_data in *\\* | *\") return 1 ;; esac
  IFS='"'
  # shellcheck disable=SC2206  # it is to be split; set -f holds
  __l_p=($__l_data)
  IFS=' '
  __l_w=("${__l_p[@]}")
  for (( __l_i = 1; __l_i + 2 < ${#__l_p[@]}; __l_i += 2 )); do
    case ${__l_p[__l_i]} in
      *[!a-z0-9_]* | *secretar* | *tokeniz* | *passwordless* | *cookiecutter*) continue ;;
      *password | *passwd | *secret | *token | *api_key | *apikey | *access_key | *private_key) ;;
      *) continue ;;
    esac
    case ${__l_p[__l_i + 1]}/${__l_p[__l_i + 2]} in
      *[!a-zA-Z0-9_@#^+=/\!.~:\ -]*) ;;
      :/*\ * | :\ /*\ *) ;;
      :/*[0-9]*[a-zA-Z]* | :\ /*[0-9]*[a-zA-Z]* | :/*[a-zA-Z]*[0-9]* | :\ /*[a-zA-Z]*[0-9]*)
        (( ${#__l_p[__l_i + 2]} <= 400 )) || continue
        __l_p[__l_i + 2]='[redacted]' __l_w[__l_i]='' __l_w[__l_i + 2]='' ;;
    esac
  done
  builtin printf -v __l_o '%s"' "${__l_w[@]}"
  __lineage_harmless " $__l_free ${__l_o%\"}" || return
  builtin printf -v __l_o '%s"' "${__l_p[@]}"
  __l_data=${__l_o%\"}
}

# Whether the names of secrets in __l_v have no values: what stands before a `:` or `=`, and some phrases.
__lineage_named() {
  local __l_p __l_w __l_i IFS=':=' || return
  case $__l_v in
    *[!0-9a-z_.-]-[a-z-]* | *\<[0-9a-z_.:-]* | *value[:=]* | *value[\"\'][:=\ ]* | *value\ [:=]* | *[!0-9a-z_]set\ * | *setenv\ * | *export\ * | *requirepass\ * | *masterauth\ * | *\"x-* | *\"-[!\ ]* \
      | *key[\"\'\`^]=* | *key[\"\'\`^]\ *=* | *authorization\"* | *cookie\"* | *private-token* | *passin* | *passout*) return 1 ;;
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
      *)
        [[ $__l_w != *key || $__l_w == *[0-9a-z_.-]key ]] || return 1
        __l_w=${__l_w##*[!0-9a-z_.-]} ;;
    esac
    for __l_i in ${__l_w//[!0-9a-z_.\ -]/:}; do
      case $__l_i in
        token_usage | token_budget | token_count | token_limit | tokens | total_tokens | input_tokens | output_tokens | max_tokens) ;;
        *token* | sessionid) return 1 ;;
        *)
          case ${__l_i//[!0-9a-z]/} in
            *password* | *passwd* | *passwort* | *passphrase* | *passcode* | *pass | *pwd* | *pw | *pswd* | *mnemonic* | *seedphrase* \
              | *secret* | *credential* | *bearer* | *cookie* | *authorization* | auth | *authkey* | masterauth | *psk | *otp \
              | *sig | *signature | *sess*id | connectsid | *apikey* | *accesskey* | *privatekey* | *signingkey* | *cryptionkey* \
              | *accountkey* | *masterkey* | *subscriptionkey* | *storagekey* | *sharedkey* | *sessionkey* | *applicationkey* \
              | *appkey* | *sshkey* | *clientkey* | *servicekey* | *integrationkey* | *hmackey* | *functionskey*)
              return 1 ;;
          esac ;;
      esac
    done
  done
}

# TRACEPARENT: its trace and span, if it is one of version 00 (https://www.w3.org/TR/trace-context/).
__lineage_traceparent() {
  case ${1//[0-9a-f]/0} in
    00-00000000000000000000000000000000-0000000000000000-00) ;;
    *) return 0 ;;
  esac
  case $1 in *-00000000000000000000000000000000-* | *-0000000000000000-*) return 0 ;; esac
  __l_trace=${1:3:32} __l_span=${1:36:16}
}

# Whether an event with so much text can be written here.
__lineage_large() {
  (( ${#__l_text} + ${#__l_data} < 65536 )) || return
  for __l_v in "$__l_task" "$__l_1" "$__l_2" "$__l_3"; do
    [[ ${#__l_v} -le 1024 || $__l_v == "$__l_free" ]] || return
  done
}

# Whether settings that are rarely given leave the event to bash.
__lineage_settings() {
  [[ -z ${__lineage_tag[1]-} ]] || { __l_data=''; return 0; }
  [[ -z ${LINEAGE_NOW-} ]] || return
  [[ -z ${LINEAGE_REDACT_KEYS-}${LINEAGE_REDACT_PATTERNS-} || -z $__l_free$__l_data ]]
}

# Whether a percentage that is no whole number is one surely.
__lineage_percentage() {
  case $__l_2 in
    [0-9].[0-9]* | [1-9][0-9].[0-9]*) [[ ${__l_2//[0-9]/} != . ]] || return 0 ;;
  esac
  [[ -n ${__lineage_tag[1]-} ]] && __l_2="\"$__l_2\""
}

__lineage_timing() {
  [[ $__l_seen != *'|1:metadata|'* ]] || return
  __l_v=${EPOCHREALTIME//[!0-9]/}
  __l_fields+="${__l_fields:+,}\"metadata\":{\"log_us\":$(( __l_v > __l_t ? __l_v - __l_t : 0 ))}"
}

# FILE: as __lineage_append, where one printf may not do: a long line, or no descriptor left for its redirection.
__lineage_pour() {
  case ${__lineage_poor[1]-} in
    1) (builtin printf '%s' "$__l_heal$__l_line"$'\n') >>"$1" ;;
    *)
      if __lineage_fits ${#__l_line}; then
        builtin printf '%s' "$__l_heal$__l_line"$'\n' >>"$1"
      else
        # dd gathers what it reads to blocks of the size of the line.
        (builtin printf '%s\n' "$__l_heal$__l_line" | dd ibs=65536 obs=$(( ${#__l_line} + 2 ))) >>"$1" 
      fi ;;
  esac || { [[ $? != 127 ]] || return 9; __lineage_failed_at "$1"; }
}

# SIZE: whether a line of so many bytes goes out by one write. How much does depends on how bash was built and on what
# its stdout was first used for (1,008 with its own malloc, 1,024 on a terminal, 4,096), so it is measured, once, where
# the system counts writes; elsewhere 1,008 holds.
__lineage_fits() {
  local __l_name __l_value __l_before='' __l_after='' __l_page __l_most=1007
  if [[ -z ${__lineage_safe[1]-} && $1 -lt 4096 ]]; then
    builtin printf -v __l_page '%04095d\n' 0
    while builtin read -r __l_name __l_value; do [[ $__l_name != syscw: ]] || __l_before=$__l_value; done </proc/self/io
    builtin printf '%s' "$__l_page" >/dev/null
    while builtin read -r __l_name __l_value; do [[ $__l_name != syscw: ]] || __l_after=$__l_value; done </proc/self/io
    [[ -z $__l_before ]] || (( __l_after - __l_before != 1 )) || __l_most=4096
    builtin printf -v '__lineage_safe[1]' '%s' "$__l_most"
  fi
  (( $1 + 2 <= ${__lineage_safe[1]-1008} ))
}

# ID TASK: leave the id, for the caller and as the parent of the task's next event. (What cannot be set is read-only.)
# Each is "TASK<TAB>ID". The newest is element 1; older ones are lines, newest first, in lists by the last digits of the
# task, so that none grows long.
__lineage_wrote() {
  builtin printf -v LINEAGE_ID '%s' "$1"
  case ${LINEAGE_PRINT_ID-} in 1) builtin printf '%s\n' "$1" ;; esac
  case ${__lineage_parents[1]-} in
    "$2"$'\t'*) ;;
    *)
      case $2 in *[$'\t\n']*) return 0 ;; esac
      (( ${#2} <= 1024 )) || return 0  # the record has a part of it
      __lineage_older ;;
  esac
  __lineage_keep 1 "$2"$'\t'"$1"
}
# INDEX TEXT
__lineage_keep() {
  # printf -v takes five times as long here
  case ${__lineage_parents@a} in '' | a) __lineage_parents[$1]=$2 ;; esac
}
# Puts the newest into its list. (No variable of its own: one of the caller's could hand down attributes.)
__lineage_older() {
  set -- "${__lineage_parents[1]-}"
  case $1 in '') return ;; esac
  set -- "$1" "000${1%%$'\t'*}"
  set -- "$1" "${2//[!0-9]/}"
  set -- "$1" "1${2: -3}"
  set -- "$1" "$2" "${__lineage_parents[$2]-}"
  case $3 in "${1%%$'\t'*}"$'\t'*) set -- "$1" "$2" "${3#*$'\n'}" ;; esac
  (( ${#3} < 1000 )) || set -- "$1" "$2" "${3%$'\n'*$'\n'}"$'\n'
  __lineage_keep "$2" "$1"$'\n'"$3"
}

# TASK: the last event of that task in this shell, into __l_parent.
__lineage_parent() {
  set -- "$1" "000${1//[!0-9]/}"
  set -- "$1" "1${2: -3}"
  set -- "$1" $'\n'"${__lineage_parents[1]-}"$'\n'"${__lineage_parents[$2]-}"
  case $2 in
    *$'\n'"$1"$'\t'*)
      set -- "${2#*$'\n'"$1"$'\t'}"
      builtin printf -v __l_parent '%s' "${1%%$'\n'*}" ;;
  esac
}

# __l_v: whether its \u escapes may stay: not of ASCII, which could spell a secret, nor half of a pair, which is no text.
__lineage_unicode() {
  set -- "${__l_v//\\u[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F]/}"
  case $1 in *\\u*) return 1 ;; esac
  set -- "${__l_v//\\u[dD][89abAB][0-9a-fA-F][0-9a-fA-F]\\u[dD][c-fC-F][0-9a-fA-F][0-9a-fA-F]/}"
  case $1 in *\\u00[02-6]* | *\\u007[!fF]* | *\\u[dD][89a-fA-F]*) return 1 ;; esac
}

# Escapes what is not plain in the words. 1 for what is not UTF-8.
__lineage_special() {
  [[ $__l_text$__l_data != *[!$'\x01'-$'\x7f']* ]] || __lineage_utf8 "$__l_text $__l_data" || return
  __l_v=$__l_task; __lineage_escape; __l_task=$__l_v
  __l_v=$__l_principal; __lineage_escape; __l_principal=$__l_v
  __l_v=$__l_session; __lineage_escape; __l_session=$__l_v
  __l_v=$__l_trace; __lineage_escape; __l_trace=$__l_v
  __l_v=$__l_parent; __lineage_escape; __l_parent=$__l_v
  __l_v=$__l_1; __lineage_escape; __l_1=$__l_v
  __l_v=$__l_2; __lineage_escape; __l_2=$__l_v
  __l_v=$__l_3; __lineage_escape; __l_3=$__l_v
}

# __l_v: as the inside of a JSON string.
__lineage_escape() {
  [[ $__l_v == *[\\\"$'\x01'-$'\x1f']* ]] || return 0
  __l_v=${__l_v//\\/"$__l_q$__l_q"}
  __l_v=${__l_v//\"/"$__l_q\""}
  __l_v=${__l_v//$'\n'/"${__l_q}n"}
  __l_v=${__l_v//$'\t'/"${__l_q}t"}
  __l_v=${__l_v//$'\r'/"${__l_q}r"}
  while [[ $__l_v == *[$'\x01'-$'\x1f']* ]]; do
    __l_o=${__l_v#"${__l_v%%[$'\x01'-$'\x1f']*}"}
    __l_o=${__l_o:0:1}
    builtin printf -v __l_s '%su%04x' "$__l_q" "'$__l_o"
    __l_v=${__l_v//"$__l_o"/"$__l_s"}
  done
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

# __l_v, members of the outermost object: without those that a positional argument names. What they say of a worker's
# error goes to __l_error: the type, a newline, the details.
__lineage_without_names() {
  local __l_keys __l_members __l_kind='' __l_details='' || return
  __lineage_split
  __l_v='' __l_n=-1
  for __l_o in "${__l_keys[@]}"; do
    (( ++__l_n ))
    set -- "${__l_members[__l_n]}"
    case $__l_fields in
      *error_details*)
        case $__l_o in
          error_type)
            case ${1#*:} in [\[\{]*) __l_v+=${__l_v:+,}$1 ;; *) __l_kind=${1#*:} ;; esac
            continue ;;
          error_details) __l_details=${1#*:}; continue ;;
          error_message) __l_v+=${__l_v:+,}$1; continue ;;
        esac ;;
    esac
    case $__l_fields in *"\"$__l_o\":"*) ;; *) __l_v+=${__l_v:+,}$1 ;; esac
  done
  case $__l_kind$__l_details in ?*) __l_error=$__l_kind$'\n'$__l_details ;; esac
}

# __l_v, valid members without blanks: into __l_keys and __l_members.
__lineage_split() {
  IFS='"'
  # shellcheck disable=SC2206  # as above
  __l_p=($__l_v)
  IFS=' '
  (( ${#__l_p[@]} & 1 )) || __l_p+=('')
  __l_keys=() __l_members=() __l_line='' __l_s=0
  set -- "${__l_p[@]:1}"
  while (( $# )); do
    [[ -n $__l_line ]] || __l_keys+=("$1")
    __l_line+="\"$1\""
    __l_o=$2
    while [[ $__l_o == *[][{},]* ]]; do
      __l_stamp=${__l_o%%[]\[\{\},]*}
      __l_o=${__l_o#"$__l_stamp"}
      __l_line+=$__l_stamp
      case $__l_s$__l_o in
        0,*) __l_members+=("$__l_line") __l_line='' ;;
        *)
          case $__l_o in [\{\[]*) (( ++__l_s )) ;; [\}\]]*) (( --__l_s )) ;; esac
          __l_line+=${__l_o:0:1} ;;
      esac
      __l_o=${__l_o#?}
    done
    __l_line+=$__l_o
    shift 2
  done
  __l_members+=("$__l_line")
}

# __l_fields of worker_failed: with what DATA says of the error, which stays; the arguments fill what it leaves open.
__lineage_error() {
  local __l_p __l_keys=() __l_members __l_kind=${__l_error%%$'\n'*} __l_details='' || return
  case $__l_kind in '' | null) __l_kind='"worker_failure"' ;; esac
  __l_v=${__l_error#*$'\n'}
  case $__l_v in
    \{?*\}) __l_v=${__l_v#?} __l_v=${__l_v%?} __l_details=,$__l_v; __lineage_split ;;
    '' | '{}' | null) ;;
    \[*) return 1 ;;
    *) __l_details=,\"details\":$__l_v ;;
  esac
  builtin printf -v __l_s '|%s' "${__l_keys[@]}"
  __l_v=''
  [[ "$__l_s|" == *'|error_type|'* ]] || __l_v=",\"error_type\":$__l_kind"
  [[ "$__l_s|" == *'|error_message|'* ]] || __l_v+=",\"error_message\":\"$__l_2\""
  __l_v+=$__l_details
  __l_v=${__l_v//$'\x02'/"$__l_q$__l_q"}
  __l_v=${__l_v//$'\x03'/"$__l_q\""}
  __l_fields="\"worker_id\":\"$__l_1\",\"error_details\":{${__l_v#,}}"
}

# EVENT TYPE BY N FIELDS TASK WORD…: log it. No variable is set here but by functions that bear a read-only one.
__lineage_log() {
  case ${LINEAGE_DISABLED-} in 1) return 0 ;; esac
  local -
  set +aeukxET -f
  case $-${__lineage_poor[1]-} in
    *r*) __lineage_elsewhere bash "$@" ;;
    *1) __lineage_write "$@" ;;
    # Twice, because where one descriptor is left only closing can be undone: nothing that bash says of it is seen.
    *) { __lineage_write "$@" 2>/dev/null; } 2>&- ;;
  esac || __lineage_failed $? "$@"
}

# CODE EVENT …: as __lineage_write, what bash did not write in this shell.
__lineage_otherwise() {
  case $1 in
    7) __lineage_elsewhere bash "${@:2}"; return ;;
    9) __lineage_elsewhere python "${@:2}" && return; set -- $? "${@:2}" ;;
  esac
  case $1/${LINEAGE_FORCE_PYTHON-} in
    127/1) __lineage_native "${@:2}" && return; __lineage_without_data "${@:2}" ;;
    127/*) __lineage_without_data "${@:2}" ;;
    *) return "$1" ;;
  esac
  set -- $? "${@:2}"
  case $1 in 7) __lineage_elsewhere bash "${@:2}" ;; *) return "$1" ;; esac
}

# bash|python EVENT …: have a process of its own write it. 2 or 3 as that
# says (__lineage_because); 127 if there was no answer.
__lineage_elsewhere() {
  case ${__lineage_poor[1]-} in 1) __lineage_because 'no file descriptor is left'; return 127 ;; esac
  set -- "$(
    __lineage_request "${@:2}" | case $1 in bash) __lineage_in_bash ;; *) __lineage_in_python bridge ;; esac
  )" "${@:2}"
  case $1 in
    '0 lineage-'*) __lineage_wrote "${1#0 }" "$7" ;;
    '4 lineage-'*) __lineage_wrote "${1:2:34}" "$7"; __lineage_because "${1:37}"; return 4 ;;
    [23]' '*) __lineage_because "${1#? }"; return "${1%% *}" ;;
    *) __lineage_because "there is no Python of lineage at ${LINEAGE_PYTHON:-PATH}"; return 127 ;;
  esac
}

# EVENT TYPE BY N FIELDS TASK WORD…: as the other process reads it (bridge.py), NUL after each field.
__lineage_request() {
  builtin printf -v __l_parent '%s' "${LINEAGE_PARENT_ID-}"
  [ -n "$__l_parent" ] || __lineage_parent "${6-}"
  if __lineage_where; then builtin printf 'LINEAGE_DIR=%s\0' "$__l_dir"; fi
  builtin printf '%s\0' "CORTEX_HOME=${CORTEX_HOME-}" "CORTEX_ENV=${CORTEX_ENV-}" "CORTEX_PRINCIPAL=${CORTEX_PRINCIPAL-}" \
    "CORTEX_SESSION_ID=${CORTEX_SESSION_ID-}" "CORTEX_TRACE_ID=${CORTEX_TRACE_ID-}" "TRACEPARENT=${TRACEPARENT-}" \
    "LINEAGE_NOW=${LINEAGE_NOW-}" "LINEAGE_TIMING=${LINEAGE_TIMING-}" "LINEAGE_STRICT=${LINEAGE_STRICT-}" \
    "LINEAGE_REDACT=${LINEAGE_REDACT-}" "LINEAGE_REDACT_KEYS=${LINEAGE_REDACT_KEYS-}" \
    "LINEAGE_REDACT_PATTERNS=${LINEAGE_REDACT_PATTERNS-}" "LINEAGE_WRITE_COMBINED=${LINEAGE_WRITE_COMBINED-}" \
    "LINEAGE_PYTHON=${LINEAGE_PYTHON-}" "LINEAGE_FORCE_PYTHON=${LINEAGE_FORCE_PYTHON-}" "LINEAGE_PARENT_ID=$__l_parent" \
    "began=${EPOCHREALTIME-}" -- "$1" "${@:6}"
}

# bridge|queries|run WORD…: lineage_core/shell/bridge.py, queries.py or the `lineage` command, in place of this process. The interpreter is
# LINEAGE_PYTHON, else what install wrote, else what is around this file or on PATH.
__lineage_in_python() {
  __lineage_python=''  # `lineage shell install` writes the interpreter here
  local __l_root=${__lineage_place[2]-} __l_c __l_run='import sys; sys.path.append(sys.argv[1]); '
  case $1 in
    bridge) __l_run+='from lineage_core.shell.bridge import main; main()' ;;
    run) __l_run+='from lineage_core.cli import main; sys.exit(main(sys.argv[2:]))' ;;
    *) __l_run+='from lineage_core.shell.queries import main; main()' ;;
  esac
  __l_c=${LINEAGE_PYTHON:-$__lineage_python}
  if [ -z "$__l_c" ]; then
    __l_c=$(builtin command -v lineage)
    __l_c=$(readlink -f -- "${__l_c:-/}")
    for __l_c in "${__l_root%/lib/python3*}/bin/python" "$__l_root/.venv/bin/python" "${__l_c%/*}/python" \
      "$(builtin command -v python3)"; do
      [ ! -f "$__l_c" ] || [ ! -x "$__l_c" ] || break
    done
  fi
  [ -f "$__l_c" ] && [ -x "$__l_c" ] || return 127
  exec "$__l_c" -P -c "$__l_run" "$__l_root" "${@:2}"
}

# …: by a fresh bash, which has these functions and nothing else of this shell.
__lineage_in_bash() {
  [ -z "${__lineage_fresh[1]-}" ] || return 127
  set -- "$(builtin declare -f log_task_created log_task_assigned log_task_started log_task_blocked log_task_unblocked \
    log_task_reassigned log_task_escalated log_task_completed log_task_failed log_task_cancelled log_worker_spawned \
    log_worker_started log_worker_progress log_worker_completed log_worker_failed log_handoff_created \
    log_handoff_accepted log_handoff_completed __lineage_native __lineage_large __lineage_settings \
    __lineage_percentage __lineage_valid __lineage_date __lineage_traceparent __lineage_context __lineage_timing __lineage_where \
    __lineage_append __lineage_new_file __lineage_new_folder __lineage_failed_at __lineage_pour __lineage_fits \
    __lineage_because __lineage_wrote __lineage_keep __lineage_older __lineage_parent __lineage_harmless __lineage_redacted __lineage_cleared __lineage_addresses __lineage_named __lineage_members \
    __lineage_compact __lineage_structure __lineage_scalar __lineage_unicode __lineage_special __lineage_escape \
    __lineage_utf8 __lineage_without_names __lineage_split __lineage_error __lineage_write __lineage_otherwise __lineage_elsewhere \
    __lineage_request __lineage_in_python __lineage_in_bash __lineage_without_data __lineage_answer)"
  case $- in
    *r*) bash -p -c "$1; __lineage_answer" ;;
    *) "${BASH:-bash}" -p -c "$1; __lineage_answer" ;;
  esac
}

# In the fresh bash: reads a request, does it, and answers.
__lineage_answer() {
  local words=() word
  exec 2>/dev/null
  set -f
  unset -v BASH_COMPAT LINEAGE_PRINT_ID
  __lineage_fresh=('' 1)
  while IFS='' builtin read -r -d '' word && [[ $word != -- ]]; do export "${word?}"; done  # NAME=VALUE, names as above
  while IFS='' builtin read -r -d '' word; do words+=("$word"); done
  # shellcheck disable=SC2317  # the functions call it
  __lineage_log() { __lineage_write "$@"; }
  "log_${words[0]}" "${words[@]:1}"
  case $? in
    0) builtin printf '0 %s' "$LINEAGE_ID" ;;
    4) builtin printf '4 %s %s' "$LINEAGE_ID" "${__lineage_why[1]-}" ;;
    2) builtin printf '2 %s' "${__lineage_why[1]-}" ;;
    *) builtin printf '3 %s' "${__lineage_why[1]-}" ;;
  esac
}

# …: there is no interpreter (__lineage_because): write what bash can write surely, without DATA. 4 if that is done, 7 if
# not in this shell.
__lineage_without_data() {
  local __l_word __l_words=() LC_ALL=C || return 7
  builtin printf -v '__lineage_tag[1]' data-dropped || return 7
  for __l_word in "${@:6:$4 + 1}"; do
    case ${LINEAGE_REDACT-}/${LINEAGE_REDACT_PATTERNS-} in
      0/* | /) __lineage_harmless " $__l_word" || __l_word='[redacted]' ;;
      *) __l_word='[redacted]' ;;
    esac
    __l_words+=("${__l_word:0:120}")
  done
  __lineage_native "${@:1:5}" "${__l_words[@]//[!\ -~]/?}"
  set -- $?
  builtin printf -v '__lineage_tag[1]' ''
  case $1 in 0) return 4 ;; *) return 3 ;; esac
}

# CODE EVENT …: it was not written, or not whole. The code under LINEAGE_STRICT=1; else 0, and one warning of its kind.
__lineage_failed() {
  case $1/${__lineage_poor[1]-} in
    1/1) __lineage_because 'cannot redirect' ;;
    [134]/)
      if (( $# > 1 )) && ! { { builtin printf '' >/dev/null; } 2>/dev/null; } 2>&-; then
        # No descriptor is left for a redirection; a process of its own needs none.
        builtin printf -v '__lineage_poor[1]' 1
        __lineage_write "${@:2}" && return 0
        set -- $? "${@:2}"
      fi ;;
  esac
  case $1 in
    4) __lineage_warn dropped "${__lineage_why[1]-}; events are logged without data"; return 0 ;;
    2) ;;
    *) set -- 3 ;;
  esac
  (( ${__lineage_poor[1]-0} )) || builtin printf -v LINEAGE_ID '' 2>/dev/null || builtin true
  case ${LINEAGE_STRICT-} in
    1) __lineage_tell "${__lineage_why[1]-}"; return "$1" ;;
  esac
  __lineage_warn "$1" "${__lineage_why[1]-}"
}

# KIND TEXT: one line on stderr, once for each kind.
__lineage_warn() {
  case ${__lineage_warned[1]-} in *"|$1|"*) return 0 ;; esac
  if (( ${__lineage_poor[1]-0} )); then
    builtin printf -v '__lineage_warned[1]' '%s|%s|' "${__lineage_warned[1]-}" "$1" || builtin true
  else
    builtin printf -v '__lineage_warned[1]' '%s|%s|' "${__lineage_warned[1]-}" "$1" 2>/dev/null || builtin true
  fi
  __lineage_tell "$2 (said once; the work goes on)"
}

# TEXT: on stderr. By a process of its own, whose redirection needs no further descriptor.
__lineage_tell() { (builtin printf 'lineage: %s\n' "$1") >&2 || builtin true; }

# KIND [NAME]: an answer from the journal, as JSON on stdout.
__lineage_query() {
  if (__lineage_where; __lineage_in_python queries "$1" "${2-}" "${__l_dir-}") </dev/null 2>/dev/null; then
    return 0
  fi
  case $1 in stats) builtin printf '{}\n' ;; *) builtin printf '[]\n' ;; esac
  __lineage_because "cannot ask the journal in ${LINEAGE_DIR:-${CORTEX_HOME:-$PWD}}"
  __lineage_failed 3
}

get_task_lineage() { __lineage_query task "$@"; }      # TASK: its events, as a JSON array
get_lineage_by_type() { __lineage_query type "$@"; }   # EVENT_TYPE: likewise
get_lineage_by_actor() { __lineage_query actor "$@"; }  # ACTOR: likewise
get_lineage_stats() { __lineage_query stats; }         # {total_events, event_types, actors, tasks_tracked}

# TASK WORKER TYPE COMMAND [ARG…]: run it as that worker and log its life, by `lineage run`. What only this shell can run (a
# function, a builtin) is run here, as is a program where there is no Python: its start and its end are logged.
lineage_run() {
  if [ $# -lt 4 ]; then
    __lineage_tell 'usage: lineage_run TASK WORKER TYPE COMMAND [ARG…]'
    return 2
  fi
  case ${LINEAGE_DISABLED-}/$(builtin type -t -- "$4") in
    1/*) "${@:4}" ;;
    /file)
      (
        __lineage_where || __l_dir=''
        __lineage_in_python run run ${__l_dir:+--dir="$__l_dir"} -- "$1" "$2" "$3" -- "${@:4}"
        __lineage_run_here "$@"
      ) ;;
    *) __lineage_run_here "$@" ;;
  esac
}

__lineage_run_here() {
  local __l_code=0 __l_began=${EPOCHREALTIME-} __l_ended
  log_worker_started "$1" "$2" "$3"
  "${@:4}" || __l_code=$?
  __l_began=${__l_began//[!0-9]/} __l_ended=${EPOCHREALTIME-}
  __l_ended=${__l_ended//[!0-9]/}
  case $__l_began/$__l_ended in
    [1-9]???????????????/[1-9]???????????????) __l_ended="{\"duration_ms\":$(( (__l_ended - __l_began) / 1000 ))}" ;;
    *) __l_ended='{}' ;;
  esac
  case $__l_code in
    0) log_worker_completed "$1" "$2" success "$__l_ended" ;;
    *) log_worker_failed "$1" "$2" "exit status $__l_code" "$__l_ended" ;;
  esac
  return "$__l_code"
}

case $BASH_VERSION in
  [0-4].*)  # Python does it all, see also the end; these run in 3.2
    __lineage_log() {
      case ${LINEAGE_DISABLED-} in 1) return 0 ;; esac
      __lineage_elsewhere python "$@" 2>/dev/null || __lineage_failed $? "$@"
    }
    __lineage_because() { __lineage_why[1]=$1; }
    __lineage_keep() { __lineage_parents[$1]=$2; }
    ;;
esac

# FILE: keeps the checkout that this is installed in, and what has the package around it if it is not installed.
__lineage_located() {
  case $1 in /*) ;; *) set -- "$PWD/${1#./}" ;; esac
  set -- "$1" '' "${1%/lineage_core/shell/*}"
  case $1 in
    */scripts/lib/lineage.sh) set -- "$1" "${1%/scripts/lib/*}" "$3" ;;
    *) [ ! "${1%/*}/../../scripts/lib/lineage.sh" -ef "$1" ] || set -- "$1" "${1%/*}/../.." "$3" ;;
  esac
  case $BASH_VERSION in
    [0-4].*) __lineage_place=('' "$2" "$3") ;;
    *)
      builtin printf -v '__lineage_place[1]' '%s' "$2"
      builtin printf -v '__lineage_place[2]' '%s' "$3"
      __lineage_first_id ;;
  esac || builtin true
}
__lineage_first_id() {
  local -
  set +u
  case ${LINEAGE_ID@a} in *r*) ;; *) LINEAGE_ID=${LINEAGE_ID-} ;; esac
}

# What an earlier reading, or somebody else, has left under our names goes; but who reads this file again in one shell
# keeps the events that it logged as parents: text in a plain array, which nothing evaluates. (A redirection where it is
# needed only: there may be no descriptor for it.)
__lineage_forget() {
  case $1 in new) local -; set +u ;; esac
  # shellcheck disable=SC2166  # as above
  if [ "$1" = old ] || [ -R __lineage_parents ] || [ "${__lineage_parents@a}" != a ]; then
    builtin unset -n __lineage_parents
    builtin unset -v __lineage_parents
  fi
  builtin unset -n __lineage_last __lineage_today __lineage_primed __lineage_safe __lineage_why \
    __lineage_poor __lineage_fresh __lineage_warned __lineage_place __lineage_tag LINEAGE_ID  # bash 3.2 has no -n
  builtin unset -v __lineage_last __lineage_today __lineage_primed __lineage_safe __lineage_why \
    __lineage_poor __lineage_fresh __lineage_warned __lineage_place __lineage_tag
}
case " ${!__lineage_@} ${LINEAGE_ID+again}" in
  ' __lineage_aliases ') __lineage_located "${BASH_SOURCE[0]}" ;;
  *)
    {
      case $BASH_VERSION in [0-4].*) __lineage_forget old ;; *) __lineage_forget new ;; esac
      __lineage_located "${BASH_SOURCE[0]}"
    } 2>/dev/null || builtin true ;;
esac
case :$__lineage_aliases: in *:expand_aliases:*) __lineage_aliases=s ;; *) __lineage_aliases=u ;; esac
case $BASH_VERSION in
  [0-4].*)  # bash 3.2 could not read what follows
    \builtin shopt "-$__lineage_aliases" expand_aliases
    \builtin unset -v __lineage_aliases
    return 0 ;;
esac

# …: in bash, if that is sure; else in a fresh bash or in Python; else without DATA. 0, or 4 without DATA; 2 or 3 not
# written, and __lineage_because told why.
__lineage_write() {
  case ${BASH_COMPAT-}:$BASHOPTS: in
    # What bash before 4.3 did with quotes, and patterns that ignore case, are not for this file; and who inherits
    # attributes would have a caller's `declare -i` evaluate what is assigned.
    [!:]* | *pat[34]?:* | *:nocasematch:* | *var_inherit:*) __lineage_elsewhere bash "$@"; return ;;
    *:globasciiranges:*) ;;
    *) local LC_ALL=C ;;
  esac || { __lineage_elsewhere bash "$@"; return; }
  if [[ -R LINEAGE_DIR || -R CORTEX_HOME || -R CORTEX_ENV || -R CORTEX_PRINCIPAL || -R CORTEX_SESSION_ID || -R CORTEX_TRACE_ID \
    || -R TRACEPARENT || -R LINEAGE_PARENT_ID || -R LINEAGE_PYTHON ]]; then
    local __l_v || return 3
    for __l_v in LINEAGE_DIR CORTEX_HOME CORTEX_ENV CORTEX_PRINCIPAL CORTEX_SESSION_ID CORTEX_TRACE_ID TRACEPARENT \
      LINEAGE_PARENT_ID LINEAGE_PYTHON; do
      [ ! -R "$__l_v" ] || local "$__l_v="
    done
  fi
  case ${LINEAGE_FORCE_PYTHON-} in
    1) __lineage_otherwise 9 "$@" ;;
    *) __lineage_native "$@" || __lineage_otherwise $? "$@" ;;
  esac
}

\builtin shopt "-$__lineage_aliases" expand_aliases
\builtin unset -v __lineage_aliases
