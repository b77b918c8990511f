#!/usr/bin/env bash
# handoff-processor-daemon.sh --once: creates the handoffs that masters asked for
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

for request in coordination/handoffs/*.request; do
    [[ -e $request ]] || continue
    read -r task_id handoff_id from_master to_master <"$request"
    jq -n --arg task "$task_id" --arg from "$from_master" --arg to "$to_master" \
        '{task: $task, from: $from, to: $to, status: "created"}' >"coordination/handoffs/$handoff_id.json"
    rm "$request"

    log_handoff_created "$task_id" "$handoff_id" "$from_master" "$to_master" '{}'
done
