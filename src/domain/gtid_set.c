/* SPDX-License-Identifier: MIT */
/* Arithmetic on MySQL positions, without a server to ask. */
#include "domain/gtid_set.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- uuids ------------------------------------------------------------------------------------ */

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

static bool is_dash_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

/* Moves the cursor behind the uuid; leaves it alone when there is none. */
static bool read_uuid(const char **cursor, uint8_t out[GTID_UUID_SIZE])
{
    const char *at = *cursor;
    for (size_t i = 0; i < GTID_UUID_SIZE; i++) {
        if (is_dash_before(i) && *at++ != '-')
            return false;
        int high = hex_value(at[0]);
        int low = high < 0 ? -1 : hex_value(at[1]);
        if (low < 0)
            return false;
        out[i] = (uint8_t)(high * 16 + low);
        at += 2;
    }
    *cursor = at;
    return true;
}

bool gtid_uuid_parse(const char *text, uint8_t out[GTID_UUID_SIZE])
{
    uint8_t uuid[GTID_UUID_SIZE];
    if (!read_uuid(&text, uuid) || *text != '\0')
        return false;
    memcpy(out, uuid, sizeof(uuid));
    return true;
}

void gtid_uuid_text(const uint8_t uuid[GTID_UUID_SIZE], char out[GTID_UUID_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char *at = out;
    for (size_t i = 0; i < GTID_UUID_SIZE; i++) {
        if (is_dash_before(i))
            *at++ = '-';
        *at++ = digits[uuid[i] >> 4];
        *at++ = digits[uuid[i] & 15];
    }
    *at = '\0';
}

/* --- building a set --------------------------------------------------------------------------- */

static int compare_sources(const struct gtid_source *a, const struct gtid_source *b)
{
    int by_uuid = memcmp(a->uuid, b->uuid, GTID_UUID_SIZE);
    return by_uuid != 0 ? by_uuid : strcmp(a->tag, b->tag);
}

static const struct gtid_source *find_source(const struct gtid_set *set,
                                             const struct gtid_source *key)
{
    for (size_t i = 0; i < set->source_count; i++)
        if (compare_sources(&set->sources[i], key) == 0)
            return &set->sources[i];
    return NULL;
}

/* The place of a source in the set, made when it is not there. NULL: the set is full. */
static struct gtid_source *open_source(struct gtid_set *set, const struct gtid_source *key)
{
    size_t at = 0;
    while (at < set->source_count && compare_sources(&set->sources[at], key) < 0)
        at++;
    if (at < set->source_count && compare_sources(&set->sources[at], key) == 0)
        return &set->sources[at];
    if (set->source_count == GTID_SOURCE_CAP)
        return NULL;
    memmove(&set->sources[at + 1], &set->sources[at],
            (set->source_count - at) * sizeof(set->sources[0]));
    set->sources[at] = *key;
    set->sources[at].first_range =
        (uint16_t)(at == 0 ? 0
                           : set->sources[at - 1].first_range + set->sources[at - 1].range_count);
    set->sources[at].range_count = 0;
    set->source_count++;
    return &set->sources[at];
}

/* Make or close a gap of one range, in the middle of all ranges. */
static void shift_ranges(struct gtid_set *set, struct gtid_source *source, size_t at, int by)
{
    struct gtid_range *from = &set->ranges[by > 0 ? at : at + 1];
    struct gtid_range *to = &set->ranges[by > 0 ? at + 1 : at];
    size_t behind = set->range_count - (size_t)(from - set->ranges);
    memmove(to, from, behind * sizeof(*from));
    set->range_count = (size_t)((long)set->range_count + by);
    source->range_count = (uint16_t)(source->range_count + by);
    for (struct gtid_source *next = source + 1; next < set->sources + set->source_count; next++)
        next->first_range = (uint16_t)(next->first_range + by);
}

/* Add first..last to a source, joined with what it touches. False: the set is full. */
static bool add_range(struct gtid_set *set, struct gtid_source *source, struct gtid_range range)
{
    size_t at = source->first_range, end = at + source->range_count;
    while (at < end && set->ranges[at].last < range.first && range.first - set->ranges[at].last > 1)
        at++;
    while (at < end &&
           (set->ranges[at].first <= range.last || set->ranges[at].first - range.last <= 1)) {
        if (set->ranges[at].first < range.first)
            range.first = set->ranges[at].first;
        if (set->ranges[at].last > range.last)
            range.last = set->ranges[at].last;
        shift_ranges(set, source, at, -1);
        end--;
    }
    if (set->range_count == GTID_RANGE_CAP)
        return false;
    shift_ranges(set, source, at, 1);
    set->ranges[at] = range;
    return true;
}

/* --- text ------------------------------------------------------------------------------------- */

static const char *skip_blanks(const char *cursor)
{
    while (isspace((unsigned char)*cursor))
        cursor++;
    return cursor;
}

static bool read_number(const char **cursor, uint64_t *out)
{
    if (!isdigit((unsigned char)**cursor))
        return false;
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(*cursor, &end, 10);
    if (errno != 0 || value == 0 || value > INT64_MAX)
        return false;
    *out = value;
    *cursor = end;
    return true;
}

static bool read_range(const char **cursor, struct gtid_range *out)
{
    if (!read_number(cursor, &out->first))
        return false;
    out->last = out->first;
    const char *at = skip_blanks(*cursor);
    if (*at != '-')
        return true;
    at = skip_blanks(at + 1);
    if (!read_number(&at, &out->last) || out->last < out->first)
        return false;
    *cursor = at;
    return true;
}

/* A letter or _, then letters, digits and _; at most 32, kept in lower case as the server does. */
static bool read_tag(const char **cursor, char out[GTID_TAG_SIZE])
{
    size_t len = 0;
    const char *at = *cursor;
    if (!isalpha((unsigned char)*at) && *at != '_')
        return false;
    while (isalnum((unsigned char)*at) || *at == '_') {
        if (len + 1 >= GTID_TAG_SIZE)
            return false;
        out[len++] = (char)tolower((unsigned char)*at++);
    }
    out[len] = '\0';
    *cursor = at;
    return true;
}

enum part_read { PART_OK, PART_WRONG, PART_TOO_MANY };

/* The :range and :tag parts behind a uuid. */
static enum part_read read_parts(const char **cursor, struct gtid_set *set, struct gtid_source *key)
{
    bool has_range = false;
    const char *at = skip_blanks(*cursor);
    while (*at == ':') {
        struct gtid_range range;
        at = skip_blanks(at + 1);
        if (read_range(&at, &range)) {
            struct gtid_source *source = open_source(set, key);
            if (source == NULL || !add_range(set, source, range))
                return PART_TOO_MANY;
            has_range = true;
        } else if (!read_tag(&at, key->tag)) {
            return PART_WRONG;
        } else {
            has_range = false;
        }
        at = skip_blanks(at);
    }
    *cursor = at;
    return has_range ? PART_OK : PART_WRONG;
}

static int not_a_set(const char *text, enum part_read why, struct err *err)
{
    if (why == PART_TOO_MANY)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                       "GTID set \"%.100s\" has more than %d sources or %d ranges", text,
                       GTID_SOURCE_CAP, GTID_RANGE_CAP);
    return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                   "\"%.100s\" is not a GTID set like 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5",
                   text);
}

int gtid_set_parse(const char *text, struct gtid_set *out, struct err *err)
{
    struct gtid_set set = {.source_count = 0};
    const char *cursor = skip_blanks(text);
    while (*cursor != '\0') {
        struct gtid_source key = {.tag = ""};
        if (!read_uuid(&cursor, key.uuid))
            return not_a_set(text, PART_WRONG, err);
        enum part_read parts = read_parts(&cursor, &set, &key);
        if (parts != PART_OK)
            return not_a_set(text, parts, err);
        if (*cursor == '\0')
            break;
        bool has_comma = *cursor == ',';
        cursor = skip_blanks(cursor + 1);
        if (!has_comma || *cursor == '\0')
            return not_a_set(text, PART_WRONG, err);
    }
    *out = set;
    return 0;
}

struct writer {
    char *out;
    size_t size, used;
    bool is_full;
};

static void put(struct writer *writer, const char *text)
{
    size_t len = strlen(text);
    if (writer->is_full || writer->used + len >= writer->size) {
        writer->is_full = true;
        return;
    }
    memcpy(writer->out + writer->used, text, len + 1);
    writer->used += len;
}

static void put_range(struct writer *writer, const struct gtid_range *range)
{
    char text[48];
    if (range->first == range->last)
        (void)snprintf(text, sizeof(text), ":%" PRIu64, range->first);
    else
        (void)snprintf(text, sizeof(text), ":%" PRIu64 "-%" PRIu64, range->first, range->last);
    put(writer, text);
}

int gtid_set_text(const struct gtid_set *set, char *out, size_t out_size, struct err *err)
{
    struct writer writer = {.out = out, .size = out_size};
    if (out_size > 0)
        out[0] = '\0';
    for (size_t i = 0; i < set->source_count; i++) {
        const struct gtid_source *source = &set->sources[i];
        bool is_same_server = i > 0 && memcmp(source->uuid, source[-1].uuid, GTID_UUID_SIZE) == 0;
        if (!is_same_server) {
            char uuid[GTID_UUID_TEXT_SIZE];
            gtid_uuid_text(source->uuid, uuid);
            put(&writer, i == 0 ? "" : ",");
            put(&writer, uuid);
        }
        if (source->tag[0] != '\0') {
            put(&writer, ":");
            put(&writer, source->tag);
        }
        for (size_t r = 0; r < source->range_count; r++)
            put_range(&writer, &set->ranges[source->first_range + r]);
    }
    if (!writer.is_full)
        return 0;
    return err_set(err, ERR_MEMORY, EFFECT_NONE,
                   "a GTID set of %zu ranges does not fit into %zu bytes", set->range_count,
                   out_size);
}

/* --- arithmetic ------------------------------------------------------------------------------- */

bool gtid_set_equal(const struct gtid_set *a, const struct gtid_set *b)
{
    if (a->source_count != b->source_count || a->range_count != b->range_count)
        return false;
    for (size_t i = 0; i < a->source_count; i++)
        if (compare_sources(&a->sources[i], &b->sources[i]) != 0 ||
            a->sources[i].range_count != b->sources[i].range_count)
            return false;
    return a->range_count == 0 ||
           memcmp(a->ranges, b->ranges, a->range_count * sizeof(a->ranges[0])) == 0;
}

uint64_t gtid_set_count(const struct gtid_set *set)
{
    uint64_t count = 0;
    for (size_t i = 0; i < set->range_count; i++)
        count += set->ranges[i].last - set->ranges[i].first + 1;
    return count;
}

/*
 * Hand each piece of `source` that `taken` does not have to `take`; it says whether to go on.
 */
typedef bool take_piece(void *context, const struct gtid_source *source, struct gtid_range piece);

static bool each_missing(const struct gtid_set *set, const struct gtid_source *source,
                         const struct gtid_set *taken, take_piece *take, void *context)
{
    const struct gtid_source *other = find_source(taken, source);
    size_t at = other == NULL ? 0 : other->first_range;
    size_t end = other == NULL ? 0 : at + other->range_count;
    for (size_t r = 0; r < source->range_count; r++) {
        struct gtid_range rest = set->ranges[source->first_range + r];
        while (at < end && taken->ranges[at].last < rest.first)
            at++;
        bool is_left = true;
        for (size_t i = at; i < end && is_left && taken->ranges[i].first <= rest.last; i++) {
            const struct gtid_range *hole = &taken->ranges[i];
            if (hole->first > rest.first &&
                !take(context, source, (struct gtid_range){rest.first, hole->first - 1}))
                return false;
            is_left = hole->last < rest.last;
            rest.first = hole->last + 1;
        }
        if (is_left && !take(context, source, rest))
            return false;
    }
    return true;
}

static bool keep_piece(void *context, const struct gtid_source *source, struct gtid_range piece)
{
    struct gtid_set *out = context;
    struct gtid_source *place = open_source(out, source);
    return place != NULL && add_range(out, place, piece);
}

static bool count_piece(void *context, const struct gtid_source *source, struct gtid_range piece)
{
    uint64_t *count = context;
    (void)source;
    *count += piece.last - piece.first + 1;
    return true;
}

int gtid_set_subtract(const struct gtid_set *set, const struct gtid_set *taken,
                      struct gtid_set *out, struct err *err)
{
    struct gtid_set rest = {.source_count = 0};
    for (size_t i = 0; i < set->source_count; i++)
        if (!each_missing(set, &set->sources[i], taken, keep_piece, &rest))
            return err_set(err, ERR_MEMORY, EFFECT_NONE,
                           "the difference of two GTID sets has more than %d ranges",
                           GTID_RANGE_CAP);
    *out = rest;
    return 0;
}

int gtid_set_join(const struct gtid_set *a, const struct gtid_set *b, struct gtid_set *out,
                  struct err *err)
{
    struct gtid_set all = *a;
    for (size_t i = 0; i < b->source_count; i++) {
        const struct gtid_source *source = &b->sources[i];
        for (size_t r = 0; r < source->range_count; r++)
            if (!keep_piece(&all, source, b->ranges[source->first_range + r]))
                return err_set(err, ERR_MEMORY, EFFECT_NONE,
                               "two GTID sets together have more than %d sources or %d ranges",
                               GTID_SOURCE_CAP, GTID_RANGE_CAP);
    }
    *out = all;
    return 0;
}

uint64_t gtid_set_missing(const struct gtid_set *set, const struct gtid_set *wanted)
{
    uint64_t missing = 0;
    for (size_t i = 0; i < wanted->source_count; i++)
        (void)each_missing(wanted, &wanted->sources[i], set, count_piece, &missing);
    return missing;
}

bool gtid_set_contains(const struct gtid_set *set, const struct gtid_set *part)
{
    return gtid_set_missing(set, part) == 0;
}

static void pick(const struct gtid_set *set, const uint8_t uuid[GTID_UUID_SIZE], bool is_wanted,
                 struct gtid_set *out)
{
    struct gtid_set kept = {.source_count = 0};
    for (size_t i = 0; i < set->source_count; i++) {
        const struct gtid_source *source = &set->sources[i];
        if ((memcmp(source->uuid, uuid, GTID_UUID_SIZE) == 0) != is_wanted)
            continue;
        struct gtid_source *place = &kept.sources[kept.source_count++];
        *place = *source;
        place->first_range = (uint16_t)kept.range_count;
        memcpy(&kept.ranges[kept.range_count], &set->ranges[source->first_range],
               source->range_count * sizeof(set->ranges[0]));
        kept.range_count += source->range_count;
    }
    *out = kept;
}

void gtid_set_of_uuid(const struct gtid_set *set, const uint8_t uuid[GTID_UUID_SIZE],
                      struct gtid_set *out)
{
    pick(set, uuid, true, out);
}

void gtid_set_without_uuid(const struct gtid_set *set, const uint8_t uuid[GTID_UUID_SIZE],
                           struct gtid_set *out)
{
    pick(set, uuid, false, out);
}
