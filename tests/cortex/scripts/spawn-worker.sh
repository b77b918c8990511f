#!/usr/bin/env bash
# spawn-worker.sh --type TYPE --task-id TASK --master MASTER [--priority P] [--token-budget N]
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

PRIORITY=medium TOKEN_BUDGET=40000
while (($#)); do
    case $1 in
        --type) WORKER_TYPE=$2 ;;
        --task-id) TASK_ID=$2 ;;
        --master) MASTER_AGENT=$2 ;;
        --priority) PRIORITY=$2 ;;
        --token-budget) TOKEN_BUDGET=$2 ;;
    esac
    shift 2
done
specs=(coordination/worker-specs/*.json)
[[ -e ${specs[0]} ]] || specs=()
WORKER_ID=$(printf 'worker-%s-%03d' "${WORKER_TYPE%-worker}" "$((${#specs[@]} + 1))")
WORKER_SPEC=$(jq -n --arg id "$WORKER_ID" --arg type "$WORKER_TYPE" --arg task "$TASK_ID" \
    '{id: $id, type: $type, task: $task, status: "pending"}')
echo "$WORKER_SPEC" > "coordination/worker-specs/${WORKER_ID}.json"

# Log lineage event
event_data=$(jq -n \
    --arg prio "$PRIORITY" \
    --argjson budget "$TOKEN_BUDGET" \
    '{priority: $prio, token_budget: $budget}')
log_worker_spawned "$TASK_ID" "$MASTER_AGENT" "$WORKER_ID" "$WORKER_TYPE" "$event_data"

echo "Worker spec created: $WORKER_ID"
