#!/usr/bin/env bash
# create-task.sh --title TITLE --type TYPE --priority PRIORITY
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

TITLE='' TASK_TYPE=development PRIORITY=medium
while (($#)); do
    case $1 in
        --title) TITLE=$2 ;;
        --type) TASK_TYPE=$2 ;;
        --priority) PRIORITY=$2 ;;
        *) echo "unknown option: $1" >&2 && exit 2 ;;
    esac
    shift 2
done
[[ -n $TITLE ]] || { echo "--title is needed" >&2 && exit 2; }
TASK_ID=$(new_task_id "$TITLE")
add_task "$TASK_ID" "$TITLE" "$TASK_TYPE" "$PRIORITY"

event_data=$(jq -n --arg prio "$PRIORITY" --arg type "$TASK_TYPE" \
    '{priority: $prio, type: $type}')
log_task_created "$TASK_ID" "${CORTEX_PRINCIPAL:-user}" "$event_data"

echo "Created $TASK_ID"
