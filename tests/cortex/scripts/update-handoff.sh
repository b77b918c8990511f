#!/usr/bin/env bash
# update-handoff.sh accept|complete HANDOFF MASTER [DURATION_MS]
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

handoff_id=$2
file=coordination/handoffs/$handoff_id.json
task_id=$(jq -r .task "$file")
if [[ $1 == accept ]]; then
    accepting_master=$3
    update_json "$file" '.status = "accepted"'
    log_handoff_accepted "$task_id" "$handoff_id" "$accepting_master" '{}'
else
    completing_master=$3 duration_ms=$4
    update_json "$file" '.status = "completed"'
    event_data=$(jq -n --argjson dur "$duration_ms" '{duration_ms: $dur}')
    log_handoff_completed "$task_id" "$handoff_id" "$completing_master" "$event_data"
fi
