#!/usr/bin/env bash
# task-orchestrator-daemon.sh --once: assigns what is queued
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

for task_id in $(jq -r '.tasks[] | select(.status == "queued") | .id' "$QUEUE"); do
    priority=$(task_field "$task_id" priority)
    assigned_master=$(master_for "$(task_field "$task_id" type)")
    set_task "$task_id" status assigned master "$assigned_master"
    log_task_assigned "$task_id" "task-orchestrator-daemon" "$assigned_master" "$priority"
done
