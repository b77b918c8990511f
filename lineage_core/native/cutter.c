/* Lines of event records -> columns: a JSON parser that keeps only what the figures need.
 *
 * A block is the text of whole lines. Each line is looked at once. It is *proven* if it can be nothing else than what
 * the decoder in Python (`lineage_core/read/decoder.py`) would take as one event, and if every value that a column takes
 * is of the right kind. That is:
 *
 *   - one compact JSON object, from the first byte of the line to the last: no blanks between its parts, no more than
 *     MAX_DEPTH levels, valid UTF-8, no escapes but \" \\ \/ \b \f \n \r \t and none of them in a text that is kept,
 *     numbers of at most 15 digits without exponent (those are exact, and round as any parser rounds them);
 *   - the fields that no event lacks are there: lineage_id, task_id, event_type, timestamp, actor.type, actor.id, all texts;
 *   - no key that we know stands twice in it (of two, Python takes the last);
 *   - a lineage_id that is as long as ours is `lineage-` and 26 digits, of which the first 16 tell when it was made;
 *   - the timestamp is YYYY-MM-DDTHH:MM:SS[.ffffff]Z, of a day that exists, from the year 1000 to 2999;
 *   - texts and numbers that are kept are within the bounds that facts have (`lineage_core/model/facts.py`), so that none
 *     is to be cut, left out or told as wrong.
 *
 * Whatever is not proven is no error: its place is told (`odd`), and the decoder in Python decides. So the policies for
 * torn, damaged, pretty-printed and strange lines stand in one place, in Python, and a condition here may be too strict,
 * never too loose: `tests/core/native/` and `tests/stats/test_plain_lines.py` compare the two.
 *
 * How to read it: `object` walks an object by a table of the keys that we know there (RECORD, ACTOR, CONTEXT, EVENT_DATA
 * ...), and `value` takes one value of the kind that the table asks for. Both fill a Row, which stands for one line;
 * `put` adds a row to the columns. Texts are numbered by a dictionary (Texts), so that a column of texts is one of small
 * numbers. At the end the columns are handed over through the Arrow C data interface
 * (https://arrow.apache.org/docs/format/CDataInterface.html), which polars takes as they are, without a copy.
 *
 * Functions return `true` for "proven so far", and a cursor moves only forward, never beyond `end`. There is no state
 * outside of a Cut, so threads may cut at once. Every allocation may fail; then the whole call gives NULL or false.
 * There is nothing of Python in here: the library is loaded by ctypes (`cutter.py`), and one build serves every version.
 */
#include "lines.h"

enum { OUR_LENGTH = 34, OUR_DIGITS = 16 }; /* of a lineage_id (`lineage_core/model/lineage_id.py`) */
enum { ANY_LENGTH = 1 << 30 };
#define ANY_NUMBER 1e15 /* no number of MAX_DIGITS is greater; up to 2^53 doubles are exact */
#define NONE (-1)       /* in columns of numbers: there is none */

/* ---- The columns */

const int cut_format = 3; /* of these columns: `FORMAT` of __init__.py, for a library that was built from another source */

enum TextColumn {
    TASK_ID, EVENT_TYPE, ACTOR_TYPE, ACTOR_ID, /* up to here an empty text is a text; later ones it is none */
    SESSION, TASK_TYPE, PRIORITY, MASTER_ID, FROM_MASTER, TO_MASTER, WORKER_ID, WORKER_TYPE, HANDOFF_ID,
    COMPLETION_STATUS, REASON, TRACE, PARENT_TASK, ERROR, BLOCKED_BY, TEXT_COLUMNS
};
enum NumberColumn { PERCENT, TOKEN_BUDGET, DURATION_MS, LOG_US, TOKENS, NUMBER_COLUMNS };
enum Part { TOTAL, INPUT, OUTPUT, PARTS };                /* of token_usage */
enum Detail { MESSAGE, TYPE, ITSELF, DETAILS };           /* of error_details */

typedef struct { /* what one line says */
    Span text[TEXT_COLUMNS];
    double number[NUMBER_COLUMNS];
    double part[PARTS];
    Span detail[DETAILS];
    Span lineage_id, parent, timestamp;
    int64_t at, made_at; /* microseconds since the epoch, UTC: of the event, and of its lineage_id (NONE: it is not ours) */
    bool priority_given;
    uint64_t seen; /* a bit for each key that we know */
} Row;

/* ---- The keys that we know, and what their values have to be */

enum Kind {
    TEXT,     /* a text of at most `most` bytes without escapes, or null */
    REQUIRED, /* the same, but not null */
    NUMBER,   /* a number from 0 to `most`, or null */
    FLAG,     /* anything; only `true` counts */
    NAMES,    /* a text as above, or a list of at most one, or null; a list of more is to be joined, and that is rare */
    OBJECT,   /* an object by the table `inner`, or null */
    MUST_BE,  /* an object by the table `inner` */
    USAGE,    /* a number, or an object by the table `inner` */
    ERRORS,   /* a text, or an object by the table `inner`, or null */
};
enum Key { /* each has a bit in `seen` */
    K_LINEAGE_ID, K_TASK_ID, K_EVENT_TYPE, K_TIMESTAMP, K_ACTOR, K_ACTOR_TYPE, K_ACTOR_ID, K_REQUIRED,
    K_EVENT_DATA = K_REQUIRED, K_PARENT, K_CONTEXT, K_SESSION, K_TASK_TYPE, K_PRIORITY, K_MASTER_ID, K_FROM, K_TO,
    K_WORKER_ID, K_WORKER_TYPE, K_HANDOFF_ID, K_STATUS, K_REASON, K_PERCENT, K_BUDGET, K_DURATION, K_GIVEN, K_USAGE,
    K_TOTAL, K_INPUT, K_OUTPUT, K_ERRORS, K_MESSAGE, K_TYPE, K_METADATA, K_LOG_US, K_BLOCKED_BY,
    K_TRACE, K_PARENT_TASK
};
typedef struct Known {
    const char *name;
    uint8_t length;
    uint8_t key;                /* enum Key */
    uint8_t kind;               /* enum Kind */
    uint16_t at;                /* where in a Row its value goes, in bytes */
    double most;                /* TEXT: bytes; NUMBER: the greatest */
    const struct Known *inner;  /* a table; it ends with a name that is NULL */
} Known;
#define IN_ROW(field) offsetof(Row, field)
#define KEY(name, key, kind, field, most) {name, sizeof(name) - 1, key, kind, IN_ROW(field), most, NULL}
#define NESTED(name, key, kind, inner) {name, sizeof(name) - 1, key, kind, 0, 0, inner}
#define END {NULL, 0, 0, 0, 0, 0, NULL}

static const Known ACTOR_KEYS[] = {
    KEY("type", K_ACTOR_TYPE, REQUIRED, text[ACTOR_TYPE], ANY_LENGTH),
    KEY("id", K_ACTOR_ID, REQUIRED, text[ACTOR_ID], ANY_LENGTH),
    END};
static const Known CONTEXT_KEYS[] = {
    KEY("session_id", K_SESSION, TEXT, text[SESSION], MAX_ID),
    KEY("trace_id", K_TRACE, TEXT, text[TRACE], MAX_ID),
    END};
static const Known USAGE_KEYS[] = {
    KEY("total_tokens", K_TOTAL, NUMBER, part[TOTAL], ANY_NUMBER),
    KEY("input_tokens", K_INPUT, NUMBER, part[INPUT], ANY_NUMBER),
    KEY("output_tokens", K_OUTPUT, NUMBER, part[OUTPUT], ANY_NUMBER),
    END};
static const Known ERROR_KEYS[] = {
    KEY("error_message", K_MESSAGE, TEXT, detail[MESSAGE], MAX_TEXT),
    KEY("error_type", K_TYPE, TEXT, detail[TYPE], MAX_TEXT),
    END};
static const Known METADATA_KEYS[] = {KEY("log_us", K_LOG_US, NUMBER, number[LOG_US], ANY_NUMBER), END};
static const Known EVENT_DATA_KEYS[] = { /* in the order of how often they come */
    KEY("worker_id", K_WORKER_ID, TEXT, text[WORKER_ID], MAX_ID),
    KEY("progress_percentage", K_PERCENT, NUMBER, number[PERCENT], 100),
    KEY("worker_type", K_WORKER_TYPE, TEXT, text[WORKER_TYPE], MAX_TEXT),
    KEY("completion_status", K_STATUS, TEXT, text[COMPLETION_STATUS], MAX_TEXT),
    NESTED("token_usage", K_USAGE, USAGE, USAGE_KEYS),
    KEY("duration_ms", K_DURATION, NUMBER, number[DURATION_MS], ANY_NUMBER),
    KEY("token_budget", K_BUDGET, NUMBER, number[TOKEN_BUDGET], ANY_NUMBER),
    KEY("type", K_TASK_TYPE, TEXT, text[TASK_TYPE], MAX_TEXT),
    KEY("priority", K_PRIORITY, TEXT, text[PRIORITY], MAX_TEXT),
    KEY("priority_given", K_GIVEN, FLAG, priority_given, 0),
    KEY("master_id", K_MASTER_ID, TEXT, text[MASTER_ID], MAX_ID),
    KEY("from_master", K_FROM, TEXT, text[FROM_MASTER], MAX_ID),
    KEY("to_master", K_TO, TEXT, text[TO_MASTER], MAX_ID),
    KEY("handoff_id", K_HANDOFF_ID, TEXT, text[HANDOFF_ID], MAX_ID),
    KEY("reason", K_REASON, TEXT, text[REASON], MAX_TEXT),
    KEY("parent_task_id", K_PARENT_TASK, TEXT, text[PARENT_TASK], MAX_ID),
    NESTED("error_details", K_ERRORS, ERRORS, ERROR_KEYS),
    NESTED("metadata", K_METADATA, OBJECT, METADATA_KEYS),
    KEY("blocked_by", K_BLOCKED_BY, NAMES, text[BLOCKED_BY], MAX_ID),
    END};
static const Known RECORD_KEYS[] = {
    KEY("lineage_id", K_LINEAGE_ID, REQUIRED, lineage_id, ANY_LENGTH),
    KEY("task_id", K_TASK_ID, REQUIRED, text[TASK_ID], ANY_LENGTH),
    KEY("event_type", K_EVENT_TYPE, REQUIRED, text[EVENT_TYPE], ANY_LENGTH),
    KEY("timestamp", K_TIMESTAMP, REQUIRED, timestamp, ANY_LENGTH),
    NESTED("actor", K_ACTOR, MUST_BE, ACTOR_KEYS),
    NESTED("event_data", K_EVENT_DATA, OBJECT, EVENT_DATA_KEYS),
    KEY("parent_lineage_id", K_PARENT, TEXT, parent, ANY_LENGTH),
    NESTED("context", K_CONTEXT, OBJECT, CONTEXT_KEYS),
    END};

static bool skip(Cursor *in, int depth);

/* The rest of an array or an object of which nothing is kept, behind its first bracket. */
static bool skip_members(Cursor *in, int depth, bool keys, uint8_t close) {
    Span key;
    bool escaped;
    if (passed(in, close)) return true;
    do {
        if (keys && !(passed(in, '"') && string(in, &key, &escaped) && passed(in, ':'))) return false;
        if (!skip(in, depth + 1)) return false;
    } while (passed(in, ','));
    return passed(in, close);
}

/* A value of which nothing is kept. */
static bool skip(Cursor *in, int depth) {
    Span text;
    bool escaped;
    double result;
    if (in->at >= in->end || depth > MAX_DEPTH) return false;
    switch (*in->at) {
    case '"': in->at++; return string(in, &text, &escaped);
    case '{': in->at++; return skip_members(in, depth, true, '}');
    case '[': in->at++; return skip_members(in, depth, false, ']');
    case 't': return word(in, "true", 4);
    case 'f': return word(in, "false", 5);
    case 'n': return null(in);
    default: return number(in, &result);
    }
}

/* ---- A line */

static bool object(Cursor *in, const Known *keys, Row *row, int depth, int most);

/* A value under a key that we know. */
static bool value(Cursor *in, const Known *known, Row *row, int depth) {
    void *field = (uint8_t *)row + known->at;
    double *tokens = &row->number[TOKENS], result;
    switch ((enum Kind)known->kind) {
    case TEXT:
        if (null(in)) return true;
        /* fall through */
    case REQUIRED: return plain_string(in, field) && (double)((Span *)field)->length <= known->most;
    case NUMBER:
        if (null(in)) return true;
        if (next_is(in, '-') || !number(in, &result) || result > known->most) return false;
        *(double *)field = result;
        return true;
    case NAMES:
        if (null(in)) return true;
        if (passed(in, '[')) {
            if (passed(in, ']')) return true;
            return plain_string(in, field) && passed(in, ']') && (double)((Span *)field)->length <= known->most;
        }
        return plain_string(in, field) && (double)((Span *)field)->length <= known->most;
    case FLAG:
        if (word(in, "true", 4)) return *(bool *)field = true;
        return skip(in, depth);
    case OBJECT:
        if (null(in)) return true;
        /* fall through */
    case MUST_BE: return object(in, known->inner, row, depth, ANY_LENGTH);
    case USAGE:
        if (next_is(in, '{')) return object(in, known->inner, row, depth, MAX_MEMBERS);
        return !next_is(in, '-') && number(in, tokens);
    case ERRORS:
        if (null(in)) return true;
        if (next_is(in, '{')) return object(in, known->inner, row, depth, MAX_MEMBERS);
        return plain_string(in, &row->detail[ITSELF]) && row->detail[ITSELF].length <= MAX_TEXT;
    }
    return false;
}

static const Known *lookup(const Known *keys, Span name) {
    for (; keys->name != NULL; keys++)
        if (keys->length == name.length && memcmp(keys->name, name.start, name.length) == 0) return keys;
    return NULL;
}

/* An object of at most so many members, by the keys that we know in it; the others are skipped. */
static bool object(Cursor *in, const Known *keys, Row *row, int depth, int most) {
    Span name;
    if (!passed(in, '{')) return false;
    if (passed(in, '}')) return true;
    do {
        if (most-- == 0 || !plain_string(in, &name) || !passed(in, ':')) return false;
        const Known *known = lookup(keys, name);
        if (known == NULL) {
            if (!skip(in, depth + 1)) return false;
        } else {
            uint64_t bit = (uint64_t)1 << known->key;
            if (row->seen & bit) return false; /* twice */
            row->seen |= bit;
            if (!value(in, known, row, depth + 1)) return false;
        }
    } while (passed(in, ','));
    return passed(in, '}');
}

/* When a lineage_id was made, if it is one of ours; false if it only is as long. */
static bool made_at(Span id, int64_t *at) {
    *at = NONE;
    if (id.length != OUR_LENGTH) return true;
    if (memcmp(id.start, "lineage-", 8) != 0) return false;
    int64_t micros = 0;
    for (int n = 8; n < OUR_LENGTH; n++) {
        uint8_t one = (uint8_t)(id.start[n] - '0');
        if (one > 9) return false;
        if (n < 8 + OUR_DIGITS) micros = micros * 10 + one;
    }
    *at = micros;
    return true;
}

/* Whether a line is proven; then the row is filled. */
static bool line(Bytes start, Bytes end, Row *row) {
    const uint64_t required = ((uint64_t)1 << K_REQUIRED) - 1;
    Cursor in = {start, end, false};
    memset(row, 0, sizeof *row);
    for (int n = 0; n < NUMBER_COLUMNS; n++) row->number[n] = NONE;
    for (int n = 0; n < PARTS; n++) row->part[n] = NONE;
    if (!object(&in, RECORD_KEYS, row, 1, ANY_LENGTH) || in.at != end) return false;
    if ((row->seen & required) != required || (in.not_ascii && !utf8(start, end))) return false;
    if (row->seen & (uint64_t)1 << K_USAGE && row->number[TOKENS] < 0) { /* an object: its total, else its parts */
        double *part = row->part;
        if (part[TOTAL] < 0 && part[INPUT] < 0 && part[OUTPUT] < 0) return false; /* it tells nothing */
        for (int n = 0; n < PARTS; n++) part[n] = part[n] < 0 ? part[n] : (double)(int64_t)part[n];
        double sum = (part[INPUT] < 0 ? 0 : part[INPUT]) + (part[OUTPUT] < 0 ? 0 : part[OUTPUT]);
        row->number[TOKENS] = part[TOTAL] < 0 ? sum : part[TOTAL];
    }
    for (int n = DETAILS - 1; n >= 0; n--) /* the message, else the type, else itself */
        if (row->detail[n].length > 0) row->text[ERROR] = row->detail[n];
    return moment(row->timestamp, &row->at) && made_at(row->lineage_id, &row->made_at);
}

/* ---- A cut: the columns of a block */

typedef struct { /* a text in the block, as Arrow lays out views; short ones stand in it */
    int32_t length;
    union {
        uint8_t whole[12];
        struct { uint8_t prefix[4]; int32_t buffer, offset; } place;
    } bytes;
} View;

typedef struct { int64_t start, end; } Odd; /* a line that is not proven, in the block, without its newline */

typedef struct {
    Bytes block;
    Texts texts;
    int64_t rows, odd_lines, lines;
    uint32_t *text[TEXT_COLUMNS]; /* numbers of texts; 0: none */
    double *number[NUMBER_COLUMNS];
    uint8_t *priority_given;
    int64_t *at, *made_at, *offset; /* as in a Row; bytes from the beginning of the file */
    uint32_t *length;
    View *lineage_id, *parent, *line;
    uint8_t *has_parent;
    Odd *odd;
} Cut;

static View view(Bytes block, Span text) {
    View made = {(int32_t)text.length, {{0}}};
    if (text.length <= sizeof made.bytes.whole) {
        if (text.length) memcpy(made.bytes.whole, text.start, text.length);
    } else {
        memcpy(made.bytes.place.prefix, text.start, sizeof made.bytes.place.prefix);
        made.bytes.place.offset = (int32_t)(text.start - block);
    }
    return made;
}

static bool put(Cut *cut, const Row *row, int64_t offset, Span text) {
    int64_t n = cut->rows;
    for (int column = 0; column < TEXT_COLUMNS; column++) {
        bool there = row->text[column].length > 0 || column <= ACTOR_ID;
        cut->text[column][n] = there ? number_of(&cut->texts, row->text[column]) : 0;
        if (there && cut->text[column][n] == 0) return false;
    }
    for (int column = 0; column < NUMBER_COLUMNS; column++) cut->number[column][n] = row->number[column];
    cut->priority_given[n] = row->priority_given;
    cut->at[n] = row->at;
    cut->made_at[n] = row->made_at;
    cut->offset[n] = offset;
    cut->length[n] = (uint32_t)text.length;
    cut->lineage_id[n] = view(cut->block, row->lineage_id);
    cut->parent[n] = view(cut->block, row->parent);
    cut->has_parent[n] = row->parent.start != NULL;
    cut->line[n] = view(cut->block, text);
    cut->rows++;
    return true;
}

void cut_free(Cut *cut) {
    if (!cut) return;
    texts_free(&cut->texts);
    for (int column = 0; column < TEXT_COLUMNS; column++) free(cut->text[column]);
    for (int column = 0; column < NUMBER_COLUMNS; column++) free(cut->number[column]);
    free(cut->priority_given);
    free(cut->at);
    free(cut->made_at);
    free(cut->offset);
    free(cut->length);
    free(cut->lineage_id);
    free(cut->parent);
    free(cut->has_parent);
    free(cut->line);
    free(cut->odd);
    free(cut);
}

/* Room for so many rows. */
static bool reserve(Cut *cut, size_t rows) {
    bool there = true;
#define ROOM(column) there = ((column) = malloc(rows * sizeof *(column))) != NULL && there
    for (int column = 0; column < TEXT_COLUMNS; column++) ROOM(cut->text[column]);
    for (int column = 0; column < NUMBER_COLUMNS; column++) ROOM(cut->number[column]);
    ROOM(cut->priority_given);
    ROOM(cut->at);
    ROOM(cut->made_at);
    ROOM(cut->offset);
    ROOM(cut->length);
    ROOM(cut->lineage_id);
    ROOM(cut->parent);
    ROOM(cut->has_parent);
    ROOM(cut->line);
    ROOM(cut->odd);
#undef ROOM
    return there;
}

/* Cut a block (below 2 GiB) that stands at `base` of its file; the bytes behind its last newline are left alone. The block
 * has to stay where it is until the cut and all that was taken of it are freed. NULL: there is no memory for it. */
Cut *cut_new(Bytes block, int64_t size, int64_t base, const uint64_t secret[2]) {
    Cut *cut = calloc(1, sizeof *cut);
    if (!cut) return NULL;
    cut->block = block;
    Bytes end = block + size, newline;
    for (Bytes p = block; p < end && (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1) cut->lines++;
    if (!texts_new(&cut->texts, secret) || !reserve(cut, (size_t)cut->lines + 1)) goto no_memory;
    for (Bytes p = block; p < end && (newline = memchr(p, '\n', (size_t)(end - p))); p = newline + 1) {
        Row row;
        if (p == newline) continue; /* blank lines say nothing */
        if (line(p, newline, &row)) {
            if (!put(cut, &row, base + (p - block), (Span){p, (size_t)(newline - p)})) goto no_memory;
        } else {
            cut->odd[cut->odd_lines++] = (Odd){p - block, newline - block};
        }
    }
    return cut;
no_memory:
    cut_free(cut);
    return NULL;
}

int64_t cut_odd_lines(const Cut *cut) { return cut->odd_lines; }

/* Their starts and ends in turn. */
const int64_t *cut_odd(const Cut *cut) { return &cut->odd[0].start; }

/* ---- Arrow: columns are handed over with their memory */

struct ArrowSchema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct ArrowSchema **children, *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children, *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
enum { MAX_COLUMNS = 48, MAX_BUFFERS = 4, NULLABLE = 2 };

typedef struct { /* the memory of an array without children; freed with it */
    const void *buffers[MAX_BUFFERS];
    void *owned[2];
    int64_t block_size;
} Memory;
typedef struct { struct ArrowSchema children[MAX_COLUMNS], *places[MAX_COLUMNS]; } SchemaChildren;
typedef struct { struct ArrowArray children[MAX_COLUMNS], *places[MAX_COLUMNS]; const void *buffers[1]; } ArrayChildren;

static void release_leaf_schema(struct ArrowSchema *schema) { schema->release = NULL; }

static void release_leaf(struct ArrowArray *array) {
    Memory *memory = array->private_data;
    free(memory->owned[0]);
    free(memory->owned[1]);
    free(memory);
    array->release = NULL;
}

static void release_struct_schema(struct ArrowSchema *schema) {
    for (int64_t n = 0; n < schema->n_children; n++)
        if (schema->children[n]->release) schema->children[n]->release(schema->children[n]);
    free(schema->private_data);
    schema->release = NULL;
}

static void release_struct(struct ArrowArray *array) {
    for (int64_t n = 0; n < array->n_children; n++)
        if (array->children[n]->release) array->children[n]->release(array->children[n]);
    free(array->private_data);
    array->release = NULL;
}

/* An array without children; `values` is the memory of its second buffer, and is taken over. */
static bool leaf(struct ArrowSchema *schema, struct ArrowArray *array, const char *name, const char *format,
                 int64_t length, int64_t buffers, void **values) {
    Memory *memory = calloc(1, sizeof *memory);
    if (!memory) return false;
    memory->buffers[1] = memory->owned[0] = *values;
    *values = NULL;
    *schema = (struct ArrowSchema){.format = format, .name = name, .flags = NULLABLE, .release = release_leaf_schema};
    *array = (struct ArrowArray){.length = length, .n_buffers = buffers, .buffers = memory->buffers,
                                 .release = release_leaf, .private_data = memory};
    return true;
}

/* Make an array of views point into the block; has_value: which of them are not null, a byte each (NULL: all are). */
static bool views(struct ArrowArray *array, Bytes block, int64_t block_size, const uint8_t *has_value) {
    Memory *memory = array->private_data;
    memory->block_size = block_size;
    memory->buffers[2] = block;
    memory->buffers[3] = &memory->block_size;
    if (!has_value) return true;
    uint8_t *bits = calloc((size_t)array->length / 8 + 1, 1);
    if (!bits) return false;
    for (int64_t n = 0; n < array->length; n++) {
        bits[n / 8] |= (uint8_t)((has_value[n] != 0) << n % 8);
        array->null_count += has_value[n] == 0;
    }
    memory->buffers[0] = memory->owned[1] = bits;
    return true;
}

/* The rows as one Arrow struct. Once only: the memory of the columns goes with it. false: there is no memory for it. */
bool cut_columns(Cut *cut, int64_t block_size, struct ArrowSchema *schema, struct ArrowArray *array) {
    static const char *const TEXT_NAMES[] = {
        "task_id", "event_type", "actor_type", "actor_id", "session", "task_type", "priority", "master_id", "from_master",
        "to_master", "worker_id", "worker_type", "handoff_id", "completion_status", "reason",
        "trace", "parent_task", "error", "blocked_by"};
    static const char *const NUMBER_NAMES[] = {"percent", "token_budget", "duration_ms", "log_us", "tokens"};
    SchemaChildren *schemas = calloc(1, sizeof *schemas);
    ArrayChildren *arrays = calloc(1, sizeof *arrays);
    int64_t made = 0, n = cut->rows;
    bool there = schemas && arrays;
    *schema = (struct ArrowSchema){.format = "+s", .name = "", .release = release_struct_schema, .private_data = schemas};
    *array = (struct ArrowArray){.length = n, .n_buffers = 1, .release = release_struct, .private_data = arrays};
    if (there) {
        schema->children = schemas->places;
        array->children = arrays->places;
        array->buffers = arrays->buffers;
    }
#define COLUMN(name, format, buffers, values)                                                                          \
    if ((there = there && leaf(&schemas->children[made], &arrays->children[made], name, format, n, buffers,            \
                               (void **)&(values)))) {                                                                 \
        schemas->places[made] = &schemas->children[made];                                                              \
        arrays->places[made] = &arrays->children[made];                                                                \
        schema->n_children = array->n_children = ++made;                                                               \
    }
    for (int column = 0; column < TEXT_COLUMNS; column++) COLUMN(TEXT_NAMES[column], "I", 2, cut->text[column]);
    for (int column = 0; column < NUMBER_COLUMNS; column++) COLUMN(NUMBER_NAMES[column], "g", 2, cut->number[column]);
    COLUMN("priority_given", "C", 2, cut->priority_given);
    COLUMN("at", "l", 2, cut->at);
    COLUMN("made_at", "l", 2, cut->made_at);
    COLUMN("offset", "l", 2, cut->offset);
    COLUMN("length", "I", 2, cut->length);
    COLUMN("lineage_id", "vu", 4, cut->lineage_id);
    there = there && views(&arrays->children[made - 1], cut->block, block_size, NULL);
    COLUMN("parent", "vu", 4, cut->parent);
    there = there && views(&arrays->children[made - 1], cut->block, block_size, cut->has_parent);
    COLUMN("line", "vz", 4, cut->line);
    there = there && views(&arrays->children[made - 1], cut->block, block_size, NULL);
#undef COLUMN
    if (!there) {
        release_struct_schema(schema);
        release_struct(array);
    }
    return there;
}

/* The texts in the order of their numbers. Once only, likewise. */
bool cut_texts(Cut *cut, struct ArrowSchema *schema, struct ArrowArray *array) {
    if (!leaf(schema, array, "text", "U", cut->texts.count, 3, (void **)&cut->texts.ends)) return false;
    Memory *memory = array->private_data;
    memory->buffers[2] = memory->owned[1] = cut->texts.bytes;
    cut->texts.bytes = NULL;
    return true;
}
