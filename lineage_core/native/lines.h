/* What cutter.c and facts.c share: JSON as a cursor that moves over a line, moments, and a dictionary of texts.
 *
 * Functions return `true` for "proven so far", and a cursor moves only forward, never beyond `end`. */
#ifndef LINES_H
#define LINES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef const uint8_t *Bytes;
typedef struct { Bytes start; size_t length; } Span; /* a piece of the block; start is NULL: there is none */

enum { MAX_DEPTH = 60, MAX_DIGITS = 15, MAX_MEMBERS = 8, MAX_TEXT = 300, MAX_ID = 1024 };

/* ---- JSON */

typedef struct {
    Bytes at, end;
    bool not_ascii; /* whether a byte above 127 was passed over */
} Cursor;

static inline bool next_is(const Cursor *in, uint8_t byte) { return in->at < in->end && *in->at == byte; }

static inline bool passed(Cursor *in, uint8_t byte) {
    bool there = next_is(in, byte);
    in->at += there;
    return there;
}

static inline bool word(Cursor *in, const char *letters, size_t length) {
    if ((size_t)(in->end - in->at) < length || memcmp(in->at, letters, length) != 0) return false;
    in->at += length;
    return true;
}

static inline bool null(Cursor *in) { return word(in, "null", 4); }

/* The rest of a string, behind its first quote. */
static inline bool string(Cursor *in, Span *text, bool *escaped) {
    Bytes p = in->at;
    *escaped = false;
    for (;;) {
#ifdef __SSE2__ /* 16 bytes at once, up to one that matters; compared as signed, bytes above 127 are below blank too */
        while (in->end - p >= 16) {
            __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
            __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
            __m128i slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
            __m128i others = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' '));
            int matter = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, slashes), others));
            if (matter) {
                p += __builtin_ctz((unsigned)matter);
                break;
            }
            p += 16;
        }
#endif
        if (p >= in->end || *p < ' ') return false;
        if (*p == '"') {
            *text = (Span){in->at, (size_t)(p - in->at)};
            in->at = p + 1;
            return true;
        }
        if (*p == '\\') {
            if (in->end - p < 2 || p[1] == 0 || strchr("\"\\/bfnrt", p[1]) == NULL) return false; /* \u: for Python */
            *escaped = true;
            p += 2;
        } else {
            if (*p > 127) in->not_ascii = true;
            p++;
        }
    }
}

/* A string that is kept as it stands. */
static inline bool plain_string(Cursor *in, Span *text) {
    bool escaped;
    return passed(in, '"') && string(in, text, &escaped) && !escaped;
}

static inline bool digit(const Cursor *in) { return in->at < in->end && (uint8_t)(*in->at - '0') < 10; }

static inline bool number(Cursor *in, double *result) {
    static const double POWER[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    bool negative = passed(in, '-');
    bool zero = next_is(in, '0');
    uint64_t digits = 0; /* all of them, as if there were no point */
    int whole = 0, fraction = 0;
    for (; digit(in) && whole <= MAX_DIGITS; whole++) digits = digits * 10 + (uint64_t)(*in->at++ - '0');
    if (whole == 0 || (zero && whole > 1)) return false;
    if (passed(in, '.')) {
        for (; digit(in) && fraction <= MAX_DIGITS; fraction++) digits = digits * 10 + (uint64_t)(*in->at++ - '0');
        if (fraction == 0) return false;
    }
    if (whole + fraction > MAX_DIGITS || next_is(in, 'e') || next_is(in, 'E')) return false;
    *result = (double)digits / POWER[fraction]; /* both are exact, so this is rounded once */
    if (negative) *result = -*result;
    return true;
}

static inline bool utf8(Bytes p, Bytes end) {
    while (p < end) {
        uint8_t first = *p++;
        if (first < 0x80) continue;
        int more = first >= 0xC2 && first <= 0xDF ? 1 : (first & 0xF0) == 0xE0 ? 2 : first >= 0xF0 && first <= 0xF4 ? 3 : 0;
        if (more == 0 || end - p < more) return false;
        if (first == 0xE0 && p[0] < 0xA0) return false; /* too long for what it says */
        if (first == 0xED && p[0] > 0x9F) return false; /* half of a pair (UTF-16) */
        if (first == 0xF0 && p[0] < 0x90) return false;
        if (first == 0xF4 && p[0] > 0x8F) return false; /* beyond Unicode */
        for (; more > 0; more--)
            if ((*p++ & 0xC0) != 0x80) return false;
    }
    return true;
}

/* Two digits as a number, or -1. */
static inline int two(Bytes p) {
    uint8_t tens = (uint8_t)(p[0] - '0'), ones = (uint8_t)(p[1] - '0');
    return tens < 10 && ones < 10 ? tens * 10 + ones : -1;
}

/* Microseconds since the epoch, UTC. */
static inline bool moment(Span text, int64_t *at) {
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    Bytes p = text.start;
    if (text.length < 20 || text.length > 27 || p[text.length - 1] != 'Z') return false;
    if (p[4] != '-' || p[7] != '-' || p[10] != 'T' || p[13] != ':' || p[16] != ':') return false;
    int century = two(p), year = two(p + 2), month = two(p + 5), day = two(p + 8);
    int hour = two(p + 11), minute = two(p + 14), second = two(p + 17);
    if (century < 10 || century > 29 || year < 0 || month < 1 || month > 12 || day < 1) return false;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
    year += century * 100;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > DAYS[month - 1] + (month == 2 && leap)) return false;
    int64_t micros = 0;
    if (text.length > 20) {
        if (p[19] != '.' || text.length == 21) return false;
        for (size_t n = 20; n < 26; n++) {
            uint8_t one = n < text.length - 1 ? (uint8_t)(p[n] - '0') : 0;
            if (one > 9) return false;
            micros = micros * 10 + one;
        }
    }
    int past = (14 - month) / 12; /* years begin in March here, so that the leap day is the last one */
    int64_t y = year - past, m = month + 12 * past - 3;
    int64_t days = day - 1 + (153 * m + 2) / 5 + 365 * y + y / 4 - y / 100 + y / 400 - 719468;
    *at = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000000 + micros;
    return true;
}

/* ---- Texts: a dictionary that numbers them from 1 in the order in which they come */

typedef struct {
    uint64_t secret[2];
    uint64_t *hashes; /* open addressing: of the texts, where `numbers` is not 0 */
    uint32_t *numbers;
    uint32_t mask; /* slots less one; a power of two less one */
    uint32_t count, room;
    int64_t *ends; /* of text n in `bytes`: from ends[n - 1] to ends[n] */
    uint8_t *bytes;
    size_t bytes_room;
} Texts;

static inline uint64_t folded(uint64_t a, uint64_t b) { /* 64 x 64 bits multiplied to 128, both halves xored */
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t word_of(Bytes p, size_t length) {
    uint64_t bits = 0;
    memcpy(&bits, p, length);
    return bits;
}

/* A hash with a secret that is drawn for each process: nobody who writes lines can make texts that collide and so slow
 * down whoever reads them. It never leaves this file: texts are equal only if their bytes are. */
static inline uint64_t hash_of(const Texts *texts, Span text) {
    Bytes p = text.start;
    size_t left = text.length;
    uint64_t hash = texts->secret[0] ^ left;
    for (; left >= 8; p += 8, left -= 8) hash = folded(word_of(p, 8) ^ texts->secret[1], hash ^ texts->secret[0]);
    if (left) hash = folded(word_of(p, left) ^ texts->secret[1], hash ^ texts->secret[0]);
    return folded(hash ^ texts->secret[0], texts->secret[1]);
}

static inline bool texts_new(Texts *texts, const uint64_t secret[2]) {
    *texts = (Texts){.secret = {secret[0], secret[1]}, .mask = (1 << 12) - 1, .room = 1 << 11, .bytes_room = 1 << 16};
    texts->hashes = calloc((size_t)texts->mask + 1, sizeof *texts->hashes);
    texts->numbers = calloc((size_t)texts->mask + 1, sizeof *texts->numbers);
    texts->ends = calloc((size_t)texts->room + 1, sizeof *texts->ends);
    texts->bytes = malloc(texts->bytes_room);
    return texts->hashes && texts->numbers && texts->ends && texts->bytes;
}

static inline void texts_free(Texts *texts) {
    free(texts->hashes);
    free(texts->numbers);
    free(texts->ends);
    free(texts->bytes);
}

static inline bool more_slots(Texts *texts) {
    uint32_t mask = texts->mask * 2 + 1;
    uint64_t *hashes = calloc((size_t)mask + 1, sizeof *hashes);
    uint32_t *numbers = calloc((size_t)mask + 1, sizeof *numbers);
    if (!hashes || !numbers) {
        free(hashes);
        free(numbers);
        return false;
    }
    for (uint32_t old = 0; old <= texts->mask; old++) {
        if (texts->numbers[old] == 0) continue;
        uint32_t slot = (uint32_t)texts->hashes[old] & mask;
        while (numbers[slot]) slot = (slot + 1) & mask;
        hashes[slot] = texts->hashes[old];
        numbers[slot] = texts->numbers[old];
    }
    free(texts->hashes);
    free(texts->numbers);
    texts->hashes = hashes;
    texts->numbers = numbers;
    texts->mask = mask;
    return true;
}

static inline bool room_for(Texts *texts, size_t length) {
    if (texts->count == texts->room) {
        int64_t *ends = realloc(texts->ends, (2 * (size_t)texts->room + 1) * sizeof *ends);
        if (!ends) return false;
        texts->ends = ends;
        texts->room *= 2;
    }
    size_t needed = (size_t)texts->ends[texts->count] + length;
    if (needed > texts->bytes_room) {
        size_t room = texts->bytes_room;
        while (room < needed) room *= 2;
        uint8_t *bytes = realloc(texts->bytes, room);
        if (!bytes) return false;
        texts->bytes = bytes;
        texts->bytes_room = room;
    }
    return (texts->count + 1) * 2 <= texts->mask || more_slots(texts);
}

/* The number of a text by its hash; 0 if it has none. */
static inline uint32_t number_by_hash(const Texts *texts, Span text, uint64_t hash) {
    uint32_t slot = (uint32_t)hash & texts->mask, number;
    for (; (number = texts->numbers[slot]) != 0; slot = (slot + 1) & texts->mask) {
        if (texts->hashes[slot] != hash) continue;
        int64_t start = texts->ends[number - 1], end = texts->ends[number];
        if ((size_t)(end - start) == text.length && memcmp(texts->bytes + start, text.start, text.length) == 0) return number;
    }
    return 0;
}

static inline uint32_t known_number(const Texts *texts, Span text) { return number_by_hash(texts, text, hash_of(texts, text)); }

/* The number of a text; 0 if there is no memory for it. */
static inline uint32_t number_of(Texts *texts, Span text) {
    uint64_t hash = hash_of(texts, text);
    uint32_t number = number_by_hash(texts, text, hash);
    if (number) return number;
    if (!room_for(texts, text.length)) return 0;
    uint32_t slot = (uint32_t)hash & texts->mask; /* the first that is free */
    while (texts->numbers[slot]) slot = (slot + 1) & texts->mask;
    memcpy(texts->bytes + texts->ends[texts->count], text.start, text.length);
    number = ++texts->count;
    texts->ends[number] = texts->ends[number - 1] + (int64_t)text.length;
    texts->hashes[slot] = hash;
    texts->numbers[slot] = number;
    return number;
}

#endif
