/* Lines of event records -> packed facts, task by task, and the rows of plain tasks: what folds a whole journal file.
 *
 * A line is *proven* if it is one compact JSON object that `lineage_core/read/decoder.py` would take as one event, and if
 * `model/facts.py` would keep each of its values as it stands. Then its fact is packed here, byte for byte as
 * `facts.pack(facts.fact_of(...))` packs it: the texts are those of the line, and the digest is the SHA-1 of the record
 * with its keys in order, which is what orjson writes with OPT_SORT_KEYS as long as each value is spelled as orjson
 * spells it. So nothing is proven that has a key twice in one object, an escape that orjson would write otherwise, a
 * number of more than 15 digits, with an exponent, needless zeros or less than 0.001, a text longer than facts keep, or
 * lists in lists. What is not proven is told (`facts_odd`), and Python decides.
 *
 * `facts_next` puts the facts of each task in order. Of a task that is *plain* it also tells the row: what
 * `meaning/fold.py` makes of facts of which none has to be moved by its cause, event by event as there. A task is left to
 * Python if it is not plain, if any event of it stands twice, or if it has a wait that is not over or names several
 * tasks, ends that disagree, or a kind of event that we do not know. A condition here may be too strict, never too loose:
 * `tests/core/native/test_facts.py` compares both.
 *
 * How to read it: in `packed_facts.h` `parse` makes a tree of nodes of a line and `pack` writes its fact, in
 * `task_steps.h` `step` moves a Task on by a fact, in `task_rows.h` `write_row` writes it as JSON; here is what Python
 * calls. Every allocation may fail; then the call
 * gives NULL or a negative number. There is no state outside of a Facts. */
#include "task_rows.h"

/* ---- A task: its facts in order, and what is told of it */

static int by_order(const void *a, const void *b) {
    const Fact *one = *(Fact *const *)a, *other = *(Fact *const *)b;
    if (one->at != other->at) return one->at < other->at ? -1 : 1;
    return (one->offset > other->offset) - (one->offset < other->offset);
}

/* The facts of a task in order, in `sorted`: how many; negative: there is no memory. */
static int64_t gather(Facts *facts, uint32_t task) {
    const Chain *chain = &facts->chains[task];
    size_t had = facts->sorted_room;
    if (!grown(&facts->sorted, &facts->sorted_room, chain->count, sizeof *facts->sorted)) return -1;
    if (facts->sorted_room > had) {
        uint64_t *more = realloc(facts->ids, facts->sorted_room * 2 * sizeof *more);
        if (!more) return -1;
        facts->ids = more;
    }
    int64_t count = 0;
    for (uint32_t n = chain->last; n; n = facts->facts[n - 1].next)
        if (!facts->facts[n - 1].withdrawn) facts->sorted[count++] = &facts->facts[n - 1];
    for (int64_t a = 0, b = count - 1; a < b; a++, b--) { /* the newest came first */
        Fact *swapped = facts->sorted[a];
        facts->sorted[a] = facts->sorted[b];
        facts->sorted[b] = swapped;
    }
    for (int64_t n = 1; n < count; n++)
        if (by_order(&facts->sorted[n - 1], &facts->sorted[n]) > 0) {
            qsort(facts->sorted, (size_t)count, sizeof *facts->sorted, by_order);
            break;
        }
    return count;
}

/* Write the row of a task whose facts are in `sorted`, or its id, if that is all that can be told here. */
static void tell(Facts *facts, Span id, int64_t count) {
    Buffer *rows = &facts->rows;
    size_t begin = rows->length;
    Task task;
    if (derive(facts, &task, id, count) && write_row(facts, &task, rows)) return;
    if (rows->failed) return;
    rows->length = begin;
    write_text(rows, "\"");
    write_span(rows, id);
    write_text(rows, "\"");
}

/* ---- What Python calls */

#ifndef SOURCES
#define SOURCES 0
#endif

/* The checksum of the sources that this was compiled from. */
uint32_t facts_sources(void) { return SOURCES; }

void facts_free(Facts *facts) {
    if (!facts) return;
    texts_free(&facts->tasks);
    free(facts->file.bytes);
    free(facts->hosts.bytes);
    free(facts->chains);
    free(facts->facts);
    free(facts->sorted);
    free(facts->ids);
    free(facts->packed.bytes);
    free(facts->canonical.bytes);
    free(facts->odd);
    free(facts->out.bytes);
    free(facts->rows.bytes);
    free(facts->ends);
    free(facts);
}

/* The facts of a file whose name, and whose hosts as its rows have them, are given as JSON. NULL: there is no memory. */
Facts *facts_new(const char *file, const char *hosts, const uint64_t secret[2]) {
    Facts *facts = calloc(1, sizeof *facts);
    if (!facts) return NULL;
    facts->sha1 = sha1_here();
    bool there = texts_new(&facts->tasks, secret);
    write_text(&facts->file, file);
    write_text(&facts->hosts, hosts);
    if (there && !facts->file.failed && !facts->hosts.failed) return facts;
    facts_free(facts);
    return NULL;
}

/* Take the lines of a block that stands at `base` of the file, behind all that was taken before; bytes behind its last
 * newline are left alone. How many of them are odd; negative: there is no memory, and the facts are good for nothing. */
int64_t facts_take(Facts *facts, Bytes block, int64_t size, int64_t base) {
    Bytes end = block + size, newline;
    facts->odd_lines = 0;
    for (Bytes p = block; p < end && (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1)
        if (p < newline && !take_line(facts, block, p, newline, base + (p - block))) return -1;
    return facts->odd_lines;
}

/* Their starts and ends in turn. */
const int64_t *facts_odd(const Facts *facts) { return &facts->odd[0].start; }

/* Take back the fact of the line at `offset` of the file. */
void facts_withdraw(Facts *facts, int64_t offset) {
    uint32_t low = 0, high = facts->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (facts->facts[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < facts->count && facts->facts[low].offset == offset) facts->facts[low].withdrawn = true;
}

/* Tell the next tasks, until their facts take about `size` bytes: how many; 0 when there are no more, negative where
 * there is no memory. What `facts_packed`, `facts_ends` and `facts_rows` give holds until the next call. */
int64_t facts_next(Facts *facts, int64_t size) {
    int64_t count = 0;
    facts->out.length = facts->rows.length = 0;
    for (; facts->next_task < facts->tasks.count && (int64_t)facts->out.length < size; facts->next_task++) {
        int64_t start = facts->tasks.ends[facts->next_task], end = facts->tasks.ends[facts->next_task + 1];
        int64_t facts_here = gather(facts, facts->next_task);
        if (facts_here < 0 || !grown(&facts->ends, &facts->ends_room, (size_t)count + 1, sizeof *facts->ends)) return -1;
        if (!facts_here) continue;
        for (int64_t n = 0; n < facts_here; n++) {
            const Fact *fact = facts->sorted[n];
            write_bytes(&facts->out, facts->packed.bytes + fact->start, fact->length);
        }
        facts->ends[count] = (int64_t)facts->out.length;
        write_text(&facts->rows, count++ ? "," : "[");
        tell(facts, (Span){facts->tasks.bytes + start, (size_t)(end - start)}, facts_here);
    }
    if (count) write_text(&facts->rows, "]");
    return facts->out.failed || facts->rows.failed ? -1 : count;
}

/* Tell how long what is expected of tasks took, whose ids stand on lines: `facts_rows` gives it as a JSON array, null for
 * what Python has to tell. Negative: there is no memory. */
int64_t facts_lengths(Facts *facts, Bytes ids, int64_t size) {
    Buffer *out = &facts->rows;
    int64_t count = 0;
    out->length = 0;
    write_text(out, "[");
    for (Bytes p = ids, end = ids + size, newline; p < end && (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1) {
        Span id = {p, (size_t)(newline - p)};
        uint32_t number = known_number(&facts->tasks, id);
        int64_t facts_here = number ? gather(facts, number - 1) : 0;
        if (facts_here < 0) return -1;
        write_text(out, count++ ? ",[" : "[");
        size_t begin = out->length;
        Task task;
        if (!facts_here || !derive(facts, &task, id, facts_here) || !write_lengths(facts, &task, out)) {
            out->length = out->failed ? out->length : begin - 1;
            write_text(out, "null");
        } else {
            write_text(out, "]");
        }
    }
    write_text(out, "]");
    return out->failed ? -1 : count;
}

/* Tell the tasks of events whose ids, as JSON spells them, stand on lines: `facts_rows` gives pairs of an event and a
 * task as a JSON array. Negative: there is no memory. */
int64_t facts_homes(Facts *facts, Bytes ids, int64_t size) {
    Buffer *out = &facts->rows;
    Texts sought;
    int64_t count = texts_new(&sought, facts->tasks.secret) ? 0 : -1;
    out->length = 0;
    write_text(out, "[");
    for (Bytes p = ids, end = ids + size, newline; count == 0 && p < end && (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1)
        if (!number_of(&sought, (Span){p, (size_t)(newline - p)})) count = -1;
    for (uint32_t n = 0; count >= 0 && n < facts->count; n++) {
        const Fact *fact = &facts->facts[n];
        if (fact->withdrawn || !known_number(&sought, text_of(facts, fact, F_ID))) continue;
        int64_t start = facts->tasks.ends[fact->task - 1], end = facts->tasks.ends[fact->task];
        write_text(out, count++ ? ",[\"" : "[\"");
        write_span(out, text_of(facts, fact, F_ID));
        write_text(out, "\",\"");
        write_bytes(out, facts->tasks.bytes + start, (size_t)(end - start));
        write_text(out, "\"]");
    }
    write_text(out, "]");
    texts_free(&sought);
    return out->failed ? -1 : count;
}

const uint8_t *facts_packed(const Facts *facts) { return facts->out.bytes; }

/* For each task where its facts end in them. */
const int64_t *facts_ends(const Facts *facts) { return facts->ends; }

/* A JSON array: of each task its row, or its id where Python has to tell it. */
const uint8_t *facts_rows(const Facts *facts) { return facts->rows.bytes; }

int64_t facts_rows_size(const Facts *facts) { return (int64_t)facts->rows.length; }
