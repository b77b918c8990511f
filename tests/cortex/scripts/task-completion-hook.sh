#!/usr/bin/env bash
# task-completion-hook.sh TASK MASTER DURATION_MS DELIVERABLES_JSON TOKENS
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

task_id=$1 master_id=$2 duration_ms=$3 deliverables_array=$4 total_tokens=$5
set_task "$task_id" status completed

event_data=$(jq -n \
    --argjson deliverables "$deliverables_array" \
    --argjson tokens "$total_tokens" \
    --argjson dur "$duration_ms" \
    '{completion_status: "success", deliverables: $deliverables,
      token_usage: {total_tokens: $tokens}, duration_ms: $dur}')
log_task_completed "$task_id" "$master_id" "success" "$event_data"
