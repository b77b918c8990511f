#!/usr/bin/env bash
# query-lineage.sh: the options that scripts and people know, answered by the `lineage` command.
#
# It asks the journal below CORTEX_HOME (or LINEAGE_DIR); without either, the checkout that this script lies in.

lineage_command=''

usage() {
    cat <<'USAGE'
usage: query-lineage.sh [OPTION]…

  -t, --task TASK          events of a task
  -e, --type EVENT_TYPE    events of a type, like worker_spawned
  -a, --actor ACTOR        events of an actor
  -D, --date YYYY-MM-DD    events of a day (UTC)
  -T, --timeline TASK      the timeline of a task
  -w, --workers [TASK]     the workers of a task, or all
  -d, --duration TASK      how long a task took, and where the time went
      --summary TASK       a task in one paragraph
      --chain TASK         what caused what
  -f, --failed             failed tasks and workers, newest first
  -r, --recent [N]         the newest events
  -s, --stats              totals
      --export FORMAT      the answer as json, csv, html or parquet (alone: all events)
      --format FORMAT      the answer as text, json, jsonl or csv
  -h, --help               this text

-t, -e, -a and -D narrow each other down. What follows -- goes to the lineage command as it is.
USAGE
}

die() {
    printf 'query-lineage.sh: %s (see query-lineage.sh --help)\n' "$1" >&2
    exit 2
}

question=''
subject=()
filters=()
export_format=''
format=()

ask() { # ask QUESTION [SUBJECT]: what is asked; only one thing can be
    [[ -z $question ]] || die "$option: only one question at a time, and there is --$question already"
    question=$1
    shift
    subject=("$@")
}

while (($#)); do
    option=$1
    shift
    case $option in
        --?*=*) # --task=task-1
            set -- "${option#*=}" "$@"
            option=${option%%=*}
            ;;
        -[teaDTwdr]?*) # -ttask-1
            set -- "${option:2}" "$@"
            option=${option:0:2}
            ;;
    esac
    case $option in
        -t | --task | -e | --type | -a | --actor | -D | --date | -T | --timeline | -d | --duration | --summary | --chain | \
            --export | --format)
            (($#)) || die "$option needs a value"
            value=$1
            shift
            ;;
    esac
    case $option in
        -t | --task) filters+=("--task=$value") ;;
        -e | --type) filters+=("--type=$value") ;;
        -a | --actor) filters+=("--actor=$value") ;;
        -D | --date) filters+=("--date=$value") ;;
        -T | --timeline) ask timeline "$value" ;;
        -d | --duration) ask duration "$value" ;;
        --summary) ask summary "$value" ;;
        --chain) ask chain "$value" ;;
        -w | --workers)
            if (($#)) && [[ $1 != -* ]]; then
                ask workers "$1"
                shift
            else
                ask workers
            fi
            ;;
        -r | --recent)
            if (($#)) && [[ $1 =~ ^[0-9]+$ ]]; then
                ask recent "$1"
                shift
            else
                ask recent
            fi
            ;;
        -f | --failed) ask failed ;;
        -s | --stats) ask stats ;;
        --export) export_format=$value ;;
        --format) format=(--format "$value") ;;
        -h | --help)
            usage
            exit 0
            ;;
        --) break ;;
        *) die "unknown option $option" ;;
    esac
done

if [[ -z $question ]]; then
    if ((${#filters[@]} == 0 && $# == 0)) && [[ -z $export_format ]]; then
        usage >&2
        exit 2
    fi
    question=events
fi
[[ -z $export_format || ${#format[@]} == 0 ]] || die "--export and --format: one of them"
words=("$question")
[[ -z $export_format ]] || words=(export "$question" --format "$export_format")
((${#subject[@]} == 0)) || subject=(-- "${subject[@]}") # an id may begin with a dash

if [[ -z ${CORTEX_HOME-} && -z ${LINEAGE_DIR-} ]]; then
    here=${BASH_SOURCE[0]%/*}
    [[ $here != "${BASH_SOURCE[0]}" ]] || here=.
    CORTEX_HOME=$(cd -- "$here/.." && pwd) && export CORTEX_HOME
fi
[[ -x $lineage_command ]] || lineage_command=$(type -P lineage) || {
    echo "query-lineage.sh: the lineage command is not installed here (${lineage_command:-not in PATH});" \
        "install lineage-tui, then: lineage shell install" >&2
    exit 3
}
exec "$lineage_command" "${words[@]}" "${filters[@]}" "${format[@]}" "$@" "${subject[@]}"
