/* A Task as JSON: the fields of its row, and how long what was expected of it took. Included by facts.c. */
#ifndef TASK_ROWS_H
#define TASK_ROWS_H
#include "task_steps.h"

enum { LAST_PAUSES = 1000, ENOUGH_PAUSES = 3, MINUTE = 60000000 }; /* as meaning/pauses.py has them */

static const char *const STATUSES[] = {"unknown", "queued", "assigned", "running", "blocked", "completed", "failed", "cancelled"};

static void write_name(Buffer *out, Span text) { /* null, if it is none */
    if (!text.length) {
        write_text(out, "null");
        return;
    }
    write_text(out, "\"");
    write_span(out, text);
    write_text(out, "\"");
}

static void write_time(Buffer *out, int64_t at) {
    if (at == NEVER)
        write_text(out, "null");
    else
        write_integer(out, at);
}

static void write_percent(Buffer *out, double value) {
    char digits[40];
    write_bytes(out, digits, (size_t)snprintf(digits, sizeof digits, value == (int64_t)value ? "%.1f" : "%.17g", value));
}

/* As `Task.percent`: of the last run of each id. false: not all are whole numbers, of which sums are exact. */
static bool write_progress(Buffer *out, const Task *task) {
    double sum = 0;
    int known = 0, of = 0;
    bool open = false;
    for (int n = 0; n < task->run_count; n++) open |= !task->runs[n].over;
    for (int n = 0; n < task->run_count; n++) {
        double one = task->runs[n].percent;
        if (task->runs[n].again || (open && task->runs[n].over)) continue; /* of its open ones, if it has any */
        of++;
        if (one < 0) continue;
        if (task->runs[n].odd_percent && task->status != S_COMPLETED) return false;
        sum += one;
        known++;
    }
    if (task->status == S_COMPLETED)
        write_text(out, "100.0");
    else if (known)
        write_percent(out, sum / of);
    else
        write_text(out, "null");
    return true;
}

static int by_length(const void *a, const void *b) {
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

/* Whether a fact that was stepped through is a word of a run of its own (`run.words`). */
static bool is_word(const Task *task, const Fact *fact, int run) {
    return fact->run == run + 1 && fact->kind != SPAWNED && !(task->runs[run].zombie && fact->kind == WORKER_FAILED);
}

/* `usual_pause` of an open run. `pauses` has room for the facts of the task. */
static int64_t usual_pause(const Facts *facts, const Task *task, int run, int64_t *pauses) {
    int64_t count = 0, before = NEVER;
    for (uint32_t n = 0; n < task->events; n++) {
        const Fact *fact = facts->sorted[n];
        if (!is_word(task, fact, run)) continue;
        if (before != NEVER) pauses[count++] = fact->at - before;
        before = fact->at;
    }
    if (count > LAST_PAUSES) pauses += count - LAST_PAUSES, count = LAST_PAUSES;
    if (count < ENOUGH_PAUSES) return 0;
    qsort(pauses, (size_t)count, sizeof *pauses, by_length);
    int64_t rank = (count * 99 + 99) / 100 - 1;
    return rank < count - 2 ? pauses[rank] : pauses[count - 2];
}

/* The runs that are open or were found dead, as `task_row._run_row`; false: a percentage is not spelled as a whole number. */
static bool write_watched(const Facts *facts, Buffer *out, const Task *task) {
    bool first = true;
    write_text(out, "[");
    for (int n = 0; n < task->run_count; n++) {
        const Run *run = &task->runs[n];
        if (run->over && !(run->zombie && !run->again)) continue;
        if (run->odd_percent) return false;
        write_text(out, first ? "[" : ",[");
        first = false;
        write_name(out, run->name);
        write_text(out, ",");
        write_name(out, run->type);
        write_text(out, ",");
        write_name(out, run->master);
        write_text(out, ",");
        write_integer(out, run->last_at);
        write_text(out, run->heard ? ",true," : ",false,");
        if (run->percent < 0)
            write_text(out, "null");
        else
            write_integer(out, (int64_t)run->percent);
        write_text(out, ",");
        write_integer(out, run->over ? 0 : usual_pause(facts, task, n, (int64_t *)facts->ids));
        write_text(out, ",");
        write_time(out, run->over ? run->ended_at : NEVER);
        write_text(out, "]");
    }
    write_text(out, "]");
    return true;
}

/* The total as `Task.tokens` has it: of each attempt what its ends said or the sum of its runs, whichever is larger. */
static int64_t tokens_of(const Task *task) {
    int64_t counts[MAX_ATTEMPTS + 1], total = NONE_YET, said = NONE_YET;
    int attempts = task->attempt_count ? task->attempt_count : 1; /* a run belongs to the first, also where there is none */
    for (int n = 0; n < attempts; n++) counts[n] = NONE_YET;
    for (int n = 0; n < task->run_count; n++) {
        const Run *run = &task->runs[n];
        if (run->tokens >= 0) counts[run->attempt] = (counts[run->attempt] < 0 ? 0 : counts[run->attempt]) + run->tokens;
    }
    for (int n = 0; n < attempts; n++) {
        int64_t one = n < task->attempt_count ? task->attempts[n].said : NONE_YET;
        if (one >= 0) said = one;
        if (one > counts[n]) counts[n] = one;
        if (counts[n] >= 0) total = (total < 0 ? 0 : total) + counts[n];
    }
    return said > total ? said : total;
}

/* When the oldest handoff was offered that waits, or was accepted that is not completed; NEVER: there is none. */
static int64_t oldest_handoff(const Task *task, bool accepted) {
    int64_t oldest = NEVER;
    for (int n = 0; n < task->handoff_count; n++) {
        const Handoff *handoff = &task->handoffs[n];
        int64_t at = accepted ? handoff->accepted_at : handoff->offered_at;
        if (handoff->completed_at != NEVER || (!accepted && handoff->accepted_at != NEVER) || at == NEVER) continue;
        if (oldest == NEVER || at < oldest) oldest = at;
    }
    return oldest;
}

/* The row as JSON, its fields as those of TaskRow; false: it is to be told by Python. */
static bool write_row(const Facts *facts, const Task *task, Buffer *out) {
    for (int n = 0; n < task->run_count; n++)
        if (task->runs[n].has_master && !task->runs[n].master.length) return false;
    int failed = 0, workers = 0;
    for (int n = 0; n < task->attempt_count; n++) failed += task->attempts[n].failed;
    for (int n = 0; n < task->run_count; n++) workers += !task->runs[n].again;
    if (task->waiting) return false;
#define THEN write_text(out, ",")
    write_text(out, "[");
    write_name(out, task->id), THEN;
    write_text(out, "\""), write_text(out, STATUSES[task->status]), write_text(out, "\""), THEN;
    write_time(out, task->since), THEN;
    write_time(out, task->first_at), THEN;
    write_time(out, task->last_at), THEN;
    write_time(out, task->started_at), THEN;
    write_time(out, task->ended_at), THEN;
    write_integer(out, task->attempt_count), THEN;
    write_integer(out, failed), THEN;
    write_text(out, task->ended && task->partial ? "true," : "false,");
    write_text(out, task->escalated ? "true," : "false,");
    write_time(out, task->escalated ? task->escalated_at : NEVER), THEN;
    write_name(out, task->task_type), THEN;
    write_name(out, task->priority), THEN;
    write_name(out, task->owner_count ? task->owners[task->owner_count - 1] : (Span){NULL, 0}), THEN;
    write_text(out, "[");
    for (int n = 0, written = 0; n < task->owner_count; n++) {
        bool again = false;
        for (int k = 0; k < n; k++) again |= same(task->owners[k], task->owners[n]);
        if (again) continue;
        if (written++) THEN;
        write_name(out, task->owners[n]);
    }
    write_text(out, "],");
    write_name(out, task->session), THEN;
    write_name(out, task->trace), THEN;
    write_name(out, task->parent_id), THEN;
    write_name(out, task->parent_event), THEN;
    write_name(out, task->reason), THEN;
    write_name(out, task->escalation), THEN;
    write_text(out, "[],[],"); /* blocked_by, waits */
    if (!write_progress(out, task)) return false;
    THEN;
    write_integer(out, workers), THEN;
    write_integer(out, task->run_count), THEN;
    if (!write_watched(facts, out, task)) return false;
    THEN;
    write_integer(out, task->failed_runs), THEN;
    write_integer(out, task->retries), THEN;
    write_integer(out, task->handoff_count), THEN;
    write_integer(out, task->move_count), THEN;
    write_time(out, oldest_handoff(task, false)), THEN;
    write_time(out, oldest_handoff(task, true)), THEN;
    write_time(out, tokens_of(task) < 0 ? NEVER : tokens_of(task)), THEN;
    write_text(out, "0,"); /* skew */
    write_integer(out, task->remarks), THEN;
    write_integer(out, task->events);
    write_text(out, ",null,"); /* logged */
    write_bytes(out, facts->hosts.bytes, facts->hosts.length);
    write_text(out, "]");
#undef THEN
    return true;
}

/* ---- How long what is expected of a task took: see meaning/durations.py */

static void write_took(Buffer *out, const char *expected, Span type, Span owner, int64_t at, int64_t length) {
    write_text(out, out->length && out->bytes[out->length - 1] == ']' ? ",[\"" : "[\"");
    write_text(out, expected);
    write_text(out, "\",");
    write_name(out, type);
    write_text(out, ",");
    write_name(out, owner);
    write_text(out, ",");
    write_integer(out, at);
    write_text(out, ",");
    write_integer(out, length);
    write_text(out, "]");
}

static void write_run_lengths(const Facts *facts, const Task *task, int number, Buffer *out) {
    const Run *run = &task->runs[number];
    int64_t before = NEVER, longest = NEVER;
    if (!run->over || run->failed) return;
    if (run->spawned_at != NEVER && run->started_at != NEVER)
        write_took(out, "never-started", run->type, run->master, run->started_at, run->started_at - run->spawned_at);
    for (uint32_t n = 0; n < task->events; n++) {
        const Fact *fact = facts->sorted[n];
        if (!is_word(task, fact, number)) continue;
        if (before != NEVER && fact->at - before > longest) longest = fact->at - before;
        before = fact->at;
    }
    if (longest != NEVER) write_took(out, "silent", run->type, run->master, run->ended_at, longest);
}

/* As `Task.owner_at`. */
static Span owner_at(const Task *task, int64_t at) {
    Span found = task->owner_count ? task->owners[0] : (Span){NULL, 0};
    for (int n = 0; n < task->owner_count; n++)
        if (task->owner_since[n] <= at) found = task->owners[n];
    return found;
}

/* `idle` of `pauses.idle_pauses`: whether the task was running at a time, and no run of it was open. */
static bool is_idle(const Task *task, int64_t at) {
    int place = 0;
    while (place < task->phase_count && task->phases[place].start <= at) place++;
    if (!place || (task->phases[place - 1].status != S_RUNNING && task->phases[place - 1].status != S_UNKNOWN)) return false;
    for (int n = 0; n < task->run_count; n++)
        if (task->runs[n].first_at <= at && (!task->runs[n].over || task->runs[n].ended_at > at)) return false;
    return true;
}

static bool escalated_at(const Facts *facts, const Task *task, int64_t at) {
    for (uint32_t n = 0; n < task->events; n++)
        if (facts->sorted[n]->kind == ESCALATED && facts->sorted[n]->at == at) return true;
    return false;
}

/* The longest of `idle_pauses`; NEVER: there is none. */
static int64_t longest_idle(const Facts *facts, const Task *task) {
    int64_t longest = NEVER;
    for (uint32_t n = 1; n < task->events && facts->sorted[n]->at <= task->ended_at; n++) {
        int64_t a = facts->sorted[n - 1]->at, pause = facts->sorted[n]->at - a;
        if (pause > longest && (pause < MINUTE || (!escalated_at(facts, task, a) && is_idle(task, a)))) longest = pause;
    }
    return longest;
}

/* What `lengths_of` gives; false: it is to be told by Python. */
static bool write_lengths(const Facts *facts, const Task *task, Buffer *out) {
    if (task->phase_count > MAX_PHASES || task->events > LAST_PAUSES) return false;
    for (int n = 0; n < task->run_count; n++) write_run_lengths(facts, task, n, out);
    for (int n = 0; n < task->handoff_count; n++) {
        const Handoff *handoff = &task->handoffs[n];
        int64_t accepted = handoff->accepted_at;
        if (accepted == NEVER) continue;
        if (!handoff->accepted_by.length) return false;
        if (handoff->offered_at != NEVER)
            write_took(out, "handoff-unaccepted", task->task_type, handoff->to, accepted, accepted - handoff->offered_at);
        if (handoff->completed_at != NEVER)
            write_took(out, "handoff-uncompleted", task->task_type, handoff->accepted_by, handoff->completed_at,
                       handoff->completed_at - accepted);
    }
    if (task->status != S_COMPLETED) return true;
    for (int n = 0; n < task->phase_count; n++) {
        const Phase *phase = &task->phases[n];
        const char *name = phase->status == S_QUEUED ? "unassigned" : phase->status == S_ASSIGNED ? "unstarted" : "blocked";
        bool expected = phase->status == S_QUEUED || phase->status == S_ASSIGNED || phase->status == S_BLOCKED;
        Span owner = phase->status == S_QUEUED ? (Span){NULL, 0} : owner_at(task, phase->start);
        if (expected && phase->end != NEVER) write_took(out, name, task->task_type, owner, phase->end, phase->end - phase->start);
    }
    int64_t idle = longest_idle(facts, task);
    if (idle != NEVER)
        write_took(out, "idle", task->task_type, task->owner_count ? task->owners[task->owner_count - 1] : (Span){NULL, 0},
                   task->ended_at, idle);
    return true;
}
#endif
