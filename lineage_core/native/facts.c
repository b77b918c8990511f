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
 * `meaning/fold.py` makes of facts of which each follows plainly (`meaning/in_order_check.py`), event by event as there.
 * The functions have the names of those there. A task is left to Python if it is not plain, if any event of it stands
 * twice, or if it has a wait that is not over or names several tasks, a remark, or a kind of event that we do not know. A condition here may be too strict, never too loose: `tests/core/native/test_facts.py` compares both.
 *
 * How to read it: `parse` makes a tree of nodes of a line, `pack` writes its fact and keeps where the texts stand in it
 * (Fact), `step` moves a Task on by a fact, `write_row` writes it as JSON. Every allocation may fail; then the call
 * gives NULL or a negative number. There is no state outside of a Facts. */
#include "lines.h"

#include <stdio.h>
#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#include <immintrin.h>
#define HAS_SHA
#endif

enum { MAX_NODES = 2048, MAX_KEYS = 64, MAX_ITEMS = 64, MAX_PACKED = 65000, MAX_RUNS = 64, MAX_OWNERS = 16, MAX_PHASES = 64, NONE_YET = -1 };
enum { LAST_PAUSES = 1000, ENOUGH_PAUSES = 3, MINUTE = 60000000 }; /* as meaning/pauses.py has them */

/* ---- Bytes that grow */

typedef struct {
    uint8_t *bytes;
    size_t length, room;
    bool failed; /* there was no memory: what was written since is lost */
} Buffer;

static bool more_room(Buffer *out, size_t length) {
    size_t room = out->room ? out->room : 1 << 12;
    while (room < out->length + length) room *= 2;
    uint8_t *more = out->failed ? NULL : realloc(out->bytes, room);
    if (!more) return !(out->failed = true);
    out->bytes = more;
    out->room = room;
    return true;
}

static inline void write_bytes(Buffer *out, const void *bytes, size_t length) {
    if (out->failed || (out->length + length > out->room && !more_room(out, length))) return;
    if (length) memcpy(out->bytes + out->length, bytes, length);
    out->length += length;
}

static inline void write_text(Buffer *out, const char *text) { write_bytes(out, text, strlen(text)); }
static void write_span(Buffer *out, Span span) { write_bytes(out, span.start, span.length); }

static void write_unsigned(Buffer *out, uint64_t value) {
    uint8_t digits[20];
    size_t first = sizeof digits;
    do digits[--first] = (uint8_t)('0' + value % 10);
    while (value /= 10);
    write_bytes(out, digits + first, sizeof digits - first);
}

static void write_integer(Buffer *out, int64_t value) {
    if (value < 0) write_text(out, "-");
    write_unsigned(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* ---- SHA-1 (FIPS 180-4), of which a digest is the first 64 bits */

static inline uint32_t rotated(uint32_t word, int bits) { return word << bits | word >> (32 - bits); }

static void sha1_portable(uint32_t state[5], Bytes block, size_t blocks) {
    for (; blocks > 0; block += 64, blocks--) {
        uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
        for (int n = 0; n < 16; n++) {
            Bytes four = block + 4 * n;
            w[n] = (uint32_t)four[0] << 24 | (uint32_t)four[1] << 16 | (uint32_t)four[2] << 8 | four[3];
        }
        for (int n = 16; n < 80; n++) w[n] = rotated(w[n - 3] ^ w[n - 8] ^ w[n - 14] ^ w[n - 16], 1);
#define ROUNDS(first, mixed, constant)                                                                                \
    for (int n = first; n < first + 20; n++) {                                                                         \
        uint32_t next = rotated(a, 5) + (mixed) + e + constant + w[n];                                                 \
        e = d, d = c, c = rotated(b, 30), b = a, a = next;                                                             \
    }
        ROUNDS(0, d ^ (b & (c ^ d)), 0x5A827999u)
        ROUNDS(20, b ^ c ^ d, 0x6ED9EBA1u)
        ROUNDS(40, (b & c) | (d & (b | c)), 0x8F1BBCDCu)
        ROUNDS(60, b ^ c ^ d, 0xCA62C1D6u)
#undef ROUNDS
        state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
    }
}

#ifdef HAS_SHA
/* The same by the instructions that processors of today have for it: four rounds at once, in `e` the A of four before. */
__attribute__((target("sha,sse4.1"))) static void sha1_by_processor(uint32_t state[5], Bytes block, size_t blocks) {
    const __m128i swapped = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)state), 0x1B);
    __m128i e = _mm_set_epi32((int)state[4], 0, 0, 0), w[4];
    for (; blocks > 0; block += 64, blocks--) {
        __m128i abcd_before = abcd, e_before = e;
        for (int n = 0; n < 4; n++)
            w[n] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(block + 16 * n)), swapped);
#define ROUNDS(first, function)                                                                                       \
    for (int n = first; n < first + 5; n++) {                                                                          \
        if (n >= 4)                                                                                                    \
            w[n % 4] = _mm_sha1msg2_epu32(                                                                             \
                _mm_xor_si128(_mm_sha1msg1_epu32(w[n % 4], w[(n + 1) % 4]), w[(n + 2) % 4]), w[(n + 3) % 4]);          \
        __m128i mixed = n ? _mm_sha1nexte_epu32(e, w[n % 4]) : _mm_add_epi32(e, w[0]);                                 \
        e = abcd;                                                                                                      \
        abcd = _mm_sha1rnds4_epu32(abcd, mixed, function);                                                             \
    }
        ROUNDS(0, 0)
        ROUNDS(5, 1)
        ROUNDS(10, 2)
        ROUNDS(15, 3)
#undef ROUNDS
        e = _mm_sha1nexte_epu32(e, e_before);
        abcd = _mm_add_epi32(abcd, abcd_before);
    }
    _mm_storeu_si128((__m128i *)(void *)state, _mm_shuffle_epi32(abcd, 0x1B));
    state[4] = (uint32_t)_mm_extract_epi32(e, 3);
}
#endif

typedef void (*Sha1)(uint32_t state[5], Bytes block, size_t blocks);

static Sha1 sha1_here(void) {
#ifdef HAS_SHA
    unsigned a, b, c, d;
    bool sse41 = __get_cpuid(1, &a, &b, &c, &d) && c & 1u << 19;
    if (sse41 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & 1u << 29) return sha1_by_processor;
#endif
    return sha1_portable;
}

static uint64_t digest_of(Sha1 sha1, Bytes bytes, size_t length) {
    uint32_t state[5] = {0x67452301u, 0xEFCDAB89u, 0x98BADCFEu, 0x10325476u, 0xC3D2E1F0u};
    uint8_t last[128] = {0};
    size_t whole = length / 64, left = length % 64, end = left < 56 ? 1 : 2;
    sha1(state, bytes, whole);
    memcpy(last, bytes + 64 * whole, left);
    last[left] = 0x80;
    for (size_t n = 0; n < 8; n++) last[64 * end - 1 - n] = (uint8_t)((uint64_t)length * 8 >> 8 * n);
    sha1(state, last, end);
    return (uint64_t)state[0] << 32 | state[1];
}

/* ---- A line as a tree */

enum NodeKind { STRING, NUMBER, WORD, ARRAY, OBJECT };

typedef struct {
    Span key, raw;  /* raw: as it is spelled, a text with its quotes */
    double number;
    int first, next; /* its first member, and the next member of what it is in; NONE_YET: none */
    int members;
    uint8_t kind;
    bool escaped;   /* a text with escapes in it */
    bool is_true;
    bool is_null;
} Node;

typedef struct {
    Cursor in;
    Node nodes[MAX_NODES];
    int used;
} Tree;

/* Whether orjson spells the escapes of a text likewise: of those that `string` takes, all but \/. */
static bool usual_escapes(Span text) {
    for (size_t n = 0; n < text.length; n++)
        if (text.start[n] == '\\' && text.start[++n] == '/') return false;
    return true;
}

/* Whether orjson spells a number likewise. */
static bool usual_number(Span raw, double value) {
    bool negative = raw.start[0] == '-';
    if (value == 0 && negative) return false;
    Bytes point = memchr(raw.start, '.', raw.length);
    if (!point) return true;
    size_t fraction = (size_t)(raw.start + raw.length - point) - 1;
    if (fraction > 1 && raw.start[raw.length - 1] == '0') return false;
    return !(raw.start[negative] == '0' && fraction >= 3 && memcmp(point + 1, "000", 3) == 0);
}

static int parse(Tree *tree, int depth);

/* The members of an array or an object, behind its bracket. */
static bool parse_members(Tree *tree, int depth, int node, uint8_t close) {
    Cursor *in = &tree->in;
    int last = NONE_YET;
    bool keys = close == '}';
    if (passed(in, close)) return true;
    do {
        Span key = {NULL, 0};
        if (keys && !(plain_string(in, &key) && passed(in, ':'))) return false;
        int member = parse(tree, depth + 1);
        if (member < 0) return false;
        tree->nodes[member].key = key;
        if (last < 0)
            tree->nodes[node].first = member;
        else
            tree->nodes[last].next = member;
        tree->nodes[node].members++;
        last = member;
    } while (passed(in, ','));
    return passed(in, close);
}

/* The number of the node of the next value; negative: it is not proven. */
static int parse(Tree *tree, int depth) {
    Cursor *in = &tree->in;
    if (in->at >= in->end || depth > MAX_DEPTH || tree->used == MAX_NODES) return -1;
    int made = tree->used++;
    Node *node = &tree->nodes[made];
    Span text;
    *node = (Node){.first = NONE_YET, .next = NONE_YET};
    node->raw.start = in->at;
    bool proven;
    switch (*in->at) {
    case '"':
        in->at++;
        node->kind = STRING;
        proven = string(in, &text, &node->escaped) && (!node->escaped || usual_escapes(text));
        break;
    case '{':
        in->at++;
        node->kind = OBJECT;
        proven = parse_members(tree, depth, made, '}');
        break;
    case '[':
        in->at++;
        node->kind = ARRAY;
        proven = parse_members(tree, depth, made, ']');
        break;
    case 't':
        node->kind = WORD;
        proven = node->is_true = word(in, "true", 4);
        break;
    case 'f':
        node->kind = WORD;
        proven = word(in, "false", 5);
        break;
    case 'n':
        node->kind = WORD;
        proven = node->is_null = null(in);
        break;
    default:
        node->kind = NUMBER;
        proven = number(in, &node->number);
        node->raw.length = (size_t)(in->at - node->raw.start);
        proven = proven && usual_number(node->raw, node->number);
    }
    node->raw.length = (size_t)(in->at - node->raw.start);
    return proven ? made : -1;
}

/* The text of a node that is one, without its quotes. */
static Span text_in(const Node *node) { return (Span){node->raw.start + 1, node->raw.length - 2}; }

static inline bool equals(Span text, const char *other, size_t length) {
    return text.length == length && memcmp(text.start, other, length) == 0;
}
#define is(text, literal) equals(text, literal, sizeof(literal) - 1)

/* A member of an object by its key; NULL: there is none. */
static const Node *member_by(const Tree *tree, const Node *object, const char *key, size_t length) {
    for (int n = object ? object->first : NONE_YET; n >= 0; n = tree->nodes[n].next)
        if (equals(tree->nodes[n].key, key, length)) return &tree->nodes[n];
    return NULL;
}
#define member(tree, object, key) member_by(tree, object, key, sizeof(key) - 1)

static bool is_kind(const Node *node, enum NodeKind kind) { return node && node->kind == kind; }
static bool is_absent(const Node *node) { return !node || node->is_null; }

static int order_of_keys(Span a, Span b) {
    int first = memcmp(a.start, b.start, a.length < b.length ? a.length : b.length);
    return first ? first : (a.length > b.length) - (a.length < b.length);
}

/* Write a value with the keys of its objects in order; false: a key stands twice in one of them, or there are too many. */
static bool write_canonical(const Tree *tree, const Node *node, Buffer *out) {
    if (node->kind == ARRAY) {
        write_text(out, "[");
        for (int n = node->first; n >= 0; n = tree->nodes[n].next) {
            if (!write_canonical(tree, &tree->nodes[n], out)) return false;
            if (tree->nodes[n].next >= 0) write_text(out, ",");
        }
        write_text(out, "]");
    } else if (node->kind == OBJECT) {
        int sorted[MAX_KEYS], count = 0;
        if (node->members > MAX_KEYS) return false;
        for (int n = node->first; n >= 0; n = tree->nodes[n].next) {
            int at = count++;
            for (; at > 0; at--) {
                int order = order_of_keys(tree->nodes[sorted[at - 1]].key, tree->nodes[n].key);
                if (order == 0) return false;
                if (order < 0) break;
                sorted[at] = sorted[at - 1];
            }
            sorted[at] = n;
        }
        write_text(out, "{");
        for (int n = 0; n < count; n++) {
            const Node *one = &tree->nodes[sorted[n]];
            write_bytes(out, n ? ",\"" : "\"", n ? 2 : 1);
            write_span(out, one->key);
            write_text(out, "\":");
            if (!write_canonical(tree, one, out)) return false;
        }
        write_text(out, "}");
    } else {
        write_span(out, node->raw);
    }
    return true;
}

/* ---- Facts */

enum EventKind {
    CREATED, ASSIGNED, STARTED, COMPLETED, FAILED, CANCELLED, BLOCKED, UNBLOCKED, ESCALATED, SPAWNED, WORKER_STARTED,
    PROGRESS, WORKER_COMPLETED, WORKER_FAILED, OFFERED, ACCEPTED, HANDOFF_COMPLETED, REASSIGNED, OTHER
};
#define TYPE(name) {name, sizeof(name) - 1}
static const struct { const char *name; size_t length; } EVENT_TYPES[] = {
    TYPE("task_created"), TYPE("task_assigned"), TYPE("task_started"), TYPE("task_completed"), TYPE("task_failed"), TYPE("task_cancelled"), TYPE("task_blocked"),
    TYPE("task_unblocked"), TYPE("task_escalated"), TYPE("worker_spawned"), TYPE("worker_started"), TYPE("worker_progress"), TYPE("worker_completed"),
    TYPE("worker_failed"), TYPE("handoff_created"), TYPE("handoff_accepted"), TYPE("handoff_completed"), TYPE("task_reassigned")};
#undef TYPE

enum Field { /* texts of a fact that a row needs; an empty one is none */
    F_ID, F_ACTOR, F_PARENT, F_SESSION, F_TRACE, F_TYPE, F_PRIORITY, F_MASTER, F_FROM, F_TO, F_WORKER, F_WORKER_TYPE,
    F_HANDOFF, F_STATUS, F_REASON, F_ERROR, F_PARENT_TASK, F_NAMED, FIELDS
};

typedef struct { uint16_t at, length; } Piece; /* of a packed fact, of which the first byte is its bracket: 0 is none */

typedef struct {
    int64_t at, offset, tokens; /* tokens, percent: negative if there are none */
    uint64_t digest, id, parent; /* id, parent: hashes of the lineage_ids; 0: no parent */
    uint64_t start;              /* of the packed fact, which has `length` bytes */
    double percent;
    uint32_t length, task, next; /* next: the fact of the task that came before it, from 1; 0: none */
    Piece text[FIELDS];
    uint8_t kind, run; /* run: which of its task, from 1, when it was stepped through; 0: of none */
    bool by_master, by_worker, priority_given, odd_names, odd_percent, withdrawn;
} Fact;

typedef struct {
    uint32_t last, count; /* its newest fact, from 1 */
} Chain;

typedef struct { int64_t start, end; } Odd; /* a line that is not proven, in the block, without its newline */

typedef struct {
    Sha1 sha1;
    Buffer file, hosts;    /* as JSON: the name of the file; the hosts of each row */
    Texts tasks;           /* numbered from 1 */
    Chain *chains;         /* by the number of the task, less one */
    Fact *facts;
    Fact **sorted;
    uint64_t *ids;         /* of the facts of a task, in order; behind them the numbers of these */
    size_t room, chain_room, sorted_room;
    uint32_t count, next_task;
    Buffer packed, canonical;
    Odd *odd;
    size_t odd_room;
    int64_t odd_lines;
    Tree tree;
    Buffer out, rows; /* what `facts_next` gives: packed facts, and JSON */
    int64_t *ends;    /* of the packed facts of each task in `out` */
    size_t ends_room;
} Facts;

#define KEY(name, field) {name, sizeof(name) - 1, field}
static const struct { const char *key; size_t length; int field; } FACT_KEYS[] = { /* `facts.FACT_KEYS`; NONE_YET: no text that rows need */
    KEY("worker_id", F_WORKER), KEY("worker_type", F_WORKER_TYPE), KEY("progress_percentage", NONE_YET), KEY("current_step", NONE_YET),
    KEY("type", F_TYPE), KEY("priority", F_PRIORITY), KEY("master_id", F_MASTER), KEY("token_budget", NONE_YET),
    KEY("completion_status", F_STATUS), KEY("token_usage", NONE_YET), KEY("duration_ms", NONE_YET), KEY("deliverables", NONE_YET),
    KEY("reason", F_REASON), KEY("error_details", NONE_YET), KEY("handoff_id", F_HANDOFF), KEY("from_master", F_FROM),
    KEY("to_master", F_TO), KEY("blocked_by", NONE_YET), KEY("parent_task_id", F_PARENT_TASK), KEY("priority_given", NONE_YET)};
#undef KEY

/* Whether `facts.bounded` leaves a value as it is. */
static bool in_bounds(const Tree *tree, const Node *node, size_t most) {
    if (node->kind == STRING) return node->raw.length - 2 <= most;
    if (node->kind != ARRAY && node->kind != OBJECT) return true;
    if (node->members > (node->kind == ARRAY ? MAX_ITEMS : MAX_MEMBERS)) return false;
    for (int n = node->first; n >= 0; n = tree->nodes[n].next) {
        const Node *one = &tree->nodes[n];
        if (one->kind == ARRAY || one->kind == OBJECT || one->key.length > MAX_TEXT) return false;
        if (one->kind == STRING && one->raw.length - 2 > most) return false;
    }
    return true;
}

/* As `event_data.count_of`: a number without its fraction, NONE_YET if it is none that can be true. */
static int64_t count_in(const Node *node) {
    return is_kind(node, NUMBER) && node->number >= 0 ? (int64_t)node->number : NONE_YET;
}

/* As `event_data.tokens_of`. */
static int64_t tokens_in(const Tree *tree, const Node *usage) {
    if (!is_kind(usage, OBJECT)) return count_in(usage);
    int64_t total = count_in(member(tree, usage, "total_tokens"));
    if (total >= 0) return total;
    int64_t in = count_in(member(tree, usage, "input_tokens")), out = count_in(member(tree, usage, "output_tokens"));
    return in < 0 ? out : out < 0 ? in : in + out;
}

/* Write a node, and keep where its text stands. */
static void pack_node(Buffer *out, Fact *fact, const Node *node, int field) {
    if (field >= 0 && node->kind == STRING)
        fact->text[field] = (Piece){(uint16_t)(out->length - fact->start + 1), (uint16_t)(node->raw.length - 2)};
    write_span(out, node->raw);
}

static void pack_member(Buffer *out, Fact *fact, const Node *node, int field, size_t begin) {
    write_bytes(out, out->length > begin ? ",\"" : "\"", out->length > begin ? 2 : 1);
    write_span(out, node->key);
    write_text(out, "\":");
    pack_node(out, fact, node, field);
}

/* A text of `error_details` that `event_data.error_of` gives: it stands in the fact already. */
static void keep_error(const Tree *tree, const Node *details, Fact *fact, uint64_t at) {
    const Node *told = details;
    if (is_kind(details, OBJECT)) {
        const Node *message = member(tree, details, "error_message");
        told = is_kind(message, STRING) && message->raw.length > 2 ? message : member(tree, details, "error_type");
    }
    if (is_kind(told, STRING)) {
        uint64_t place = at + (uint64_t)(told->raw.start - details->raw.start) + 1;
        fact->text[F_ERROR] = (Piece){(uint16_t)(place - fact->start), (uint16_t)(told->raw.length - 2)};
    }
}

/* The one task that `blocked_by` names. */
static void keep_named(const Tree *tree, const Node *names, Fact *fact, uint64_t at) {
    const Node *one = names;
    if (is_kind(names, ARRAY) && names->members == 1) one = &tree->nodes[names->first];
    if (is_kind(one, STRING) && one->raw.length > 2) {
        uint64_t place = at + (uint64_t)(one->raw.start - names->raw.start) + 1;
        fact->text[F_NAMED] = (Piece){(uint16_t)(place - fact->start), (uint16_t)(one->raw.length - 2)};
    } else if (!is_absent(names)) {
        fact->odd_names = true;
    }
}

static bool pack_data(Facts *facts, Fact *fact, const Node *data) {
    const Tree *tree = &facts->tree;
    Buffer *out = &facts->packed;
    size_t begin = out->length;
    for (int n = data ? data->first : NONE_YET; n >= 0; n = tree->nodes[n].next) {
        const Node *node = &tree->nodes[n];
        size_t which = 0, keys = sizeof FACT_KEYS / sizeof *FACT_KEYS;
        while (which < keys && !equals(node->key, FACT_KEYS[which].key, FACT_KEYS[which].length)) which++;
        if (which == keys) continue;
        if (!in_bounds(tree, node, MAX_TEXT)) return false;
        pack_member(out, fact, node, FACT_KEYS[which].field, begin);
        uint64_t at = out->length - node->raw.length;
        if (is(node->key, "error_details"))
            keep_error(tree, node, fact, at);
        else if (is(node->key, "blocked_by"))
            keep_named(tree, node, fact, at);
        else if (is(node->key, "token_usage"))
            fact->tokens = tokens_in(tree, node);
        else if (is(node->key, "progress_percentage") && node->kind == NUMBER && node->number >= 0 && node->number <= 100) {
            fact->percent = node->number;
            fact->odd_percent = memchr(node->raw.start, '.', node->raw.length) != NULL; /* sums of whole ones are exact */
        }
        else if (is(node->key, "priority_given"))
            fact->priority_given = node->is_true;
    }
    return true;
}

/* A text of the context, if it says something; false: it is longer than facts keep. */
static bool pack_context(Facts *facts, Fact *fact, const Node *node, int field, size_t begin) {
    if (!is_kind(node, STRING) || node->raw.length == 2) return true;
    if (node->raw.length - 2 > MAX_ID) return false;
    pack_member(&facts->packed, fact, node, field, begin);
    return true;
}

static bool pack_extra(Facts *facts, Fact *fact, const Node *record, const Node *context) {
    const Tree *tree = &facts->tree;
    size_t begin = facts->packed.length;
    if (!pack_context(facts, fact, member(tree, context, "session_id"), F_SESSION, begin)) return false;
    if (!pack_context(facts, fact, member(tree, context, "trace_id"), F_TRACE, begin)) return false;
    if (fact->text[F_TRACE].at && !pack_context(facts, fact, member(tree, context, "parent_span_id"), NONE_YET, begin)) return false;
    if (!pack_context(facts, fact, member(tree, context, "repository"), NONE_YET, begin)) return false;
    if (!pack_context(facts, fact, member(tree, context, "branch"), NONE_YET, begin)) return false;
    const Node *lists[] = {member(tree, record, "related_task_ids"), member(tree, record, "tags")};
    for (int n = 0; n < 2; n++) {
        if (is_absent(lists[n]) || (lists[n]->kind == ARRAY && lists[n]->members == 0)) continue;
        if (lists[n]->kind != ARRAY || !in_bounds(tree, lists[n], n ? MAX_TEXT : MAX_ID)) return false;
        pack_member(&facts->packed, fact, lists[n], NONE_YET, begin);
    }
    return true;
}

static uint8_t kind_of(Span event_type) {
    for (uint8_t kind = 0; kind < OTHER; kind++)
        if (equals(event_type, EVENT_TYPES[kind].name, EVENT_TYPES[kind].length)) return kind;
    return OTHER;
}

/* Pack the fact of a line, whose task it tells; false: it is not proven. */
static bool pack(Facts *facts, Bytes start, Bytes end, Fact *fact, Span *task) {
    Tree *tree = &facts->tree;
    Buffer *out = &facts->packed;
    tree->in = (Cursor){start, end, false};
    tree->used = 0;
    if (*start != '{' || parse(tree, 1) != 0 || tree->in.at != end || (tree->in.not_ascii && !utf8(start, end))) return false;
    const Node *record = &tree->nodes[0];
    const Node *id = member(tree, record, "lineage_id"), *task_id = member(tree, record, "task_id");
    const Node *type = member(tree, record, "event_type"), *stamp = member(tree, record, "timestamp");
    const Node *actor = member(tree, record, "actor"), *parent = member(tree, record, "parent_lineage_id");
    const Node *data = member(tree, record, "event_data"), *context = member(tree, record, "context");
    if (!is_kind(id, STRING) || !is_kind(task_id, STRING) || task_id->escaped || !is_kind(type, STRING)) return false;
    if (!is_kind(stamp, STRING) || !moment(text_in(stamp), &fact->at) || !is_kind(actor, OBJECT)) return false;
    const Node *actor_type = member(tree, actor, "type"), *actor_id = member(tree, actor, "id");
    if (!is_kind(actor_type, STRING) || !is_kind(actor_id, STRING)) return false;
    if (!(is_absent(data) || data->kind == OBJECT) || !(is_absent(context) || context->kind == OBJECT)) return false;
    facts->canonical.length = 0;
    if (!write_canonical(tree, record, &facts->canonical) || facts->canonical.failed) return false;
    *task = text_in(task_id);
    fact->digest = digest_of(facts->sha1, facts->canonical.bytes, facts->canonical.length);
    fact->id = hash_of(&facts->tasks, text_in(id));
    fact->parent = is_kind(parent, STRING) ? hash_of(&facts->tasks, text_in(parent)) | 1 : 0;
    fact->id |= 1; /* so that none is 0 */
    fact->kind = kind_of(text_in(type));
    fact->by_master = is(text_in(actor_type), "master");
    fact->by_worker = is(text_in(actor_type), "worker");
    write_text(out, "[");
    write_integer(out, fact->at);
    write_text(out, ",");
    write_bytes(out, facts->file.bytes, facts->file.length);
    write_text(out, ",");
    write_integer(out, fact->offset);
    write_text(out, ",");
    pack_node(out, fact, id, F_ID);
    write_text(out, ",");
    write_unsigned(out, fact->digest);
    write_text(out, ",");
    write_integer(out, end - start);
    write_text(out, ",");
    pack_node(out, fact, type, NONE_YET);
    write_text(out, ",");
    pack_node(out, fact, actor_type, NONE_YET);
    write_text(out, ",");
    pack_node(out, fact, actor_id, F_ACTOR);
    write_text(out, ",");
    if (is_kind(parent, STRING))
        pack_node(out, fact, parent, F_PARENT);
    else
        write_text(out, "null");
    write_text(out, ",{");
    if (!pack_data(facts, fact, is_absent(data) ? NULL : data)) return false;
    write_text(out, "},{");
    if (!pack_extra(facts, fact, record, is_absent(context) ? NULL : context)) return false;
    write_text(out, "}],");
    return out->length - fact->start <= MAX_PACKED;
}

/* Room for one more of what a pointer points to. */
static bool grown(void *array, size_t *room, size_t needed, size_t size) {
    if (needed <= *room) return true;
    size_t more = *room ? *room * 2 : 1 << 10;
    while (more < needed) more *= 2;
    void *old;
    memcpy(&old, array, sizeof old);
    void *new = realloc(old, more * size);
    if (!new) return false;
    memcpy(array, &new, sizeof new);
    *room = more;
    return true;
}

/* Take the fact of a line at `offset` of the file, or tell that it is odd; false: there is no memory. */
static bool take_line(Facts *facts, Bytes block, Bytes start, Bytes end, int64_t offset) {
    Buffer *packed = &facts->packed;
    Span task;
    if (facts->count == UINT32_MAX || !grown(&facts->facts, &facts->room, facts->count + 1, sizeof *facts->facts)) return false;
    Fact *fact = &facts->facts[facts->count];
    *fact = (Fact){.offset = offset, .start = packed->length, .tokens = NONE_YET, .percent = NONE_YET};
    bool proven = pack(facts, start, end, fact, &task);
    if (packed->failed || facts->canonical.failed) return false;
    if (!proven) {
        packed->length = fact->start;
        if (!grown(&facts->odd, &facts->odd_room, (size_t)facts->odd_lines + 1, sizeof *facts->odd)) return false;
        facts->odd[facts->odd_lines++] = (Odd){start - block, end - block};
        return true;
    }
    fact->length = (uint32_t)(packed->length - fact->start);
    uint32_t tasks = facts->tasks.count, number = number_of(&facts->tasks, task);
    if (!number || !grown(&facts->chains, &facts->chain_room, number, sizeof *facts->chains)) return false;
    Chain *chain = &facts->chains[number - 1];
    if (number > tasks) *chain = (Chain){0, 0};
    fact->task = number;
    fact->next = chain->last;
    chain->last = ++facts->count;
    chain->count++;
    return true;
}

/* ---- What the facts of a plain task mean: see meaning/fold.py, task_steps.py, run_steps.py */

enum Status { S_UNKNOWN, S_QUEUED, S_ASSIGNED, S_RUNNING, S_BLOCKED, S_COMPLETED, S_FAILED, S_CANCELLED };
static const char *const STATUSES[] = {"unknown", "queued", "assigned", "running", "blocked", "completed", "failed", "cancelled"};
#define NEVER INT64_MIN

typedef struct {
    Span name, type, type_at_end, master;
    bool heard, over, failed, zombie, has_master;
    double percent;
    int64_t tokens, first_at, spawned_at, started_at, last_at, ended_at;
} Run;

typedef struct { enum Status status; int64_t start, end; } Phase; /* end: NEVER while it lasts */

typedef struct {
    Span id;
    enum Status status, ended; /* ended: S_UNKNOWN while it is not */
    int64_t since, first_at, last_at, created_at, started_at, ended_at, given_at, escalated_at, said;
    bool attempted, going, failed, partial, escalated, waiting;
    Span task_type, priority, session, trace, parent_id, parent_event, reason, escalation, escalated_by, waits_for;
    Span owners[MAX_OWNERS], handoff, to, accepted_by;
    int64_t owner_since[MAX_OWNERS];
    int owner_count, phase_count, run_count, working, retries, failed_runs;
    bool handed, reassigned;
    int64_t offered_at, accepted_at, completed_at;
    uint32_t events;
    Run runs[MAX_RUNS]; /* these two are filled as they come */
    Phase phases[MAX_PHASES]; /* `phase_count` may be larger: then some are lost */
} Task;

static Span text_of(const Facts *facts, const Fact *fact, int field) {
    Piece piece = fact->text[field];
    return (Span){piece.at ? facts->packed.bytes + fact->start + piece.at : NULL, piece.at ? piece.length : 0};
}

static bool same(Span a, Span b) { return a.length == b.length && (a.length == 0 || memcmp(a.start, b.start, a.length) == 0); }
static Span either(Span first, Span second) { return first.length ? first : second; }

static void settle(Task *task, int64_t at) {
    enum Status status = task->ended ? task->ended
        : task->waiting              ? S_BLOCKED
        : task->going || task->working ? S_RUNNING
        : task->given_at != NEVER    ? S_ASSIGNED
        : task->created_at != NEVER  ? S_QUEUED
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

static void begin(Task *task, int64_t at) { /* `begun` */
    if (task->started_at == NEVER) task->started_at = at;
    task->attempted = task->going = true;
}

static void answered(Task *task) {
    task->escalated = false;
    task->escalation = task->escalated_by = (Span){NULL, 0};
}

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

static void take(const Facts *facts, Task *task, const Fact *fact) {
    if (!task->events++) task->first_at = task->since = fact->at;
    task->last_at = fact->at;
    bool of_worker = fact->kind >= SPAWNED && fact->kind <= WORKER_FAILED;
    if (task->escalated && !of_worker && !same(text_of(facts, fact, F_ACTOR), task->escalated_by)) answered(task);
    task->session = either(task->session, text_of(facts, fact, F_SESSION));
    task->trace = either(task->trace, text_of(facts, fact, F_TRACE));
}

static bool step_of_run(const Facts *facts, Task *task, Fact *fact) {
    Span name = either(text_of(facts, fact, F_WORKER), fact->by_worker ? text_of(facts, fact, F_ACTOR) : (Span){NULL, 0});
    Span type = text_of(facts, fact, F_WORKER_TYPE);
    int64_t at = fact->at;
    bool ends = fact->kind == WORKER_COMPLETED || fact->kind == WORKER_FAILED;
    if (!name.length || is(type, "None") || fact->odd_percent) return false; /* "None" is as good as no type */
    Run *run = NULL;
    for (int n = 0; n < task->run_count && !run; n++)
        if (same(task->runs[n].name, name)) run = &task->runs[n];
    if (run) { /* `run_goes_on` */
        if (run->over || fact->kind == SPAWNED || (fact->kind == WORKER_STARTED && run->heard)) return false;
    } else if (task->ended || ends || task->run_count == MAX_RUNS) {
        return false;
    }
    take(facts, task, fact);
    if (!run) {
        if (!task->attempted) begin(task, at);
        run = &task->runs[task->run_count++];
        *run = (Run){.name = name, .tokens = NONE_YET, .percent = NONE_YET, .first_at = at,
                     .spawned_at = NEVER, .started_at = NEVER, .ended_at = NEVER};
        bool replaces = false; /* a failed one of its type; none of its id has ended */
        for (int n = 0; n < task->run_count - 1; n++)
            replaces |= task->runs[n].failed && type.length && same(task->runs[n].type_at_end, type);
        task->retries += replaces;
        task->working++;
        settle(task, at);
    }
    fact->run = (uint8_t)(run - task->runs + 1);
    if (type.length) run->type = type;
    if (fact->percent >= 0) run->percent = fact->percent;
    if (fact->tokens >= 0 && fact->tokens > run->tokens) run->tokens = fact->tokens;
    if (fact->kind == SPAWNED) {
        run->master = text_of(facts, fact, F_ACTOR);
        run->has_master = true;
        run->spawned_at = at;
    } else {
        run->heard = true;
        if (fact->kind == WORKER_STARTED) run->started_at = at;
    }
    run->last_at = at;
    if (ends) {
        Span status = text_of(facts, fact, F_STATUS);
        bool failed = fact->kind == WORKER_FAILED;
        run->zombie = failed && (is(text_of(facts, fact, F_REASON), "zombie_timeout") ||
                                 is(text_of(facts, fact, F_ERROR), "zombie_timeout"));
        run->failed = failed || is(status, "failed");
        run->over = true;
        run->ended_at = at;
        run->type_at_end = run->type;
        task->failed_runs += run->failed;
        task->working--;
        settle(task, at);
    }
    return true;
}

static void step_end(const Facts *facts, Task *task, const Fact *fact) { /* `with_end`, `closed`, `set_over` */
    Span status = text_of(facts, fact, F_STATUS);
    bool failed = fact->kind == FAILED || (fact->kind == COMPLETED && is(status, "failed"));
    task->said = fact->tokens;
    task->failed = failed;
    Span why = either(text_of(facts, fact, F_REASON), text_of(facts, fact, F_ERROR));
    task->reason = failed ? either(why, task->reason) : why;
    task->waiting = false;
    answered(task);
    task->ended = failed ? S_FAILED : fact->kind == CANCELLED ? S_CANCELLED : S_COMPLETED;
    task->partial = task->ended == S_COMPLETED && is(status, "partial");
    task->ended_at = fact->at;
    task->going = false;
}

static bool step_of_handoff(const Facts *facts, Task *task, const Fact *fact) {
    Span actor = text_of(facts, fact, F_ACTOR), from = text_of(facts, fact, F_FROM), to = text_of(facts, fact, F_TO);
    Span id = text_of(facts, fact, F_HANDOFF);
    if (!id.length || is(id, "unnamed handoff")) return false;
    if (fact->kind == OFFERED) {
        bool owned = task->given_at != NEVER && task->owner_count > 0;
        if (!owned || task->handed || task->reassigned || same(from, to)) return false;
        if (from.length && !same(from, task->owners[task->owner_count - 1])) return false;
    } else if (!task->handed || !same(id, task->handoff) || task->completed_at != NEVER ||
               (fact->kind == ACCEPTED && (task->accepted_at != NEVER || (task->to.length && !same(task->to, actor))))) {
        return false;
    }
    if (fact->kind == ACCEPTED && to.length && !task->to.length && !same(to, actor)) return false; /* a remark */
    take(facts, task, fact);
    task->handoff = id;
    task->handed = true;
    task->to = either(task->to, to);
    if (fact->kind == OFFERED) {
        task->offered_at = fact->at;
    } else if (fact->kind == ACCEPTED) {
        task->accepted_at = fact->at;
        task->accepted_by = actor;
        task->to = either(task->to, actor);
        if (!own(task, actor, fact->at)) return false;
    } else {
        task->completed_at = fact->at;
        if (task->accepted_at == NEVER && !own(task, either(task->to, actor), fact->at)) return false;
    }
    settle(task, fact->at);
    return true;
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
    } else { /* only what surely ends the one wait: it names the same, or nothing */
        bool same_name = named.length && same(named, task->waits_for);
        if (task->ended || !task->waiting || !(same_name || (!named.length && !reason.length))) return false;
        take(facts, task, fact);
        task->waiting = false;
        task->reason = (Span){NULL, 0};
    }
    settle(task, fact->at);
    return true;
}

/* `stands_before_reassignment`: whether a fact may belong before the reassignment that it follows. */
static bool is_moved(const Task *task, const Fact *fact, Span actor) {
    bool moves = (fact->kind >= STARTED && fact->kind <= UNBLOCKED) || fact->kind == SPAWNED;
    return task->reassigned && moves && same(actor, task->owners[0]);
}

/* Move a plain task on by a fact; false: it is to be told by Python. */
static bool step(const Facts *facts, Task *task, Fact *fact) {
    Span actor = text_of(facts, fact, F_ACTOR), reason = text_of(facts, fact, F_REASON);
    int64_t at = fact->at;
    if (is_moved(task, fact, actor)) return false;
    switch ((enum EventKind)fact->kind) {
    case SPAWNED: case WORKER_STARTED: case PROGRESS: case WORKER_COMPLETED: case WORKER_FAILED:
        return step_of_run(facts, task, fact);
    case OFFERED: case ACCEPTED: case HANDOFF_COMPLETED: return step_of_handoff(facts, task, fact);
    case BLOCKED: case UNBLOCKED: return step_of_wait(facts, task, fact);
    case CREATED:
        if (task->events) return false;
        take(facts, task, fact);
        task->created_at = at;
        task->parent_event = text_of(facts, fact, F_PARENT);
        task->task_type = text_of(facts, fact, F_TYPE);
        task->priority = text_of(facts, fact, F_PRIORITY);
        task->parent_id = text_of(facts, fact, F_PARENT_TASK);
        if (fact->text[F_PARENT].at && !task->parent_event.length) return false; /* an empty name is one here */
        break;
    case ASSIGNED: {
        if (task->given_at != NEVER || task->attempted || task->run_count || task->handed) return false;
        take(facts, task, fact);
        task->given_at = at;
        own(task, text_of(facts, fact, F_MASTER), at);
        prioritise(facts, task, fact);
        break;
    }
    case REASSIGNED: {
        Span from = text_of(facts, fact, F_FROM), to = text_of(facts, fact, F_TO);
        uint32_t before = task->created_at == NEVER ? 1 : 2; /* a creation and an assignment, and nothing else */
        if (task->given_at == NEVER || task->events != before || !task->owner_count) return false;
        if (!from.length || !same(from, task->owners[0]) || !to.length || same(from, to)) return false;
        take(facts, task, fact);
        task->reassigned = true;
        task->given_at = at;
        own(task, to, at);
        prioritise(facts, task, fact);
        task->reason = either(reason, task->reason);
        break;
    }
    case STARTED: {
        if (task->attempted || task->run_count) return false;
        take(facts, task, fact);
        begin(task, at);
        bool coordinates = actor.length >= 11 && memcmp(actor.start, "coordinator", 11) == 0;
        bool former = false;
        for (int n = 0; n < task->owner_count; n++) former |= same(task->owners[n], actor);
        if (fact->by_master && actor.length && !coordinates && !former && (!task->owner_count || at > task->owner_since[task->owner_count - 1]) &&
            !own(task, actor, at))
            return false;
        break;
    }
    case COMPLETED: case FAILED: case CANCELLED:
        if (!task->going && task->attempted) return false; /* else it ends an attempt without a start */
        task->attempted = true;
        take(facts, task, fact);
        step_end(facts, task, fact);
        break;
    case ESCALATED:
        take(facts, task, fact);
        if (!task->ended) {
            task->escalated = true;
            task->escalated_at = at;
            task->escalated_by = actor;
            task->escalation = either(reason, task->escalation);
        }
        task->reason = either(reason, task->reason);
        break;
    case OTHER: return false;
    }
    settle(task, at);
    return true;
}

/* ---- A task: its facts in order, and its row */

static int by_order(const void *a, const void *b) {
    const Fact *one = *(Fact *const *)a, *other = *(Fact *const *)b;
    if (one->at != other->at) return one->at < other->at ? -1 : 1;
    return (one->offset > other->offset) - (one->offset < other->offset);
}

static int by_id(const void *a, const void *b) {
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return (one > other) - (one < other);
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

/* As `Task.percent`. */
static void write_progress(Buffer *out, const Task *task) {
    double sum = 0;
    int known = 0, of = 0;
    for (int n = 0; n < task->run_count; n++) {
        double one = task->runs[n].percent;
        if (task->working && task->runs[n].over) continue; /* of its open ones, if it has any */
        of++;
        if (one < 0) continue;
        sum += one;
        known++;
    }
    if (task->status == S_COMPLETED)
        write_text(out, "100.0");
    else if (known)
        write_percent(out, sum / of);
    else
        write_text(out, "null");
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

static void write_watched(const Facts *facts, Buffer *out, const Task *task) { /* those that are open or were found dead, as `task_row._run_row` */
    bool first = true;
    write_text(out, "[");
    for (int n = 0; n < task->run_count; n++) {
        const Run *run = &task->runs[n];
        if (run->over && !run->zombie) continue;
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
}

/* The total as `Task.tokens` has it. */
static int64_t tokens_of(const Task *task) {
    int64_t total = NONE_YET;
    for (int n = 0; n < task->run_count; n++)
        if (task->runs[n].tokens >= 0) total = (total < 0 ? 0 : total) + task->runs[n].tokens;
    return task->said > total ? task->said : total;
}

/* The row as JSON, its fields as those of TaskRow; false: it is to be told by Python. */
static bool write_row(const Facts *facts, const Task *task, Buffer *out) {
    for (int n = 0; n < task->run_count; n++)
        if (task->runs[n].has_master && !task->runs[n].master.length) return false;
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
    write_integer(out, task->attempted), THEN;
    write_integer(out, task->failed), THEN;
    write_text(out, task->partial ? "true," : "false,");
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
    write_progress(out, task), THEN;
    write_integer(out, task->run_count), THEN;
    write_integer(out, task->run_count), THEN;
    write_watched(facts, out, task), THEN;
    write_integer(out, task->failed_runs), THEN;
    write_integer(out, task->retries), THEN;
    write_integer(out, task->handed), THEN;
    write_integer(out, task->reassigned), THEN;
    bool offered = task->accepted_at == NEVER && task->completed_at == NEVER;
    write_time(out, task->handed && offered ? task->offered_at : NEVER), THEN;
    write_time(out, task->handed && task->completed_at == NEVER ? task->accepted_at : NEVER), THEN;
    write_time(out, tokens_of(task) < 0 ? NEVER : tokens_of(task)), THEN;
    write_text(out, "0,0,"); /* skew, remarks */
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
    if (task->handed && task->accepted_at != NEVER) {
        if (!task->accepted_by.length) return false;
        if (task->offered_at != NEVER)
            write_took(out, "handoff-unaccepted", task->task_type, task->to, task->accepted_at, task->accepted_at - task->offered_at);
        if (task->completed_at != NEVER)
            write_took(out, "handoff-uncompleted", task->task_type, task->accepted_by, task->completed_at,
                       task->completed_at - task->accepted_at);
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

/* Make a task of facts that are in `sorted`; false: it is to be told by Python. */
static bool derive(Facts *facts, Task *task, Span id, int64_t count) {
    static const Task NEW = {.said = NONE_YET, .created_at = NEVER, .started_at = NEVER, .ended_at = NEVER, .given_at = NEVER,
                             .offered_at = NEVER, .accepted_at = NEVER, .completed_at = NEVER};
    memcpy(task, &NEW, offsetof(Task, runs));
    task->id = id;
    bool plain = id.length > 0 && causes_agree(facts, count);
    for (int64_t n = 0; n < count && plain; n++) plain = step(facts, task, facts->sorted[n]);
    return plain;
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
