#!/usr/bin/env bash
# aggregate-worker-results.sh: collects the results of workers that are done
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

for result in coordination/worker-results/*.json; do
    [[ -e $result ]] || continue
    task_id=$(jq -r .task "$result")
    worker_id=$(jq -r .worker "$result")
    token_usage=$(jq -c .token_usage "$result")
    duration=$(jq .duration "$result")
    deliverables=$(jq -c .deliverables "$result")
    mv "$result" "${result%.json}.aggregated"

    event_data=$(jq -n --argjson tokens "$token_usage" --argjson dur "$duration" \
        --argjson deliverables "$deliverables" \
        '{token_usage: $tokens, duration_ms: $dur, deliverables: $deliverables}')
    log_worker_completed "$task_id" "$worker_id" "success" "$event_data"
done
