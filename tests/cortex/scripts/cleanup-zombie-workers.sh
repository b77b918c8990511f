#!/usr/bin/env bash
# cleanup-zombie-workers.sh SECONDS: workers that run longer without a word are zombies
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

now=$(date +%s)
for spec in coordination/worker-specs/*.json; do
    [[ $(jq -r .status "$spec") == running ]] || continue
    (($(jq -r '.heartbeat // 0' "$spec") + $1 < now)) || continue
    task_id=$(jq -r .task "$spec")
    worker_id=$(jq -r .id "$spec")
    update_json "$spec" '.status = "zombie"'

    log_worker_failed "$task_id" "$worker_id" "zombie_timeout" '{"reason":"zombie_timeout"}'
done
