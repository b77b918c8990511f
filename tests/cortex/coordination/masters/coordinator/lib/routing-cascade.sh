# shellcheck shell=bash
# The hybrid cascade: rules first, then the type. Sourced by the coordinator.
source "$CORTEX_HOME/scripts/lib/lineage.sh"

route_by_cascade() { # route_by_cascade TASK PRIORITY: sets assigned_master
    local task_id=$1 priority=$2
    if [[ $priority == critical ]]; then
        assigned_master=security-master
    else
        assigned_master=$(master_for "$(task_field "$task_id" type)")
    fi
    set_task "$task_id" status assigned master "$assigned_master"
    log_task_assigned "$task_id" "coordinator-master" "$assigned_master" "$priority"
}
