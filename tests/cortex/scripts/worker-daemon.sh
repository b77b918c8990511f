#!/usr/bin/env bash
# worker-daemon.sh --once: spawns a worker for each task that waits for one
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

WORKER_TYPE=implementation-worker
for TASK_ID in $(jq -r '.tasks[] | select(.status == "needs-worker") | .id' "$QUEUE"); do
    MASTER_AGENT=$(task_field "$TASK_ID" master)
    PRIORITY=$(task_field "$TASK_ID" priority)
    TOKEN_BUDGET=60000
    WORKER_ID=worker-daemon-${TASK_ID##*-}
    jq -n --arg id "$WORKER_ID" --arg type "$WORKER_TYPE" --arg task "$TASK_ID" \
        '{id: $id, type: $type, task: $task, status: "pending"}' >"coordination/worker-specs/$WORKER_ID.json"
    set_task "$TASK_ID" status running

    event_data=$(jq -n --arg prio "$PRIORITY" --argjson budget "$TOKEN_BUDGET" \
        '{priority: $prio, token_budget: $budget}')
    log_worker_spawned "$TASK_ID" "$MASTER_AGENT" "$WORKER_ID" "$WORKER_TYPE" "$event_data"
done
