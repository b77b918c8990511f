# shellcheck shell=bash
# The mixture-of-experts router. Sourced by the coordinator.
source "$CORTEX_HOME/scripts/lib/lineage.sh"

route_task_to_expert() { # route_task_to_expert TASK PRIORITY: sets assigned_master
    local task_id=$1 priority=$2
    case $(task_field "$task_id" title) in
        *[Dd]eploy* | *[Rr]elease*) assigned_master=cicd-master ;;
        *CVE* | *[Aa]udit*) assigned_master=security-master ;;
        *) assigned_master=$(master_for "$(task_field "$task_id" type)") ;;
    esac
    set_task "$task_id" status assigned master "$assigned_master"
    log_task_assigned "$task_id" "coordinator-master" "$assigned_master" "$priority"
}
