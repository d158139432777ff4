/* SPDX-License-Identifier: MIT */
/* From where NEW's log has to be read, and how the list is asked for. */
#include "engine/lost_list.h"

#include <string.h>

#include "base/clock.h"
#include "engine/observe.h"
#include "verify/change_log.h"

#define FIRST_WAIT_MS 2000

void lost_path(const struct service *service, const char *run_id, char *out, size_t out_size)
{
    const char *slash = strrchr(service->journal_path, '/');
    int folder = slash ? (int)(slash - service->journal_path) : 0;

    (void)snprintf(out, out_size, "%.*s/lost-%s-%s.jsonl", slash ? folder : 1,
                   slash ? service->journal_path : ".", service->name, run_id);
}

/*
 * A MariaDB server sends a domain that the position does not name from the beginning, and one that
 * it names beyond its own log is an error: what OLD wrote itself is taken as far as NEW has it.
 */
static void from_lists(const struct node_facts *old_primary, const struct node_facts *new_primary,
                       struct position *out)
{
    struct gtid_list *list = &out->list;

    *out = (struct position){.flavour = FLAVOUR_MARIADB};
    for (size_t i = 0; i < new_primary->binlog_pos.list.count; i++) {
        const struct gtid *item = &new_primary->binlog_pos.list.items[i];
        if (item->domain == old_primary->origin.domain)
            list->items[list->count++] = *item;
    }
    for (size_t i = 0; i < old_primary->slave_pos.list.count; i++) {
        const struct gtid *item = &old_primary->slave_pos.list.items[i];
        if (item->domain != old_primary->origin.domain && list->count < GTID_ITEM_CAP &&
            gtid_list_sequence(&new_primary->binlog_pos.list, item->domain))
            list->items[list->count++] = *item;
    }
}

/* What OLD has, as NEW's log is asked for what comes after it. */
static int find_from(const struct facts *facts, struct position *out, struct err *err)
{
    const struct node_facts *old_primary = facts_primary(facts, SIDE_OLD);
    const struct node_facts *new_primary = facts_primary(facts, SIDE_NEW);

    if (!old_primary || old_primary->is_reached != TRI_YES || !new_primary ||
        new_primary->is_reached != TRI_YES)
        return err_set(err, ERR_LOST, EFFECT_NONE,
                       "what would be lost cannot be listed: a primary does not answer");
    if (old_primary->origin.flavour == FLAVOUR_UNKNOWN ||
        old_primary->origin.flavour != new_primary->origin.flavour)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "positions of the two sides do not compare");
    if (old_primary->origin.flavour == FLAVOUR_MARIADB)
        from_lists(old_primary, new_primary, out);
    else
        *out = old_primary->slave_pos;
    return 0;
}

static int read_between(const struct service *service, const struct facts *facts, FILE *lines,
                        struct lost_report *out, struct err *err)
{
    struct position from;
    int rc = find_from(facts, &from, err);

    if (rc)
        return rc;
    const struct lost_options options = {.service = service,
                                         .side = SIDE_NEW,
                                         .from = &from,
                                         .not_lost = &facts_primary(facts, SIDE_OLD)->origin,
                                         .lines = lines};
    return lost_read(&options, out, err);
}

int lost_list(const struct service *service, FILE *lines, struct lost_report *out, struct err *err)
{
    CLEANUP(facts_release) struct facts facts = {0};
    int rc = observe(service, &facts, NULL, err);

    return rc ? rc : read_between(service, &facts, lines, out, err);
}

int64_t lost_first_us(const struct service *service, const struct facts *facts)
{
    static const struct table_catalog no_tables;
    CLEANUP(change_log_freep) struct change_log *log = NULL;
    struct position from;
    struct change change;
    struct err none = {0};
    int64_t deadline_ms = clock_mono_ms() + FIRST_WAIT_MS;

    if (find_from(facts, &from, &none))
        return 0;
    const struct change_log_options options = {.service = service,
                                               .side = SIDE_NEW,
                                               .from = &from,
                                               .catalog = &no_tables,
                                               .is_own_only = true};
    if (change_log_open(&options, &log, &none))
        return 0;
    while (clock_mono_ms() < deadline_ms) {
        int got = change_log_next(log, 100, &change, &none);
        if (got < 0)
            return 0;
        if (got && change.is_own)
            return change.at_ms * 1000;
    }
    return 0;
}
