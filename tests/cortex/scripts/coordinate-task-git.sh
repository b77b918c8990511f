#!/usr/bin/env bash
# coordinate-task-git.sh TASK MASTER: commits the work of a task
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

task_id=$1 master_id=$2 duration_ms=40 total_tokens=0
[[ -d repository ]] || git init -q repository
echo "$task_id" >"repository/$task_id.txt"
git -C repository add . && git -C repository -c user.name=cortex -c user.email=cortex@localhost commit -qm "$task_id"
deliverables_array=$(git -C repository rev-parse --short HEAD | jq -R '["commit/" + .]')
set_task "$task_id" status completed

event_data=$(jq -n \
    --argjson deliverables "$deliverables_array" \
    --argjson tokens "$total_tokens" \
    --argjson dur "$duration_ms" \
    '{deliverables: $deliverables, token_usage: {total_tokens: $tokens}, duration_ms: $dur}')
log_task_completed "$task_id" "$master_id" "success" "$event_data"
