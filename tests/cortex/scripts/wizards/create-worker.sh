#!/usr/bin/env bash
# wizards/create-worker.sh: asks for the worker, its type, the task and the master
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/../..}"
source "$SCRIPT_DIR/../lib/queue.sh"
source "$SCRIPT_DIR/../lib/lineage.sh"

PRIORITY=low TOKEN_BUDGET=20000
read -rp "Worker: " WORKER_ID
read -rp "Type: " WORKER_TYPE
read -rp "Task: " TASK_ID
read -rp "Master: " MASTER_AGENT
jq -n --arg id "$WORKER_ID" --arg type "$WORKER_TYPE" --arg task "$TASK_ID" \
    '{id: $id, type: $type, task: $task, status: "pending"}' >"coordination/worker-specs/$WORKER_ID.json"

event_data=$(jq -n --arg prio "$PRIORITY" --argjson budget "$TOKEN_BUDGET" \
    '{priority: $prio, token_budget: $budget}')
log_worker_spawned "$TASK_ID" "$MASTER_AGENT" "$WORKER_ID" "$WORKER_TYPE" "$event_data"

echo "Worker created: $WORKER_ID"
