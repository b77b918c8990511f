#!/usr/bin/env bash
# update-task-state.sh block|unblock|reassign|escalate|cancel|fail TASK MASTER [ARGS…]
set -euo pipefail
SCRIPT_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "${CORTEX_HOME:-$SCRIPT_DIR/..}"
source "$SCRIPT_DIR/lib/queue.sh"
source "$SCRIPT_DIR/lib/lineage.sh"

task_id=$2 master_id=$3
case $1 in
    block)
        dep_task_id=$4
        set_task "$task_id" status blocked blocked_by "$dep_task_id"
        event_data=$(jq -n --arg dep "$dep_task_id" '{blocked_by: [$dep]}')
        log_task_blocked "$task_id" "$master_id" "Waiting for dependency: $dep_task_id" "$event_data"
        ;;
    unblock)
        dep_task_id=$(task_field "$task_id" blocked_by)
        set_task "$task_id" status running
        log_task_unblocked "$task_id" "$master_id" "Dependency completed: $dep_task_id" '{}'
        ;;
    reassign)
        from_master=$master_id to_master=$4 reason=$5
        set_task "$task_id" status assigned master "$to_master"
        log_task_reassigned "$task_id" "$from_master" "$to_master" "$reason" '{}'
        ;;
    escalate)
        set_task "$task_id" needs_review yes
        log_task_escalated "$task_id" "$master_id" "Requires manual review" '{}'
        ;;
    cancel)
        set_task "$task_id" status cancelled
        log_task_cancelled "$task_id" "coordinator-master" "User requested cancellation" '{}'
        ;;
    fail)
        failure_reason=$4 duration_ms=$5
        set_task "$task_id" status failed
        event_data=$(jq -n --argjson dur "$duration_ms" '{duration_ms: $dur}')
        log_task_failed "$task_id" "$master_id" "$failure_reason" "$event_data"
        ;;
esac
