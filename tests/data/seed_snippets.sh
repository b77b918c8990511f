# shellcheck shell=bash disable=SC2154,SC2034,SC1091
# The calls of the seed's page of integration points, as it prints them; a line of their own ends each.
# Add to script headers
source "$SCRIPT_DIR/lib/lineage.sh"

# Log events at key lifecycle points
log_task_created "$task_id" "$creator_id" "$event_data_json"
log_worker_spawned "$task_id" "$master_id" "$worker_id" "$worker_type"
# ---
# After: jq ".tasks += [$NEW_TASK]" coordination/task-queue.json
source "$SCRIPT_DIR/lib/lineage.sh"
event_data=$(jq -n --arg prio "$PRIORITY" --arg type "$TASK_TYPE" \
    '{priority: $prio, type: $type}')
log_task_created "$TASK_ID" "${CORTEX_PRINCIPAL:-user}" "$event_data"
# ---
# After routing decision is made
log_task_assigned "$task_id" "coordinator-master" "$assigned_master" "$priority"
# ---
# After accepting task from coordinator
log_task_started "$task_id" "development-master" '{}'
# ---
# After: Write worker spec to coordination/worker-specs/
source "$SCRIPT_DIR/lib/lineage.sh"
event_data=$(jq -n --arg prio "$PRIORITY" \
    '{priority: $prio, token_budget: $TOKEN_BUDGET}')
log_worker_spawned "$TASK_ID" "$MASTER_AGENT" "$WORKER_ID" "$WORKER_TYPE" "$event_data"
# ---
# At start of worker execution
log_worker_started "$TASK_ID" "$WORKER_ID" "$WORKER_TYPE" '{}'
# ---
# For each completed worker
event_data=$(jq -n --argjson tokens "$token_usage" --argjson dur "$duration" \
    '{token_usage: $tokens, duration_ms: $dur, deliverables: $deliverables}')
log_worker_completed "$task_id" "$worker_id" "success" "$event_data"
# ---
# On worker failure
log_worker_failed "$task_id" "$worker_id" "$error_message" "$event_data"
# ---
# At task completion
event_data=$(jq -n \
    --argjson deliverables "$deliverables_array" \
    --argjson tokens "$total_tokens" \
    --argjson dur "$duration_ms" \
    '{completion_status: "success", deliverables: $deliverables,
      token_usage: {total_tokens: $tokens}, duration_ms: $dur}')
log_task_completed "$task_id" "$master_id" "success" "$event_data"
# ---
log_task_failed "$task_id" "$master_id" "$failure_reason" "$event_data"
# ---
log_task_blocked "$task_id" "$master_id" "Waiting for dependency: $dep_task_id" '{}'
# ---
log_task_unblocked "$task_id" "$master_id" "Dependency completed: $dep_task_id" '{}'
# ---
log_task_reassigned "$task_id" "$from_master" "$to_master" "$reason" '{}'
# ---
log_task_escalated "$task_id" "$master_id" "Requires manual review" '{}'
# ---
log_task_cancelled "$task_id" "coordinator-master" "User requested cancellation" '{}'
# ---
# When creating handoff between masters
log_handoff_created "$task_id" "$handoff_id" "$from_master" "$to_master" '{}'
# ---
log_handoff_accepted "$task_id" "$handoff_id" "$accepting_master" '{}'
# ---
log_handoff_completed "$task_id" "$handoff_id" "$completing_master" "$event_data"
# ---
# scripts/spawn-worker.sh (line ~400)
echo "$WORKER_SPEC" > "coordination/worker-specs/${WORKER_ID}.json"

# Log lineage event
source "$SCRIPT_DIR/lib/lineage.sh"
event_data=$(jq -n \
    --arg prio "$PRIORITY" \
    --argjson budget "$TOKEN_BUDGET" \
    '{priority: $prio, token_budget: $budget}')
log_worker_spawned "$TASK_ID" "$MASTER_AGENT" "$WORKER_ID" "$WORKER_TYPE" "$event_data"

print_success "Worker spec created: $WORKER_ID"
# ---
