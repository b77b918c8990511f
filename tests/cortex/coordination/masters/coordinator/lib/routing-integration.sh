#!/usr/bin/env bash
# routing-integration.sh TASK MASTER: hands a routed task to its master
set -euo pipefail
cd "$CORTEX_HOME"
source scripts/lib/queue.sh
source "$CORTEX_HOME/scripts/lib/lineage.sh"

task_id=$1 assigned_master=$2
set_task "$task_id" status running master "$assigned_master"

log_task_started "$task_id" "$assigned_master" '{}'
