/* SPDX-License-Identifier: MIT */
/* Arithmetic on MariaDB positions. Sequence numbers are compared within one domain only. */
#include "domain/gtid.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_keys(const struct gtid *a, const struct gtid *b)
{
    if (a->domain != b->domain)
        return a->domain < b->domain ? -1 : 1;
    if (a->server != b->server)
        return a->server < b->server ? -1 : 1;
    return 0;
}

static const char *skip_blanks(const char *cursor)
{
    while (isspace((unsigned char)*cursor))
        cursor++;
    return cursor;
}

static bool read_number(const char **cursor, uint64_t max, uint64_t *out)
{
    if (!isdigit((unsigned char)**cursor))
        return false;
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(*cursor, &end, 10);
    if (errno != 0 || value > max)
        return false;
    *out = value;
    *cursor = end;
    return true;
}

static bool read_dash(const char **cursor)
{
    if (**cursor != '-')
        return false;
    (*cursor)++;
    return true;
}

static bool read_gtid(const char **cursor, struct gtid *out)
{
    uint64_t domain = 0, server = 0, sequence = 0;
    if (!read_number(cursor, UINT32_MAX, &domain) || !read_dash(cursor) ||
        !read_number(cursor, UINT32_MAX, &server) || !read_dash(cursor) ||
        !read_number(cursor, UINT64_MAX, &sequence))
        return false;
    *out = (struct gtid){(uint32_t)domain, (uint32_t)server, sequence};
    return true;
}

/* Keeps the list sorted. False when the pair is there already or the list is full. */
static bool insert_sorted(struct gtid_list *list, const struct gtid *item)
{
    size_t at = list->count;
    while (at > 0 && compare_keys(item, &list->items[at - 1]) < 0)
        at--;
    bool is_there = at > 0 && compare_keys(item, &list->items[at - 1]) == 0;
    if (is_there || list->count == GTID_ITEM_CAP)
        return false;
    memmove(&list->items[at + 1], &list->items[at], (list->count - at) * sizeof(list->items[0]));
    list->items[at] = *item;
    list->count++;
    return true;
}

int gtid_list_parse(const char *text, struct gtid_list *out, struct err *err)
{
    struct gtid_list list = {.count = 0};
    const char *cursor = skip_blanks(text);
    while (*cursor != '\0') {
        struct gtid item;
        if (!read_gtid(&cursor, &item))
            return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                           "\"%.100s\" is not a GTID list like 0-1-5,1-101-36", text);
        if (!insert_sorted(&list, &item))
            return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                           "GTID list \"%.100s\" names a domain and server twice, or more than %d",
                           text, GTID_ITEM_CAP);
        cursor = skip_blanks(cursor);
        if (*cursor == '\0')
            break;
        bool has_comma = *cursor == ',';
        cursor = skip_blanks(cursor + 1);
        if (!has_comma || *cursor == '\0')
            return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                           "GTID list \"%.100s\" is cut off or has no comma between items", text);
    }
    *out = list;
    return 0;
}

int gtid_list_text(const struct gtid_list *list, char *out, size_t out_size, struct err *err)
{
    size_t used = 0;
    if (out_size > 0)
        out[0] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        const struct gtid *item = &list->items[i];
        char one[48];
        int len = snprintf(one, sizeof(one), "%s%" PRIu32 "-%" PRIu32 "-%" PRIu64,
                           i == 0 ? "" : ",", item->domain, item->server, item->sequence);
        if (used + (size_t)len >= out_size)
            return err_set(err, ERR_MEMORY, EFFECT_NONE,
                           "a GTID list of %zu items does not fit into %zu bytes", list->count,
                           out_size);
        memcpy(out + used, one, (size_t)len + 1);
        used += (size_t)len;
    }
    return 0;
}

uint64_t gtid_list_sequence(const struct gtid_list *list, uint32_t domain)
{
    uint64_t highest = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].domain == domain && list->items[i].sequence > highest)
            highest = list->items[i].sequence;
    return highest;
}

bool gtid_list_covers(const struct gtid_list *applied, const struct gtid_list *wanted)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (gtid_list_sequence(applied, wanted->items[i].domain) < wanted->items[i].sequence)
            return false;
    return true;
}

bool gtid_list_equal(const struct gtid_list *a, const struct gtid_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (compare_keys(&a->items[i], &b->items[i]) != 0 ||
            a->items[i].sequence != b->items[i].sequence)
            return false;
    return true;
}

void gtid_list_filter(const struct gtid_list *list, uint32_t domain, struct gtid_list *out)
{
    struct gtid_list kept = {.count = 0};
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].domain == domain)
            kept.items[kept.count++] = list->items[i];
    *out = kept;
}

uint64_t gtid_list_distance(const struct gtid_list *applied, const struct gtid_list *wanted)
{
    uint64_t missing = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        uint32_t domain = wanted->items[i].domain;
        bool is_counted = i > 0 && wanted->items[i - 1].domain == domain;
        uint64_t want = gtid_list_sequence(wanted, domain);
        uint64_t have = gtid_list_sequence(applied, domain);
        if (!is_counted && want > have)
            missing += want - have;
    }
    return missing;
}

static uint64_t sequence_of(const struct gtid_list *list, const struct gtid *key)
{
    for (size_t i = 0; i < list->count; i++)
        if (compare_keys(&list->items[i], key) == 0)
            return list->items[i].sequence;
    return 0;
}

void gtid_list_errant(const struct gtid_list *state, const struct gtid_list *source_state,
                      struct gtid_list *out)
{
    struct gtid_list errant = {.count = 0};
    for (size_t i = 0; i < state->count; i++)
        if (state->items[i].sequence > sequence_of(source_state, &state->items[i]))
            errant.items[errant.count++] = state->items[i];
    *out = errant;
}
