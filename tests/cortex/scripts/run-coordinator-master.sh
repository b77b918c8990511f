#!/usr/bin/env bash
# run-coordinator-master.sh TASK [simple|moe|cascade] [--delegate HANDOFF]: routes a task
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

task_id=$1 router=${2:-simple}
priority=$(task_field "$task_id" priority)
case $router in
    moe)
        source coordination/masters/coordinator/lib/moe-router.sh
        route_task_to_expert "$task_id" "$priority"
        ;;
    cascade)
        source coordination/masters/coordinator/lib/routing-cascade.sh
        route_by_cascade "$task_id" "$priority"
        ;;
    *)
        assigned_master=$(master_for "$(task_field "$task_id" type)")
        set_task "$task_id" status assigned master "$assigned_master"
        log_task_assigned "$task_id" "coordinator-master" "$assigned_master" "$priority"
        ;;
esac
if [[ ${3:-} == --delegate ]]; then
    handoff_id=$4
    jq -n --arg task "$task_id" --arg to "$assigned_master" \
        '{task: $task, from: "coordinator-master", to: $to, status: "created"}' >"coordination/handoffs/$handoff_id.json"
    log_handoff_created "$task_id" "$handoff_id" "coordinator-master" "$assigned_master" '{}'
fi
echo "Assigned $task_id to $assigned_master"
