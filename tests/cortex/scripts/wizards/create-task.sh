#!/usr/bin/env bash
# wizards/create-task.sh: asks for title, type and priority
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/../..}"
source "$SCRIPT_DIR/../lib/queue.sh"
source "$SCRIPT_DIR/../lib/lineage.sh"

read -rp "Title: " TITLE
read -rp "Type: " TASK_TYPE
read -rp "Priority: " PRIORITY
TASK_ID=$(new_task_id "$TITLE")
add_task "$TASK_ID" "$TITLE" "$TASK_TYPE" "$PRIORITY"

event_data=$(jq -n --arg prio "$PRIORITY" --arg type "$TASK_TYPE" \
    '{priority: $prio, type: $type}')
log_task_created "$TASK_ID" "${CORTEX_PRINCIPAL:-user}" "$event_data"

echo "Created $TASK_ID"
