#!/usr/bin/env bash
# handle-worker-failure.sh WORKER ERROR_TYPE MESSAGE
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

worker_id=$1 error_type=$2 error_message=$3 duration=900
spec=coordination/worker-specs/$worker_id.json
task_id=$(jq -r .task "$spec")
update_json "$spec" '.status = "failed" | .failure_logged = true'

event_data=$(jq -n --arg type "$error_type" --argjson dur "$duration" \
    '{error_type: $type, duration_ms: $dur}')
log_worker_failed "$task_id" "$worker_id" "$error_message" "$event_data"
