#!/usr/bin/env bash
# run-inventory-master.sh TASK RESULT [REASON]: works on a task of this master; RESULT is completed, failed
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

task_id=$1 task_status=$2 failure_reason=${3:-}
begun=$SECONDS
set_task "$task_id" status running master inventory-master

log_task_started "$task_id" "inventory-master" '{}'

mkdir -p coordination/masters/inventory-master
echo "worked on $task_id" >"coordination/masters/inventory-master/$task_id.txt"
set_task "$task_id" status "$task_status"
duration_ms=$(((SECONDS - begun) * 1000))

event_data=$(jq -n --argjson dur "$duration_ms" '{duration_ms: $dur}')
if [[ $task_status == completed ]]; then
    log_task_completed "$task_id" "inventory-master" "success" "$event_data"
else
    log_task_failed "$task_id" "inventory-master" "$failure_reason" "$event_data"
fi
