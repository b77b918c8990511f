/* The facts of a task in raw order -> the Task that they make, where each follows plainly. Included by facts.c.
 *
 * `meaning/task_structure.py` looks at all facts of a task at once: it tells runs, attempts and what reopens them, and an
 * order in which causes come before effects; `meaning/fold.py` then walks in that order. Here `step` walks in raw order,
 * and gives up (false) as soon as a fact might stand elsewhere by cause, or belong elsewhere, than where it was logged:
 * so no fact is moved, no clock is off, and runs and attempts alternate with their ends. What `meaning/` finds in facts
 * that are still to come (the end of a run, a start) is looked up ahead.
 *
 * The functions have the names of those in `meaning/`; `Stage` says where the newest attempt stands. A condition may be
 * too strict, never too loose. */
#ifndef TASK_STEPS_H
#define TASK_STEPS_H
#include "packed_facts.h"

enum {
    MAX_RUNS = 64, MAX_ATTEMPTS = 32, MAX_OWNERS = 16, MAX_HANDOFFS = 16, MAX_MOVES = 16, MAX_PHASES = 64 /* of a task */
};
#define APART (100 * (int64_t)60000000) /* as meaning/order.py has it */
#define NEVER INT64_MIN

enum Status { S_UNKNOWN, S_QUEUED, S_ASSIGNED, S_RUNNING, S_BLOCKED, S_COMPLETED, S_FAILED, S_CANCELLED };

/* Where the newest attempt stands. REOPENED: it is over, and the task was given to somebody since. */
enum Stage { NOT_BEGUN, GOING, OVER, REOPENED };

typedef struct {
    Span name, type, type_at_end, master;
    bool heard, over, failed, zombie, has_master;
    bool begun_by_end; /* its first fact is its end */
    bool again;        /* a further run of its id has begun */
    bool odd_percent;  /* `percent` is not a whole number */
    int attempt, era;
    double percent;
    int64_t tokens, first_at, spawned_at, started_at, last_at, ended_at;
} Run;

typedef struct {
    int64_t said; /* the largest total of its ends; NONE_YET: none */
    bool failed;
} Attempt;

typedef struct {
    Span id, to, accepted_by;
    Span offered_to; /* whom its offer names */
    int64_t offered_at, accepted_at, completed_at;
} Handoff;

typedef struct { Span from, to; int64_t at; } Move; /* a reassignment */
typedef struct { enum Status status; int64_t start, end; } Phase; /* end: NEVER while it lasts */
typedef struct { Span names[MAX_OWNERS]; int count; } Names;

typedef struct {
    Span id;
    enum Stage stage;
    enum Status status, outcome; /* outcome: of the newest attempt that is over */
    enum Status ended;           /* the same, unless an attempt is going or the task was reopened: then S_UNKNOWN */
    int64_t since, first_at, last_at, created_at, started_at, ended_at, given_at, escalated_at;
    int64_t last_end_at, reopened_at; /* of the newest attempt: its last end, and what reopened it */
    bool started_by_task;  /* whether it has a task_started, now or later */
    bool assigned;         /* whether it was assigned before */
    bool begun_without_start; /* its first attempt has an end only */
    bool partial, escalated, waiting;
    Span task_type, priority, session, trace, parent_id, parent_event, reason, escalation, escalated_by, waits_for;
    Span reopened_to;      /* the first master that `_masters_of` tells of what reopened it */
    int attempt_count, owner_count, handoff_count, move_count, phase_count, run_count;
    int era, working, retries, failed_runs, remarks;
    uint32_t events;
    Names given, taken_early; /* see `takes_from` */
    /* These are filled as they come: */
    Attempt attempts[MAX_ATTEMPTS];
    Span owners[MAX_OWNERS];
    int64_t owner_since[MAX_OWNERS];
    Handoff handoffs[MAX_HANDOFFS];
    Move moves[MAX_MOVES];
    Run runs[MAX_RUNS];
    Phase phases[MAX_PHASES]; /* `phase_count` may be larger: then some are lost */
} Task;

static Span text_of(const Facts *facts, const Fact *fact, int field) {
    Piece piece = fact->text[field];
    return (Span){piece.at ? facts->packed.bytes + fact->start + piece.at : NULL, piece.at ? piece.length : 0};
}

static bool same(Span a, Span b) { return a.length == b.length && (a.length == 0 || memcmp(a.start, b.start, a.length) == 0); }
static Span either(Span first, Span second) { return first.length ? first : second; }

static bool has_name(const Names *names, Span name) {
    for (int n = 0; n < names->count; n++)
        if (same(names->names[n], name)) return true;
    return false;
}

static bool add_name(Names *names, Span name) { /* false: there are too many */
    if (has_name(names, name)) return true;
    if (names->count == MAX_OWNERS) return false;
    names->names[names->count++] = name;
    return true;
}

static void settle(Task *task, int64_t at) {
    enum Status status = task->ended ? task->ended
        : task->waiting                          ? S_BLOCKED
        : task->stage == GOING || task->working  ? S_RUNNING
        : task->given_at != NEVER                ? S_ASSIGNED
        : task->created_at != NEVER              ? S_QUEUED
                                                 : S_UNKNOWN;
    if (status == task->status && !(status == S_ASSIGNED && task->given_at == at && at > task->since)) return;
    if (task->phase_count && task->phase_count <= MAX_PHASES && task->phases[task->phase_count - 1].end == NEVER)
        task->phases[task->phase_count - 1].end = at;
    if (!task->ended) {
        if (task->phase_count < MAX_PHASES) task->phases[task->phase_count] = (Phase){status, at, NEVER};
        task->phase_count++;
    }
    if (status == S_RUNNING && task->started_at == NEVER) task->started_at = at;
    task->status = status;
    task->since = at;
}

static void answered(Task *task) {
    task->escalated = false;
    task->escalation = task->escalated_by = (Span){NULL, 0};
}

static void take(const Facts *facts, Task *task, const Fact *fact) {
    if (!task->events++) task->first_at = task->since = fact->at;
    task->last_at = fact->at;
    bool of_worker = fact->kind >= SPAWNED && fact->kind <= WORKER_FAILED;
    if (task->escalated && !of_worker && !same(text_of(facts, fact, F_ACTOR), task->escalated_by)) answered(task);
    task->session = either(task->session, text_of(facts, fact, F_SESSION));
    task->trace = either(task->trace, text_of(facts, fact, F_TRACE));
}

/* ---- Owners, and who gave the task to whom */

static bool own(Task *task, Span master, int64_t at) { /* false: there are too many */
    if (!master.length || (task->owner_count && same(task->owners[task->owner_count - 1], master))) return true;
    if (task->owner_count == MAX_OWNERS) return false;
    task->owner_since[task->owner_count] = at;
    task->owners[task->owner_count++] = master;
    return true;
}

static void prioritise(const Facts *facts, Task *task, const Fact *fact) {
    Span given = text_of(facts, fact, F_PRIORITY);
    bool invented = is(given, "medium") && task->priority.length && !fact->priority_given;
    if (given.length && !invented) task->priority = given;
}

/* A change of owner stands behind the only one that gave the task to who gives it away (`happens_before._owners`). So a
 * master that gives it away before anybody is known to have given it to him must not be given it later. */
static bool takes_from(Task *task, Span giver) {
    return !giver.length || has_name(&task->given, giver) || add_name(&task->taken_early, giver);
}

static bool gives_to(Task *task, Span taker) {
    return !taker.length || (!has_name(&task->taken_early, taker) && add_name(&task->given, taker));
}

/* `order.MOVED`: what may stand on the other side of a reassignment than it was logged. */
static bool is_movable(const Fact *fact) {
    return (fact->kind >= STARTED && fact->kind <= UNBLOCKED) || fact->kind == SPAWNED;
}

/* Whether a fact may stand before a reassignment that it follows: it is by who gave the task away, close to it. */
static bool stands_before_reassignment(const Task *task, const Fact *fact, Span actor) {
    for (int n = 0; n < task->move_count && is_movable(fact); n++)
        if (same(actor, task->moves[n].from) && fact->at - task->moves[n].at <= APART) return true;
    return false;
}

/* Whether one of the facts before a reassignment may stand behind it: it is by who gets the task, close to it. */
static bool moves_one_behind(const Facts *facts, int64_t place, Span taker) {
    for (int64_t n = place - 1; n >= 0 && facts->sorted[place]->at - facts->sorted[n]->at <= APART; n--)
        if (is_movable(facts->sorted[n]) && same(text_of(facts, facts->sorted[n], F_ACTOR), taker)) return true;
    return false;
}

/* ---- Attempts */

static bool begin_attempt(Task *task, int64_t at) { /* false: there are too many */
    if (task->attempt_count == MAX_ATTEMPTS) return false;
    if (task->started_at == NEVER) task->started_at = at;
    task->attempts[task->attempt_count++] = (Attempt){.said = NONE_YET};
    task->stage = GOING;
    task->ended = S_UNKNOWN;
    task->ended_at = NEVER;
    return true;
}

static void reopen(Task *task, int64_t at, Span master) {
    task->stage = REOPENED;
    task->reopened_at = at;
    task->reopened_to = master;
    task->ended = S_UNKNOWN;
    task->ended_at = NEVER;
    task->era++;
    task->working = 0;
}

static bool step_of_end(const Facts *facts, Task *task, const Fact *fact) { /* `take_end`, `close_attempt`, `set_over` */
    Span status = text_of(facts, fact, F_STATUS);
    bool failed = fact->kind == FAILED || (fact->kind == COMPLETED && is(status, "failed"));
    enum Status outcome = failed ? S_FAILED : fact->kind == CANCELLED ? S_CANCELLED : S_COMPLETED;
    if (task->stage == REOPENED || (task->stage == OVER && outcome != task->outcome)) return false; /* the ends disagree */
    if (task->stage == NOT_BEGUN) {
        task->begun_without_start = true;
        task->attempts[task->attempt_count++] = (Attempt){.said = NONE_YET};
    }
    take(facts, task, fact);
    Attempt *attempt = &task->attempts[task->attempt_count - 1];
    if (fact->tokens > attempt->said) attempt->said = fact->tokens;
    task->last_end_at = fact->at;
    if (task->stage == OVER) return true; /* it was said before */
    attempt->failed = failed;
    Span why = either(text_of(facts, fact, F_REASON), text_of(facts, fact, F_ERROR));
    task->reason = failed ? either(why, task->reason) : why;
    task->waiting = false;
    answered(task);
    task->stage = OVER;
    task->ended = task->outcome = outcome;
    task->partial = outcome == S_COMPLETED && is(status, "partial");
    task->ended_at = fact->at;
    return true;
}

/* A start begins an attempt, unless one is going: then it is that one's, said again. */
static bool step_of_start(const Facts *facts, Task *task, const Fact *fact) {
    Span actor = text_of(facts, fact, F_ACTOR);
    if (task->begun_without_start) return false; /* then the first end may belong to this start */
    take(facts, task, fact);
    if (task->stage != GOING && !begin_attempt(task, fact->at)) return false;
    bool coordinates = actor.length >= 11 && memcmp(actor.start, "coordinator", 11) == 0;
    bool former = false;
    for (int n = 0; n < task->owner_count; n++) former |= same(task->owners[n], actor);
    bool later = !task->owner_count || fact->at > task->owner_since[task->owner_count - 1];
    return !(fact->by_master && actor.length && !coordinates && !former && later) || own(task, actor, fact->at);
}

static bool step_of_assignment(const Facts *facts, Task *task, const Fact *fact) {
    Span master = text_of(facts, fact, F_MASTER);
    if (!task->assigned) { /* the first one stands before the first start, and before all handoffs */
        bool begun = task->attempt_count && !task->begun_without_start;
        if (begun || task->handoff_count || !gives_to(task, master)) return false;
    }
    take(facts, task, fact);
    if (task->assigned && task->stage == OVER && task->ended == S_FAILED) reopen(task, fact->at, master);
    task->assigned = true;
    task->given_at = fact->at;
    prioritise(facts, task, fact);
    return own(task, master, fact->at);
}

static bool step_of_reassignment(const Facts *facts, Task *task, int64_t place) {
    const Fact *fact = facts->sorted[place];
    Span from = text_of(facts, fact, F_FROM), to = text_of(facts, fact, F_TO);
    if (task->move_count == MAX_MOVES || !takes_from(task, from) || !gives_to(task, to)) return false;
    bool between_two = from.length && to.length && !same(from, to);
    if (between_two && moves_one_behind(facts, place, to)) return false;
    take(facts, task, fact);
    task->moves[task->move_count++] = (Move){between_two ? from : (Span){NULL, 0}, to, fact->at};
    if (task->stage == OVER) reopen(task, fact->at, either(to, from));
    task->given_at = fact->at;
    prioritise(facts, task, fact);
    task->reason = either(text_of(facts, fact, F_REASON), task->reason);
    return own(task, to, fact->at);
}

/* ---- Runs of workers */

static Span worker_of(const Facts *facts, const Fact *fact) { /* none: `unnamed worker` */
    return either(text_of(facts, fact, F_WORKER), fact->by_worker ? text_of(facts, fact, F_ACTOR) : (Span){NULL, 0});
}

static bool ends_run(const Fact *fact) { return fact->kind == WORKER_COMPLETED || fact->kind == WORKER_FAILED; }

/* Whether a run that begins at a place has an end there or later. */
static bool ends_later(const Facts *facts, int64_t place, int64_t count, Span name) {
    for (int64_t n = place; n < count; n++)
        if (ends_run(facts->sorted[n]) && same(worker_of(facts, facts->sorted[n]), name)) return true;
    return false;
}

/* How many facts of a task name a master of those that `_masters_of` tells. */
static int times_master(const Facts *facts, int64_t count, Span name) {
    int times = 0;
    for (int64_t n = 0; n < count; n++) {
        const Fact *fact = facts->sorted[n];
        if (fact->kind == ASSIGNED) times += same(text_of(facts, fact, F_MASTER), name);
        if (fact->kind == ACCEPTED) times += same(text_of(facts, fact, F_ACTOR), name);
        if (fact->kind == REASSIGNED || fact->kind == OFFERED)
            times += same(text_of(facts, fact, F_FROM), name) + same(text_of(facts, fact, F_TO), name);
    }
    return times;
}

enum Answer { NO, YES, UNSURE };

/* Whether a run that begins at a place begins an attempt by what came before it: a failed end (`_follows_failure`). */
static bool follows_failure(const Facts *facts, const Task *task, int64_t place, int64_t count, Span name) {
    const Fact *fact = facts->sorted[place];
    if (task->outcome != S_FAILED) return false;
    if (fact->at - task->last_end_at > APART) return true;
    bool begins = fact->kind == SPAWNED || fact->kind == WORKER_STARTED;
    return begins && (!task->started_by_task || !ends_later(facts, place, count, name));
}

/* The same, by what reopened the task (`_Reopenings.begins`). */
static enum Answer follows_reopening(const Facts *facts, const Task *task, int64_t place, int64_t count) {
    const Fact *fact = facts->sorted[place];
    Span spawner = text_of(facts, fact, F_ACTOR);
    if (fact->kind == WORKER_STARTED) return UNSURE; /* it may be spawned later */
    if (fact->kind != SPAWNED) return NO;
    if (!task->reopened_to.length || fact->at - task->reopened_at > APART) return YES;
    return same(spawner, task->reopened_to) && times_master(facts, count, spawner) == 1 ? YES : NO;
}

/* Whether a run that begins at a place begins an attempt, too (A3: `attempts_of`). */
static enum Answer begins_attempt(const Facts *facts, const Task *task, int64_t place, int64_t count, Span name) {
    if (task->begun_without_start) return UNSURE; /* the first end may belong to this start */
    switch (task->stage) {
    case NOT_BEGUN: return task->started_by_task ? NO : YES;
    case GOING: return NO;
    case OVER: return follows_failure(facts, task, place, count, name) ? YES : NO;
    case REOPENED: break;
    }
    return follows_failure(facts, task, place, count, name) ? YES : follows_reopening(facts, task, place, count);
}

/* Begin a run of a worker with a fact; NULL: it is to be told by Python, or there are too many. */
static Run *open_run(const Facts *facts, Task *task, Run *last, int64_t place, int64_t count, Span name, Span type) {
    const Fact *fact = facts->sorted[place];
    enum Answer begins = begins_attempt(facts, task, place, count, name);
    if (begins == UNSURE || task->run_count == MAX_RUNS) return NULL;
    if (begins == YES && !begin_attempt(task, fact->at)) return NULL;
    if (last) last->again = true;
    bool replaces = false; /* one of its type or its id, which failed */
    for (int n = 0; n < task->run_count; n++) {
        const Run *other = &task->runs[n];
        replaces |= other->failed && (same(other->name, name) || (type.length && same(other->type_at_end, type)));
    }
    task->retries += replaces;
    task->working++;
    Run *run = &task->runs[task->run_count++];
    *run = (Run){.name = name, .tokens = NONE_YET, .percent = NONE_YET, .first_at = fact->at, .spawned_at = NEVER,
                 .started_at = NEVER, .ended_at = NEVER, .era = task->era, .begun_by_end = ends_run(fact),
                 .attempt = task->attempt_count ? task->attempt_count - 1 : 0};
    return run;
}

static void close_run(const Facts *facts, Task *task, Run *run, const Fact *fact) {
    Span status = text_of(facts, fact, F_STATUS);
    bool failed = fact->kind == WORKER_FAILED;
    run->zombie = failed && (is(text_of(facts, fact, F_REASON), "zombie_timeout") ||
                             is(text_of(facts, fact, F_ERROR), "zombie_timeout"));
    run->failed = failed || is(status, "failed");
    run->over = true;
    run->ended_at = fact->at;
    run->type_at_end = run->type;
    task->failed_runs += run->failed;
    task->working -= run->era == task->era;
}

static bool step_of_run(const Facts *facts, Task *task, int64_t place, int64_t count) {
    Fact *fact = facts->sorted[place];
    Span name = worker_of(facts, fact), type = text_of(facts, fact, F_WORKER_TYPE);
    bool starts = fact->kind == WORKER_STARTED;
    if (!name.length || is(type, "None")) return false; /* "None" is as good as no type */
    Run *run = NULL;
    for (int n = task->run_count - 1; n >= 0 && !run; n--)
        if (same(task->runs[n].name, name)) run = &task->runs[n];
    if (run && !run->over && (fact->kind == SPAWNED || (starts && run->heard))) return false;
    if (run && run->over && (run->begun_by_end || !(starts || fact->kind == SPAWNED))) return false;
    take(facts, task, fact);
    if (!run || run->over) run = open_run(facts, task, run, place, count, name, type);
    if (!run) return false;
    fact->run = (uint8_t)(run - task->runs + 1);
    if (type.length) run->type = type;
    if (fact->percent >= 0) run->percent = fact->percent, run->odd_percent = fact->odd_percent;
    if (fact->tokens > run->tokens) run->tokens = fact->tokens;
    if (fact->kind == SPAWNED) {
        run->master = text_of(facts, fact, F_ACTOR);
        run->has_master = true;
        run->spawned_at = fact->at;
    } else {
        run->heard = true;
        if (starts) run->started_at = fact->at;
    }
    run->last_at = fact->at;
    if (ends_run(fact)) close_run(facts, task, run, fact);
    return true;
}

/* Whether no last run of an id is open and lacks its spawned or its started, which an earlier one lacks too: then these
 * may be that one's (`runs._give_back`). */
static bool runs_keep_their_starts(const Task *task) {
    for (int last = 1; last < task->run_count; last++) {
        const Run *run = &task->runs[last];
        bool spawned = run->spawned_at != NEVER, started = run->started_at != NEVER;
        if (run->over || run->again || spawned == started) continue;
        for (int n = 0; n < last; n++) {
            const Run *other = &task->runs[n];
            if (same(other->name, run->name) && (spawned ? other->spawned_at : other->started_at) == NEVER) return false;
        }
    }
    return true;
}

/* ---- Handoffs and waits */

static bool step_of_handoff(const Facts *facts, Task *task, const Fact *fact) {
    Span actor = text_of(facts, fact, F_ACTOR), to = text_of(facts, fact, F_TO), id = text_of(facts, fact, F_HANDOFF);
    Handoff *handoff = NULL;
    if (!id.length || is(id, "unnamed handoff")) return false;
    for (int n = 0; n < task->handoff_count && !handoff; n++)
        if (same(task->handoffs[n].id, id)) handoff = &task->handoffs[n];
    take(facts, task, fact);
    if (!handoff) {
        if (task->handoff_count == MAX_HANDOFFS) return false;
        handoff = &task->handoffs[task->handoff_count++];
        *handoff = (Handoff){.id = id, .offered_at = NEVER, .accepted_at = NEVER, .completed_at = NEVER};
    } else if (fact->kind == OFFERED || handoff->completed_at != NEVER ||
               (fact->kind == ACCEPTED && handoff->accepted_at != NEVER)) {
        return false;
    }
    handoff->to = either(handoff->to, to);
    bool moves = fact->kind != OFFERED && handoff->accepted_at == NEVER; /* a completion implies an acceptance */
    if (moves && !gives_to(task, handoff->offered_to)) return false;
    if (fact->kind == OFFERED) {
        if (!takes_from(task, text_of(facts, fact, F_FROM))) return false;
        handoff->offered_at = fact->at;
        handoff->offered_to = to;
        return true;
    }
    if (fact->kind == HANDOFF_COMPLETED) {
        handoff->completed_at = fact->at;
        return !moves || own(task, either(handoff->to, actor), fact->at);
    }
    task->remarks += handoff->to.length && !same(handoff->to, actor); /* another was to accept it */
    handoff->accepted_at = fact->at;
    handoff->accepted_by = actor;
    handoff->to = either(handoff->to, actor);
    return own(task, actor, fact->at);
}

/* Whether a reason names a task among its words (`waits.tokens_of`). */
static bool has_word(Span reason, Span name) {
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-";
    for (size_t begin = 0, end; begin < reason.length; begin = end + 1) {
        for (end = begin; end < reason.length && reason.start[end] && strchr(LETTERS, reason.start[end]); end++) {}
        size_t last = end;
        while (last > begin && strchr(".:-_", reason.start[last - 1])) last--;
        if (last > begin && same((Span){reason.start + begin, last - begin}, name)) return true;
    }
    return false;
}

static bool step_of_wait(const Facts *facts, Task *task, const Fact *fact) {
    Span named = text_of(facts, fact, F_NAMED), reason = text_of(facts, fact, F_REASON);
    if (fact->odd_names || same(named, task->id)) return false;
    if (fact->kind == BLOCKED) {
        if (task->waiting) return false;
        take(facts, task, fact);
        if (!task->ended) {
            task->waiting = true;
            task->waits_for = named;
            task->reason = reason;
        }
        return true;
    }
    /* Only what surely ends the one wait: it names the same, or nothing. */
    bool escaped = reason.length && memchr(reason.start, '\\', reason.length); /* its words are not spelled so */
    bool ends = named.length ? same(named, task->waits_for)
        : reason.length      ? task->waits_for.length && !escaped && has_word(reason, task->waits_for)
                             : true;
    if (task->ended || !task->waiting || !ends) return false;
    take(facts, task, fact);
    task->waiting = false;
    task->reason = (Span){NULL, 0};
    return true;
}

/* ---- All of them */

static bool step_of_creation(const Facts *facts, Task *task, const Fact *fact) {
    bool first = task->created_at == NEVER;
    if (first && task->events) return false;
    take(facts, task, fact);
    if (first) {
        task->created_at = fact->at;
        task->parent_event = text_of(facts, fact, F_PARENT);
    }
    task->task_type = either(task->task_type, text_of(facts, fact, F_TYPE));
    task->priority = either(task->priority, text_of(facts, fact, F_PRIORITY));
    task->parent_id = either(task->parent_id, text_of(facts, fact, F_PARENT_TASK));
    return !first || !fact->text[F_PARENT].at || task->parent_event.length; /* an empty name is one here */
}

static bool step_of_escalation(const Facts *facts, Task *task, const Fact *fact) {
    Span reason = text_of(facts, fact, F_REASON);
    take(facts, task, fact);
    if (!task->ended) {
        task->escalated = true;
        task->escalated_at = fact->at;
        task->escalated_by = text_of(facts, fact, F_ACTOR);
        task->escalation = either(reason, task->escalation);
    }
    task->reason = either(reason, task->reason);
    return true;
}

/* Move a task on by the fact at a place; false: it is to be told by Python. */
static bool step(const Facts *facts, Task *task, int64_t place, int64_t count) {
    const Fact *fact = facts->sorted[place];
    bool plain = false;
    if (stands_before_reassignment(task, fact, text_of(facts, fact, F_ACTOR))) return false;
    switch ((enum EventKind)fact->kind) {
    case SPAWNED: case WORKER_STARTED: case PROGRESS: case WORKER_COMPLETED: case WORKER_FAILED:
        plain = step_of_run(facts, task, place, count);
        break;
    case OFFERED: case ACCEPTED: case HANDOFF_COMPLETED: plain = step_of_handoff(facts, task, fact); break;
    case BLOCKED: case UNBLOCKED: plain = step_of_wait(facts, task, fact); break;
    case CREATED: plain = step_of_creation(facts, task, fact); break;
    case ASSIGNED: plain = step_of_assignment(facts, task, fact); break;
    case REASSIGNED: plain = step_of_reassignment(facts, task, place); break;
    case STARTED: plain = step_of_start(facts, task, fact); break;
    case COMPLETED: case FAILED: case CANCELLED: plain = step_of_end(facts, task, fact); break;
    case ESCALATED: plain = step_of_escalation(facts, task, fact); break;
    case OTHER: break;
    }
    settle(task, fact->at);
    return plain;
}

static int by_id(const void *a, const void *b) {
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

/* Whether no id stands twice among them, and none is named as a cause by a fact that comes before it. */
static bool causes_agree(const Facts *facts, int64_t count) {
    uint64_t *ids = facts->ids; /* pairs of an id and its place */
    for (int64_t n = 0; n < count; n++) {
        ids[2 * n] = facts->sorted[n]->id;
        ids[2 * n + 1] = (uint64_t)n;
    }
    qsort(ids, (size_t)count, 2 * sizeof *ids, by_id);
    for (int64_t n = 1; n < count; n++)
        if (ids[2 * n] == ids[2 * n - 2]) return false;
    for (int64_t n = 0; n < count; n++) {
        uint64_t parent = facts->sorted[n]->parent;
        if (!parent) continue;
        int64_t low = 0, high = count;
        while (low < high) {
            int64_t middle = (low + high) / 2;
            if (ids[2 * middle] < parent)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < count && ids[2 * low] == parent && ids[2 * low + 1] >= (uint64_t)n) return false;
    }
    return true;
}

/* Make a task of facts that are in `sorted`; false: it is to be told by Python. */
static bool derive(Facts *facts, Task *task, Span id, int64_t count) {
    static const Task NEW = {.created_at = NEVER, .started_at = NEVER, .ended_at = NEVER, .given_at = NEVER};
    memcpy(task, &NEW, offsetof(Task, attempts));
    task->id = id;
    for (int64_t n = 0; n < count; n++) task->started_by_task |= facts->sorted[n]->kind == STARTED;
    bool plain = id.length > 0 && causes_agree(facts, count);
    for (int64_t n = 0; n < count && plain; n++) plain = step(facts, task, n, count);
    return plain && runs_keep_their_starts(task);
}
#endif
