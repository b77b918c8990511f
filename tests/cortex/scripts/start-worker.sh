#!/usr/bin/env bash
# start-worker.sh WORKER: runs a worker that has been spawned
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

WORKER_ID=$1
spec=coordination/worker-specs/$WORKER_ID.json
TASK_ID=$(jq -r .task "$spec")
WORKER_TYPE=$(jq -r .type "$spec")
update_json "$spec" '.status = "running"'

log_worker_started "$TASK_ID" "$WORKER_ID" "$WORKER_TYPE" '{}'

LINEAGE_PARENT_ID=$LINEAGE_ID "$SCRIPT_DIR/workers/scan.sh" "$TASK_ID" "$WORKER_ID"
update_json "$spec" '.status = "done"'
