#!/usr/bin/env bash
# workers/scan.sh TASK WORKER: what a worker does
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/../..}"
source "$SCRIPT_DIR/../lib/queue.sh"
source "$SCRIPT_DIR/../lib/lineage.sh"

task_id=$1 worker_id=$2 percent=50 current_step="matching packages against advisories"
echo '{"findings": 3}' >"coordination/worker-results/$worker_id.part"

event_data=$(jq -n --arg step "$current_step" '{current_step: $step}')
log_worker_progress "$task_id" "$worker_id" "$percent" "$event_data"

jq -n --arg task "$task_id" --arg worker "$worker_id" \
    '{task: $task, worker: $worker, status: "success", duration: 1500, deliverables: ["reports/findings.sarif"],
      token_usage: {input_tokens: 9000, output_tokens: 1000, total_tokens: 10000}}' \
    >"coordination/worker-results/$worker_id.json"
