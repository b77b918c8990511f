#!/usr/bin/env bash
# archive-failed-workers.sh: moves the specs of failed workers away
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

mkdir -p coordination/worker-specs/archive
for spec in coordination/worker-specs/*.json; do
    [[ $(jq -r .status "$spec") == failed ]] || continue
    task_id=$(jq -r .task "$spec")
    worker_id=$(jq -r .id "$spec")
    error_message=$(jq -r '.error // "failed, no reason known"' "$spec")
    error_type=archived duration=0
    logged=$(jq -r '.failure_logged // false' "$spec")
    mv "$spec" coordination/worker-specs/archive/

    if [[ $logged != true ]]; then
        event_data=$(jq -n --arg type "$error_type" --argjson dur "$duration" \
            '{error_type: $type, duration_ms: $dur}')
        log_worker_failed "$task_id" "$worker_id" "$error_message" "$event_data"
    fi
done
