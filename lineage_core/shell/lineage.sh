# shellcheck shell=bash
# lineage.sh: log the life of tasks from bash at next to no cost. Source it, then call the functions at its end.
#
#   source "$SCRIPT_DIR/lib/lineage.sh"
#   log_task_created "$task_id" "$creator" '{"priority":"high"}'     # the new id is left in LINEAGE_ID
#
# The common call is bash alone: no fork, one write. What is not surely right here (DATA beyond plain JSON, a possible
# secret, a long line, bash before 5.0) is written by the same rules in Python (lineage_core/shell_bridge.py).
# Logging never breaks the work: a call returns 0 unless LINEAGE_STRICT=1, and does nothing with LINEAGE_DISABLED=1.
# Names are LINEAGE_*, __lineage_* and, inside a call, __l_*; nothing else of the caller changes. That is why there is
# no [[ =~ ]] (it sets BASH_REMATCH), no printf %()T (it needs TZ), and why IFS and the locale are local.

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

# EVENT ARGS…: write the event in bash alone. Wants __l_parent, sets __l_t and __l_id; with __l_tag, no DATA is written.
# 0 written; 3 it cannot be written (__l_why); 9 not sure, and nothing written.
__lineage_native() {
  # Called with 2>/dev/null: a write that fails is told by us, and bash warns when LC_ALL goes back to an unknown locale.
  local LC_ALL=C __l_event=$1 __l_task=${2-} __l_type=master __l_by=1 __l_keys __l_n __l_i __l_word __l_text __l_free=''
  __l_t=${EPOCHREALTIME//[!0-9]/}
  case $__l_t in [1-9]???????????????) ;; *) __l_t=''; return 9 ;; esac
  # One command, so that a trap that logs in the middle of this cannot get the same id.
  (( __l_t > __lineage_at ? (__lineage_at = __l_t, __lineage_count = 0)
    : __lineage_count < 999 ? ++__lineage_count : (++__lineage_at, __lineage_count = 0),
    __l_i = __lineage_at, __l_n = __lineage_count ))
  builtin printf -v __l_id 'lineage-%s%07d%03d' "$__l_i" "$BASHPID" "$__l_n"

  case $__l_event in
    task_created) __l_type='' __l_keys=(-) ;;
    task_assigned) __l_type=coordinator __l_keys=(- master_id priority) ;;
    task_started) __l_keys=(-) ;;
    task_blocked | task_unblocked | task_escalated | task_failed) __l_keys=(- reason) __l_free=${4-} ;;
    task_reassigned) __l_type=coordinator __l_by=0 __l_keys=(from_master to_master reason) __l_free=${5-} ;;
    task_completed) __l_keys=(- completion_status) ;;
    task_cancelled) __l_type=system __l_keys=(- reason) __l_free=${4-} ;;
    worker_spawned) __l_keys=(- worker_id worker_type) ;;
    worker_started) __l_type=worker __l_keys=(worker_id worker_type) ;;
    worker_progress) __l_type=worker __l_keys=(worker_id progress_percentage) ;;
    worker_completed) __l_type=worker __l_keys=(worker_id completion_status) ;;
    worker_failed) __l_type=worker __l_keys=(worker_id error_details) __l_free=${4-} ;;
    handoff_created) __l_by=2 __l_keys=(handoff_id from_master to_master) ;;
    handoff_accepted | handoff_completed) __l_by=2 __l_keys=(handoff_id -) ;;
    *) return 9 ;;
  esac
  __l_n=${#__l_keys[@]}
  local __l_words=("${@:3:__l_n}") __l_data='' __l_seen='|' __l_fields='' __l_actor=coordinator-master
  if [[ $__l_event == task_assigned ]]; then
    (( $# == 4 || $# == 5 )) || return 9
    __l_words[2]=${5:-medium}
  elif (( $# == __l_n + 3 )); then
    [[ -n $__l_tag ]] || __l_data="${*: -1}"
  elif (( $# != __l_n + 2 )); then
    return 9
  fi
  local __l_principal=${CORTEX_PRINCIPAL:-system} __l_session=${CORTEX_SESSION_ID-} __l_trace=${CORTEX_TRACE_ID-}
  __l_text="$__l_task ${__l_words[0]-} ${__l_words[1]-} ${__l_words[2]-} $__l_principal $__l_session $__l_trace $__l_parent"
  (( ${#__l_text} + ${#__l_data} < __lineage_safe )) || __lineage_fits $(( ${#__l_text} + ${#__l_data} )) || return 9
  if (( ${#__l_text} > 1024 )); then  # an id has 1,024 characters at most; REASON and ERROR more
    for __l_word in "$__l_task" "${__l_words[@]}"; do
      [[ ${#__l_word} -le 1024 || $__l_word == "$__l_free" ]] || return 9
    done
  fi
  if [[ -z $__l_tag && -n ${LINEAGE_NOW-}${LINEAGE_REDACT_KEYS-}${LINEAGE_REDACT_PATTERNS-} ]]; then return 9; fi
  if [[ -n $__l_free$__l_data && ${LINEAGE_REDACT-} != 0 ]]; then
    __lineage_harmless "$__l_free $__l_data" || return 9
  fi
  case $__l_data in '' | '{}') __l_data='' ;; *) __lineage_members || return 9 ;; esac
  [[ $__l_text$__l_data != *[!$'\x01'-$'\x7f']* ]] || __lineage_utf8 "$__l_text $__l_data" || return 9
  case $__l_type/${__l_words[0]-} in
    /*-master) __l_type=master ;; /*daemon) __l_type=daemon ;; /system) __l_type=system ;; /*) __l_type=user ;;
  esac
  if [[ $__l_text == *[!\ !#-\[\]-~]* ]]; then
    for __l_word in __l_task __l_principal __l_session __l_trace __l_parent '__l_words[0]' '__l_words[1]' '__l_words[2]'; do
      __lineage_escape "$__l_word" || return 9
    done
  fi

  [[ -n $__l_task ]] || return 9
  for (( __l_i = 0; __l_i < __l_n; __l_i++ )); do
    __l_word=${__l_words[__l_i]}
    [[ -n $__l_word && $__l_seen != *"|${__l_keys[__l_i]}|"* ]] || return 9
    case ${__l_keys[__l_i]} in
      -) ;;
      progress_percentage)
        case $__l_word in
          100 | [0-9] | [1-9][0-9]) ;;
          [0-9].[0-9]* | [1-9][0-9].[0-9]*) [[ ${__l_word//[0-9]/} == . ]] || return 9 ;;
          *) [[ -n $__l_tag ]] || return 9; __l_word="\"$__l_word\"" ;;
        esac
        __l_fields+=",\"progress_percentage\":$__l_word" ;;
      error_details)
        [[ $__l_seen != *'|error_type|'* ]] || return 9
        __l_fields+=",\"error_details\":{\"error_type\":\"worker_failure\",\"error_message\":\"$__l_word\"}" ;;
      *) __l_fields+=",\"${__l_keys[__l_i]}\":\"$__l_word\"" ;;
    esac
  done
  (( ! __l_by )) || __l_actor=${__l_words[__l_by - 1]}
  __l_fields=$__l_data${__l_data:+${__l_fields:+,}}${__l_fields#,}

  # UTC from seconds since the epoch, by arithmetic (civil_from_days, after Howard Hinnant).
  local __l_s=${__l_t:0:10} __l_day __l_date=${__lineage_today#*:} __l_doe __l_yoe __l_doy __l_m __l_stamp __l_context=''
  __l_day=$(( __l_s / 86400 ))
  if [[ ${__lineage_today%%:*} != "$__l_day" ]]; then
    (( __l_doe = (__l_day + 719468) % 146097,
      __l_yoe = (__l_doe - __l_doe / 1460 + __l_doe / 36524 - __l_doe / 146096) / 365,
      __l_doy = __l_doe - (365 * __l_yoe + __l_yoe / 4 - __l_yoe / 100), __l_m = (5 * __l_doy + 2) / 153,
      __l_i = (__l_day + 719468) / 146097, __l_yoe += __l_i * 400 + (__l_m > 9) ))
    builtin printf -v __l_date '%04d-%02d-%02d' \
      "$__l_yoe" $(( __l_m < 10 ? __l_m + 3 : __l_m - 9 )) $(( __l_doy - (153 * __l_m + 2) / 5 + 1 ))
    __lineage_today=$__l_day:$__l_date
  fi
  builtin printf -v __l_stamp '%sT%02d:%02d:%02d.%sZ' \
    "$__l_date" $(( __l_s / 3600 % 24 )) $(( __l_s / 60 % 60 )) $(( __l_s % 60 )) "${__l_t:10}"
  if [[ -n $__l_session$__l_trace ]]; then
    __l_context="${__l_session:+,\"session_id\":\"$__l_session\"}${__l_trace:+,\"trace_id\":\"$__l_trace\"}"
    __l_context=",\"context\":{${__l_context#,}}"
  fi
  if [[ ${LINEAGE_TIMING-} == 1 ]]; then
    [[ $__l_seen != *'|metadata|'* ]] || return 9
    __l_word=${EPOCHREALTIME//[!0-9]/}
    __l_fields+="${__l_fields:+,}\"metadata\":{\"log_us\":$(( __l_word > __l_t ? __l_word - __l_t : 0 ))}"
  fi
  local __l_line="{\"lineage_id\":\"$__l_id\",\"task_id\":\"$__l_task\",\"event_type\":\"$__l_event\",\"timestamp\":\"\
$__l_stamp\",\"actor\":{\"type\":\"$__l_type\",\"id\":\"$__l_actor\",\"principal\":\"$__l_principal\"},\"event_data\":{\
$__l_fields},\"parent_lineage_id\":"
  case $__l_parent in '') __l_line+=null ;; *) __l_line+="\"$__l_parent\"" ;; esac
  __l_line+="$__l_context${__l_tag:+,\"tags\":[\"$__l_tag\"]},\"version\":\"1.0.0\"}"
  (( ${#__l_line} + 2 <= __lineage_safe )) || __lineage_fits ${#__l_line} || return 9

  __l_word=${LINEAGE_DIR:-${CORTEX_HOME:+$CORTEX_HOME/coordination/lineage}}
  if [[ -z $__l_word ]]; then
    __l_word=coordination/lineage
    [[ -d $__l_word ]] || { __l_why='no lineage directory: set LINEAGE_DIR or CORTEX_HOME'; return 3; }
  fi
  __lineage_append "$__l_word/lineage-$__l_date.jsonl" || return
  [[ ${LINEAGE_WRITE_COMBINED-} != 1 ]] || __lineage_append "$__l_word/task-lineage.jsonl" || return 3
}

# FILE: append __l_line by one write. 3 if that failed (__l_why), 9 if Python may do better.
__lineage_append() {
  local __l_heal='' __l_folder=${1%/*} __l_key="$PWD $1"
  if [[ ! -f $1 ]]; then
    __l_why="cannot write $1: it is not a regular file"
    [[ -f $1 || ! -e $1 && ! -L $1 ]] || return 3  # -f: another writer has made it this moment
    __l_why="cannot make the directory $__l_folder"
    [[ -d $__l_folder ]] || (umask 077; exec mkdir -p -- "$__l_folder") || return $(( $? == 127 ? 9 : 3 ))
  elif [[ ${__lineage_healed["$__l_key"]-} != "$BASHPID" && -s $1 ]]; then
    __l_heal=$'\n'  # bash cannot look whether the last line is whole; a blank line does no harm
  fi
  if [[ $__lineage_primed != "$BASHPID" ]]; then
    # Until a process has put out its first character, stdio flushes at the healing newline: two writes. So does
    # a newline that stands in the format and not in the text.
    builtin printf ' ' >/dev/null
    __lineage_primed=$BASHPID
  fi
  if builtin printf '%s' "$__l_heal$__l_line"$'\n' >>"$1"; then
    (( ${#__lineage_healed[@]} < 256 )) || __lineage_healed=()
    __lineage_healed["$__l_key"]=$BASHPID
    return 0
  fi
  __lineage_healed["$__l_key"]=''
  __l_why="cannot write $1: disk full, or a size limit?"
  [[ -w $1 || ! -e $1 && -w $__l_folder ]] || __l_why="cannot write $1: permission denied"
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

# TEXT: whether surely nothing in it is a secret. What is searched for covers all rules of lineage_core/redact.py.
__lineage_harmless() {
  local __l_v="${1,,} "
  case $__l_v in
    *pass* | *pwd* | *secret* | *api?key* | *apikey* | *access?key* | *accesskey* | *private?key* | *privatekey* \
      | *authoriz* | *credential* | *cookie* | *bearer* | *akia* | *asia* | *aiza* | *ghp_* | *gho_* | *ghu_* | *ghs_* \
      | *ghr_* | *github_pat_* | *glpat-* | *k_live_* | *xox* | *eyj* | *://*@*) return 1 ;;
    *token* | *sk-*)
      __l_v=${__l_v//token_usage[!a-z0-9]/ } __l_v=${__l_v//token_budget[!a-z0-9]/ } __l_v=${__l_v//tokens[!a-z0-9]/ }
      [[ $__l_v != *token* && $__l_v != *[!a-z0-9]sk-* ]] ;;
  esac
}

# __l_data: becomes its members, compact and without the braces, and __l_seen their names, if it is surely a plain JSON
# object: no escape but the short ones, no exponent, no name twice. 1 if that is not sure.
__lineage_members() {
  local __l_v=$__l_data __l_p __l_s __l_o __l_i __l_was __l_ifs=${IFS- } __l_b=\\
  [[ $__l_v != *[$'\x01'-$'\x08\x0b\x0c\x0e'-$'\x1f\x7f']* ]] || return 1
  if [[ $__l_v == *\\* ]]; then
    __l_v=${__l_v//\\\\/$'\x02'}
    __l_v=${__l_v//\\\"/$'\x03'}
    [[ "$__l_v " != *\\[!bfnrt/]* ]] || return 1
  fi
  local IFS='"'
  # shellcheck disable=SC2206  # it is to be split, at the quotes; set -f holds
  __l_p=($__l_v)
  IFS=$__l_ifs
  (( ${#__l_p[@]} & 1 )) || return 1
  # Strings stand at the odd places. What is around them is the skeleton, and must reduce to one value, V.
  local __l_multiline=0 __l_skeleton=${__l_p[0]} __l_text=${__l_p[0]//[$' \t\n\r']/}
  [[ $__l_v != *[$'\t\n\r']* ]] || __l_multiline=1
  for (( __l_i = 1; __l_i < ${#__l_p[@]}; __l_i += 2 )); do
    __l_s=${__l_p[__l_i]} __l_o=${__l_p[__l_i + 1]}
    (( ! __l_multiline )) || [[ $__l_s != *[$'\t\n\r']* ]] || return 1
    __l_skeleton+="\"$__l_o"
    __l_o=${__l_o//[$' \t\n\r']/}
    if [[ $__l_o == :* ]]; then
      [[ $__l_s != *[\\$'\x02\x03']* && $__l_seen != *"|$__l_s|"* ]] || return 1
      __l_seen+="$__l_s|"
    fi
    __l_text+="\"$__l_s\"$__l_o"
  done
  [[ $__l_text == \{* ]] || return 1
  __l_v=$__l_skeleton
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

case ${__lineage_ids[0]-} in '') __lineage_tasks=() __lineage_ids=() ;; esac  # parents, for bash 3.2
__lineage_root=${BASH_SOURCE[0]}
case $__lineage_root in /*) ;; *) __lineage_root=$PWD/$__lineage_root ;; esac
__lineage_root=${__lineage_root%/lineage_core/shell/*}
__lineage_run='import sys; sys.path.append(sys.argv[1]); from lineage_core.shell_bridge import main; main()'
__lineage_ask='import sys; sys.path.append(sys.argv[1]); from lineage_core.shell_queries import main; main()'

# EVENT ARGS…: log it, by bash if that is sure, else by Python.
__lineage_log() {
  case ${LINEAGE_DISABLED-} in 1) return 0 ;; esac
  if [ -n "$__lineage_old" ] || [ "${LINEAGE_FORCE_PYTHON-}" = 1 ]; then
    __lineage_forced "$@"
    return
  fi
  local -
  set +aeukxET -f
  local __l_nocase='' __l_t='' __l_id='' __l_why='' __l_tag='' __l_code=0
  local __l_parent=${LINEAGE_PARENT_ID:-${__lineage_parents["t${2-}"]-}}
  case :$BASHOPTS: in *:nocasematch:*) __l_nocase=1; shopt -u nocasematch ;; esac
  # What bash 4.2 and before did with quotes, and a read-only locale or IFS, are not for the code above.
  case ${LC_ALL@a}${IFS@a}/${BASH_COMPAT-} in
    *r*/* | */3* | */4[0-2] | */4.[0-2]) __l_code=9 ;;
    *) __lineage_native "$@" 2>/dev/null || __l_code=$? ;;
  esac
  case $__l_code in 9) __l_code=0; __lineage_bridge "$@" || __l_code=$? ;; esac
  case $__l_code in 127) __l_code=0; __lineage_without_data "$@" 2>/dev/null || __l_code=$? ;; esac
  case $__l_code in
    0)
      [[ -z $__l_tag ]] || __lineage_warn dropped "$__l_why; events are logged without data"
      LINEAGE_ID=$__l_id
      (( ${#__lineage_parents[@]} < 4096 )) || __lineage_parents=()
      __lineage_parents["t$2"]=$__l_id
      case ${LINEAGE_PRINT_ID-} in 1) builtin printf '%s\n' "$__l_id" ;; esac ;;
    *) __l_t=0; __lineage_fail "$__l_code" || __l_t=$?; __l_code=$__l_t ;;
  esac
  [[ -z $__l_nocase ]] || shopt -s nocasematch
  return "$__l_code"
}

# EVENT ARGS…: what bash before 5.0 does with every call, and any bash with LINEAGE_FORCE_PYTHON=1. Runs in 3.2.
__lineage_forced() {
  local __l_t __l_id __l_parent __l_why __l_code __l_i
  __l_t='' __l_id='' __l_parent=${LINEAGE_PARENT_ID-} __l_why='' __l_code=0  # apart, because of set -k
  for (( __l_i = 0; __l_i < ${#__lineage_tasks[@]}; __l_i++ )); do
    [ "${__lineage_tasks[__l_i]}" != "${2-}" ] || break
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
  __lineage_tasks[__l_i]=$2 __lineage_ids[__l_i]=$__l_id LINEAGE_ID=$__l_id
  [ "${LINEAGE_PRINT_ID-}" != 1 ] || builtin printf '%s\n' "$__l_id"
}

# EVENT ARGS…: have Python write the event. Sets __l_id. 0 written; 2 or 3 as Python says (__l_why); 127 no interpreter.
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
        builtin printf '%s\0' "parent=$__l_parent" "id=$__l_id" "began=$__l_t" -- "$@"
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

# EVENT ARGS…: there is no interpreter (__l_why): write what bash can write surely, without DATA.
__lineage_without_data() {
  local LC_ALL=C __l_args=("$1") __l_word __l_lost=$__l_why
  __l_tag=data-dropped
  shift
  for __l_word; do
    case ${LINEAGE_REDACT-}/${LINEAGE_REDACT_PATTERNS-} in
      0/* | /) __lineage_harmless "$__l_word" || __l_word='[redacted]' ;;
      *) __l_word='[redacted]' ;;
    esac
    __l_word=${__l_word:0:120}
    __l_args+=("${__l_word//[!\ -~]/?}")
  done
  __lineage_native "${__l_args[@]}" || return 3
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

log_task_created() { __lineage_log task_created ${1+"$@"}; }             # TASK CREATOR [DATA]
log_task_assigned() { __lineage_log task_assigned ${1+"$@"}; }           # TASK ASSIGNER MASTER [PRIORITY]
log_task_started() { __lineage_log task_started ${1+"$@"}; }             # TASK MASTER [DATA]
log_task_blocked() { __lineage_log task_blocked ${1+"$@"}; }             # TASK ACTOR REASON [DATA]
log_task_unblocked() { __lineage_log task_unblocked ${1+"$@"}; }         # TASK ACTOR REASON [DATA]
log_task_reassigned() { __lineage_log task_reassigned ${1+"$@"}; }       # TASK FROM TO REASON [DATA]
log_task_escalated() { __lineage_log task_escalated ${1+"$@"}; }         # TASK ACTOR REASON [DATA]
log_task_completed() { __lineage_log task_completed ${1+"$@"}; }         # TASK ACTOR STATUS [DATA]
log_task_failed() { __lineage_log task_failed ${1+"$@"}; }               # TASK ACTOR REASON [DATA]
log_task_cancelled() { __lineage_log task_cancelled ${1+"$@"}; }         # TASK ACTOR REASON [DATA]
log_worker_spawned() { __lineage_log worker_spawned ${1+"$@"}; }         # TASK MASTER WORKER TYPE [DATA]
log_worker_started() { __lineage_log worker_started ${1+"$@"}; }         # TASK WORKER TYPE [DATA]
log_worker_progress() { __lineage_log worker_progress ${1+"$@"}; }       # TASK WORKER PERCENT [DATA]
log_worker_completed() { __lineage_log worker_completed ${1+"$@"}; }     # TASK WORKER STATUS [DATA]
log_worker_failed() { __lineage_log worker_failed ${1+"$@"}; }           # TASK WORKER ERROR [DATA]
log_handoff_created() { __lineage_log handoff_created ${1+"$@"}; }       # TASK HANDOFF FROM TO [DATA]
log_handoff_accepted() { __lineage_log handoff_accepted ${1+"$@"}; }     # TASK HANDOFF MASTER [DATA]
log_handoff_completed() { __lineage_log handoff_completed ${1+"$@"}; }   # TASK HANDOFF MASTER [DATA]

get_task_lineage() { __lineage_query task ${1+"$@"}; }                   # TASK: its events, as a JSON array
get_lineage_by_type() { __lineage_query type ${1+"$@"}; }                # EVENT_TYPE: likewise
get_lineage_by_actor() { __lineage_query actor ${1+"$@"}; }              # ACTOR: likewise
get_lineage_stats() { __lineage_query stats; }                           # total_events, event_types, actors, tasks_tracked
