#!/usr/bin/env bash
# run-development-master.sh TASK RESULT [REASON]: works on a task of this master; RESULT is completed, failed or handoff:ID
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

task_id=$1 task_status=$2 failure_reason=${3:-}
begun=$SECONDS
set_task "$task_id" status running master development-master

log_task_started "$task_id" "development-master" '{}'

mkdir -p coordination/masters/development-master
echo "worked on $task_id" >"coordination/masters/development-master/$task_id.txt"
if [[ $task_status == handoff:* ]]; then
    handoff_id=${task_status#handoff:}
    jq -n --arg task "$task_id" '{task: $task, from: "development-master", to: "cicd-master", status: "created"}' \
        >"coordination/handoffs/$handoff_id.json"
    log_handoff_created "$task_id" "$handoff_id" "development-master" "cicd-master" '{}'
    exit 0
fi
set_task "$task_id" status "$task_status"
duration_ms=$(((SECONDS - begun) * 1000))

event_data=$(jq -n --argjson dur "$duration_ms" '{duration_ms: $dur}')
if [[ $task_status == completed ]]; then
    log_task_completed "$task_id" "development-master" "success" "$event_data"
else
    log_task_failed "$task_id" "development-master" "$failure_reason" "$event_data"
fi
