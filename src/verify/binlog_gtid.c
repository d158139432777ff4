/* SPDX-License-Identifier: MIT */
/*
 * Who numbered a transaction: MariaDB's event, MySQL's two, and MySQL's sets as a replica sends
 * them.
 *
 * MySQL's tagged event is a message of fields, each with its id, numbers of one to nine bytes: as
 * many one-bits as the lowest byte has at its end, so many bytes follow it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "verify/binlog_event.h"

static int cut_short(struct err *err)
{
    return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "the identity of a transaction is cut short");
}

static int read_mariadb(const struct binlog_event *event, struct binlog_gtid *out, struct err *err)
{
    enum { STANDALONE = 1, PREPARED_XA = 64 };
    struct bytes body = event->body;

    out->flavour = FLAVOUR_MARIADB;
    out->item.server = event->server_id;
    out->item.sequence = bytes_number(&body, 8);
    out->item.domain = (uint32_t)bytes_number(&body, 4);
    uint64_t flags = bytes_number(&body, 1);
    out->is_single = (flags & STANDALONE) != 0;
    out->is_xa = (flags & PREPARED_XA) != 0;
    return body.is_short ? cut_short(err) : 0;
}

/* Two clocks, in microseconds: this server's, and the first one's where that was another. */
static int64_t read_commit_time(struct bytes *body)
{
    const uint64_t has_original = (uint64_t)1 << 55;
    uint64_t here_us = bytes_number(body, 7);

    if (here_us & has_original)
        here_us = bytes_number(body, 7);
    return (int64_t)(here_us / 1000);
}

static int read_untagged(const struct binlog_event *event, struct binlog_gtid *out, struct err *err)
{
    enum { LOGICAL_CLOCK = 2 };
    struct bytes body = event->body;

    (void)bytes_take(&body, 1); /* flags */
    const unsigned char *uuid = bytes_take(&body, GTID_UUID_SIZE);
    out->number = bytes_number(&body, 8);
    if (body.is_short)
        return cut_short(err);
    memcpy(out->uuid, uuid, GTID_UUID_SIZE);
    if (bytes_left(&body) < 1 + 16 + 7 || bytes_number(&body, 1) != LOGICAL_CLOCK)
        return 0; /* 5.7: no time of commit */
    (void)bytes_take(&body, 16);
    out->written_ms = read_commit_time(&body);
    return body.is_short ? cut_short(err) : 0;
}

static uint64_t varlen(struct bytes *body)
{
    uint64_t first = bytes_number(body, 1);
    unsigned more = 0;

    while (more < 8 && (first >> more & 1))
        more++;
    uint64_t rest = bytes_number(body, more);
    if (more >= 7)
        return rest;
    return first >> (more + 1) | rest << (7 - more);
}

/* The sign is the lowest bit; of a negative number the others are turned round. */
static int64_t varlen_signed(struct bytes *body)
{
    uint64_t number = varlen(body);
    return (int64_t)(number >> 1 ^ (number & 1 ? UINT64_MAX : 0));
}

static bool read_tag(struct bytes *body, char out[GTID_TAG_SIZE])
{
    size_t len = (size_t)varlen(body);
    const unsigned char *tag = bytes_take(body, len);

    if (!tag || len >= GTID_TAG_SIZE)
        return false;
    memcpy(out, tag, len);
    out[len] = '\0';
    return true;
}

/* Fields come in the order of their ids; all up to the number and the tag are always there. */
static int read_tagged(const struct binlog_event *event, struct binlog_gtid *out, struct err *err)
{
    enum { FLAGS, UUID, NUMBER, TAG, LAST_COMMITTED, SEQUENCE, COMMITTED_HERE, COMMITTED_FIRST };
    struct bytes body = event->body;
    uint64_t here_us = 0, first_us = 0;

    (void)varlen(&body); /* version */
    (void)varlen(&body); /* size */
    (void)varlen(&body); /* the last field that must be understood */
    while (bytes_left(&body) && !body.is_short) {
        uint64_t field = varlen(&body);
        if (field > COMMITTED_FIRST)
            break;
        if (field == UUID)
            for (size_t i = 0; i < GTID_UUID_SIZE; i++)
                out->uuid[i] = (uint8_t)varlen(&body);
        else if (field == NUMBER)
            out->number = (uint64_t)varlen_signed(&body);
        else if (field == TAG && !read_tag(&body, out->tag))
            return cut_short(err);
        else if (field == LAST_COMMITTED || field == SEQUENCE || field == FLAGS)
            (void)varlen(&body);
        else if (field == COMMITTED_HERE)
            here_us = varlen(&body);
        else if (field == COMMITTED_FIRST)
            first_us = varlen(&body);
    }
    out->written_ms = (int64_t)((first_us ? first_us : here_us) / 1000);
    return body.is_short ? cut_short(err) : 0;
}

int binlog_gtid_read(const struct binlog_event *event, struct binlog_gtid *out, struct err *err)
{
    struct binlog_gtid gtid = {.flavour = FLAVOUR_MYSQL};
    int rc;

    if (event->type == EVENT_MARIADB_GTID)
        rc = read_mariadb(event, &gtid, err);
    else if (event->type == EVENT_GTID_TAGGED)
        rc = read_tagged(event, &gtid, err);
    else
        rc = read_untagged(event, &gtid, err);
    if (rc)
        return rc;
    if (gtid.flavour == FLAVOUR_MYSQL && (gtid.number == 0 || gtid.number > INT64_MAX))
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "a transaction with the number %" PRIu64,
                       gtid.number);
    if (gtid.written_ms == 0)
        gtid.written_ms = (int64_t)event->written_s * 1000;
    *out = gtid;
    return 0;
}

void binlog_gtid_text(const struct binlog_gtid *gtid, char out[BINLOG_GTID_TEXT_SIZE])
{
    char uuid[GTID_UUID_TEXT_SIZE];

    if (gtid->flavour == FLAVOUR_MARIADB) {
        (void)snprintf(out, BINLOG_GTID_TEXT_SIZE, "%" PRIu32 "-%" PRIu32 "-%" PRIu64,
                       gtid->item.domain, gtid->item.server, gtid->item.sequence);
        return;
    }
    gtid_uuid_text(gtid->uuid, uuid);
    (void)snprintf(out, BINLOG_GTID_TEXT_SIZE, "%s:%s%s%" PRIu64, uuid, gtid->tag,
                   gtid->tag[0] ? ":" : "", gtid->number);
}

/* --- positions -------------------------------------------------------------------------------- */

/* One item a domain: what was there of it goes. */
static int add_to_list(struct gtid_list *list, const struct gtid *item, struct err *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].domain != item->domain)
            list->items[kept++] = list->items[i];
    list->count = kept;
    if (kept == GTID_ITEM_CAP)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "more than %d GTID domains", GTID_ITEM_CAP);
    while (kept > 0 && list->items[kept - 1].domain > item->domain) {
        list->items[kept] = list->items[kept - 1];
        kept--;
    }
    list->items[kept] = *item;
    list->count++;
    return 0;
}

/* Nearly always the next number behind the last one of its source. */
static bool extend_set(struct gtid_set *set, const struct binlog_gtid *gtid)
{
    for (size_t i = 0; i < set->source_count; i++) {
        const struct gtid_source *source = &set->sources[i];
        if (memcmp(source->uuid, gtid->uuid, GTID_UUID_SIZE) != 0 ||
            strcmp(source->tag, gtid->tag) != 0)
            continue;
        struct gtid_range *last = &set->ranges[source->first_range + source->range_count - 1];
        if (last->last + 1 != gtid->number)
            return false;
        last->last = gtid->number;
        return true;
    }
    return false;
}

int binlog_position_add(struct position *position, const struct binlog_gtid *gtid, struct err *err)
{
    if (position->flavour == FLAVOUR_UNKNOWN)
        *position = (struct position){.flavour = gtid->flavour};
    if (position->flavour != gtid->flavour)
        return err_set(err, ERR_BUG, EFFECT_NONE, "a position of one flavour, a log of another");
    if (gtid->flavour == FLAVOUR_MARIADB)
        return add_to_list(&position->list, &gtid->item, err);
    if (extend_set(&position->set, gtid))
        return 0;
    struct gtid_set one = {.source_count = 1, .range_count = 1};
    memcpy(one.sources[0].uuid, gtid->uuid, GTID_UUID_SIZE);
    memcpy(one.sources[0].tag, gtid->tag, GTID_TAG_SIZE);
    one.sources[0].range_count = 1;
    one.ranges[0] = (struct gtid_range){.first = gtid->number, .last = gtid->number};
    return gtid_set_join(&position->set, &one, &position->set, err);
}

static void add_number(struct buf *out, uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        buf_putc(out, (char)(number >> (8 * i)));
}

/* With tags the count stands between two marks, and each source has its tag, with twice its length
 * before it. */
void binlog_set_encode(const struct gtid_set *set, struct buf *out)
{
    const uint64_t marks = (uint64_t)1 << 56 | 1;
    bool has_tags = false;

    for (size_t i = 0; i < set->source_count; i++)
        has_tags |= set->sources[i].tag[0] != '\0';
    add_number(out, has_tags ? marks | (uint64_t)set->source_count << 8 : set->source_count);
    for (size_t i = 0; i < set->source_count; i++) {
        const struct gtid_source *source = &set->sources[i];
        buf_add(out, source->uuid, GTID_UUID_SIZE);
        if (has_tags) {
            buf_putc(out, (char)(strlen(source->tag) << 1));
            buf_puts(out, source->tag);
        }
        add_number(out, source->range_count);
        for (size_t r = 0; r < source->range_count; r++) {
            const struct gtid_range *range = &set->ranges[source->first_range + r];
            add_number(out, range->first);
            add_number(out, range->last + 1);
        }
    }
}
