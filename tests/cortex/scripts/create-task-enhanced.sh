#!/usr/bin/env bash
# create-task-enhanced.sh TITLE TYPE PRIORITY DESCRIPTION
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

TITLE=$1 TASK_TYPE=$2 PRIORITY=$3 DESCRIPTION=$4
TASK_ID=$(new_task_id "$TITLE")
add_task "$TASK_ID" "$TITLE" "$TASK_TYPE" "$PRIORITY"
set_task "$TASK_ID" description "$DESCRIPTION"

event_data=$(jq -n --arg prio "$PRIORITY" --arg type "$TASK_TYPE" --arg text "$DESCRIPTION" \
    '{priority: $prio, type: $type, metadata: {description: $text}}')
log_task_created "$TASK_ID" "${CORTEX_PRINCIPAL:-user}" "$event_data"

echo "Created $TASK_ID"
