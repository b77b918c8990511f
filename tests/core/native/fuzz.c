/* Lines that are damaged at random go through cutter.c, or with -DFACTS through facts.c, under the sanitizers: compiled
 * and run by fuzz.py.
 *
 *     fuzz SEED COUNT < LINES
 *
 * Each piece stands in memory of its own size, so that a byte read beyond it is found; one call in eight runs out of
 * memory at a random allocation; what is exported is released as a consumer does. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static long allowed = -1; /* allocations that still succeed; -1: all do */
static int refused(void) { return allowed >= 0 && allowed-- == 0; }
static void *scarce_malloc(size_t size) { return refused() ? NULL : malloc(size); }
static void *scarce_calloc(size_t count, size_t size) { return refused() ? NULL : calloc(count, size); }
static void *scarce_realloc(void *old, size_t size) { return refused() ? NULL : realloc(old, size); }
#define malloc scarce_malloc
#define calloc scarce_calloc
#define realloc scarce_realloc
#ifdef FACTS
#include "facts.c"
#else
#include "cutter.c"
#endif
#undef malloc
#undef calloc
#undef realloc

#ifdef FACTS
enum { MORE = 60 }; /* lines of a piece at most, but for two: enough for whole tasks */
#else
enum { MORE = 0 };
#endif

static uint64_t state;
static uint64_t draw(uint64_t below) { /* xorshift */
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state % below;
}

static uint64_t looked_at; /* so that what is exported is really read */

#ifdef FACTS
/* Fold a piece as a file; how many lines were taken. */
static long consumed(Bytes piece, int64_t size, const uint64_t secret[2]) {
    Facts *facts = facts_new("\"lineage-2026-11-22.jsonl\"", "[]", secret);
    long rows = 0;
    if (!facts) return 0;
    int64_t odd = facts_take(facts, piece, size, 0), count = odd < 0 ? -1 : 1;
    for (int64_t n = 0; n < odd; n++) looked_at += (uint64_t)facts_odd(facts)[2 * n];
    if (odd >= 0 && facts->count && draw(4) == 0) facts_withdraw(facts, facts->facts[draw(facts->count)].offset);
    while (count > 0 && (count = facts_next(facts, (int64_t)draw(2000))) > 0) {
        for (int64_t n = 0; n < facts_ends(facts)[count - 1]; n++) looked_at += facts_packed(facts)[n];
        for (int64_t n = 0; n < facts_rows_size(facts); n++) looked_at += facts_rows(facts)[n];
        rows += count;
    }
    static const char IDS[] = "task-1\n\nlineage-1\n"; /* of each it is told, whether they are there or not */
    Span one = {facts->tasks.bytes, facts->tasks.count ? (size_t)facts->tasks.ends[1] : 0};
    uint8_t line[2 * MAX_ID + sizeof IDS];
    if (count == 0 && one.length < 2 * MAX_ID) {
        if (one.length) memcpy(line, one.start, one.length);
        line[one.length] = '\n';
        memcpy(line + one.length + 1, IDS, sizeof IDS - 1);
        if (facts_lengths(facts, line, (int64_t)(one.length + sizeof IDS)) >= 0)
            for (int64_t n = 0; n < facts_rows_size(facts); n++) looked_at += facts_rows(facts)[n];
        Span id = facts->count ? text_of(facts, &facts->facts[0], F_ID) : (Span){NULL, 0};
        if (id.length && id.length < MAX_ID) memcpy(line, id.start, id.length), line[id.length] = '\n';
        if (facts_homes(facts, line, (int64_t)(id.length && id.length < MAX_ID ? id.length + 1 : 0)) >= 0)
            for (int64_t n = 0; n < facts_rows_size(facts); n++) looked_at += facts_rows(facts)[n];
    }
    facts_free(facts);
    return rows;
}
#else
static void consume(Cut *cut, int64_t size) {
    struct ArrowSchema schema;
    struct ArrowArray array;
    if (cut_columns(cut, size, &schema, &array)) {
        for (int64_t n = 0; n < array.n_children; n++)
            if (array.length && schema.children[n]->format[0] != 'v')
                looked_at += ((const uint8_t *)array.children[n]->buffers[1])[array.length - 1];
        array.release(&array);
        schema.release(&schema);
    }
    if (cut_texts(cut, &schema, &array)) {
        const int64_t *ends = array.buffers[1];
        for (int64_t n = 0; n < ends[array.length]; n++) looked_at += ((const uint8_t *)array.buffers[2])[n];
        array.release(&array);
        schema.release(&schema);
    }
}

/* Cut a piece; how many lines were taken. */
static long consumed(Bytes piece, int64_t size, const uint64_t secret[2]) {
    Cut *cut = cut_new(piece, size, 0, secret);
    if (!cut) return 0;
    long rows = cut->rows;
    for (int64_t n = 0; n < cut_odd_lines(cut); n++) looked_at += (uint64_t)cut_odd(cut)[2 * n];
    consume(cut, size);
    cut_free(cut);
    return rows;
}
#endif

int main(int argc, char **argv) {
    static const char BYTES[] = "{}[]\",:\\0123456789-+.eEntfu \t\r\n\x80\xbf\xc2\xe2\xed\xf0\xff";
    if (argc != 3) return 2;
    state = strtoull(argv[1], NULL, 10) * 2654435761u + 88172645463325252ull;
    long count = atol(argv[2]), lines = 0, rows = 0, scarce = 0;
    size_t room = 1 << 26, size;
    uint8_t *corpus = malloc(room);
    size_t *starts = malloc(sizeof *starts * (1 << 20));
    if (!corpus || !starts) return 2;
    size = fread(corpus, 1, room, stdin);
    for (size_t at = 0; at < size && lines < (1 << 20) - 1; lines++) {
        uint8_t *newline = memchr(corpus + at, '\n', size - at);
        starts[lines] = at;
        at = newline ? (size_t)(newline - corpus) + 1 : size;
    }
    starts[lines] = size;
    if (lines < 8 + MORE) return 2;
    for (long piece = 0; piece < count; piece++) {
        long first = (long)draw((uint64_t)lines - 3 - MORE), last = first + 1 + (long)draw(3 + MORE);
        size_t length = starts[last] - starts[first], other = starts[draw((uint64_t)lines)];
        uint8_t *text = malloc(length ? length : 1);
        memcpy(text, corpus + starts[first], length);
        switch (draw(4)) {
        case 0: break;
        case 1: length = draw(length + 1); break; /* torn */
        case 2: { /* a piece of another line in it */
            size_t at = draw(length + 1), most = length - at < size - other ? length - at : size - other;
            memcpy(text + at, corpus + other, draw(most + 1));
            break;
        }
        default:
            for (uint64_t flips = 1 + draw(4); flips > 0 && length; flips--)
                text[draw(length)] = draw(4) ? (uint8_t)BYTES[draw(sizeof BYTES - 1)] : (uint8_t)draw(256);
        }
        uint8_t *exact = malloc(length ? length : 1); /* no byte behind it */
        memcpy(exact, text, length);
        free(text);
        if (draw(8) == 0) allowed = (long)draw(60), scarce++;
        rows += consumed(exact, (int64_t)length, (const uint64_t[2]){draw(UINT64_MAX), draw(UINT64_MAX)});
        allowed = -1;
        free(exact);
    }
    free(corpus);
    free(starts);
    printf("%ld pieces, %ld of them with little memory, %ld rows (%u)\n", count, scarce, rows, (unsigned)looked_at & 1);
    return 0;
}
