/* Lines of event records -> packed facts. Included by facts.c, whose first page tells what a proven line is.
 *
 * `parse` makes a tree of nodes of a line, `pack` writes its fact and keeps where the texts stand in it (Fact). */
#ifndef PACKED_FACTS_H
#define PACKED_FACTS_H
#include "lines.h"

#include <stdio.h>
#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#include <immintrin.h>
#define HAS_SHA
#endif

enum { MAX_NODES = 2048, MAX_KEYS = 64, MAX_ITEMS = 64, MAX_PACKED = 65000, NONE_YET = -1 };

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

#endif
