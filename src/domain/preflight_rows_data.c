/* SPDX-License-Identifier: MIT */
/* Checks of the data and of what works on it: tables, events, settings that change meaning, open
 * work. */
#include <inttypes.h>
#include <string.h>

#include "domain/preflight_rows.h"

#define LONG_TRANSACTION_S 60

/* Tables are surveyed on the side that has them: OLD. */
static bool tables_are_unread(const struct survey *survey, const struct check_row *row,
                              struct findings *out)
{
    if (finding_unread(out, row, survey, SIDE_OLD))
        return true;
    if (survey->table_count > 0)
        return false;
    finding_fix(finding_add(out, row, SEVERITY_WARN, "", "the configured databases have no tables"),
                "check the names in `databases`");
    return true;
}

LOOK(look_primary_key)
{
    size_t before = out->count;
    if (tables_are_unread(survey, row, out))
        return;
    for (size_t i = 0; i < survey->table_count; i++) {
        const struct survey_table *table = &survey->tables[i];
        if (!table->has_primary_key)
            finding_fix(
                finding_add(out, row, SEVERITY_WARN, table->name,
                            "has no primary key (about %" PRIu64 " rows)", table->rows_estimate),
                "ALTER TABLE %s ADD COLUMN id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, or "
                "accept that it is compared as a whole and applied slowly",
                table->name);
    }
    finding_well(out, row, before, "all %zu tables have a primary key", survey->table_count);
}

LOOK(look_engine)
{
    size_t before = out->count;
    if (tables_are_unread(survey, row, out))
        return;
    for (size_t i = 0; i < survey->table_count; i++) {
        const struct survey_table *table = &survey->tables[i];
        if (strcasecmp(table->engine, "InnoDB") != 0)
            finding_fix(finding_add(out, row, SEVERITY_WARN, table->name, "is stored in %s",
                                    table->engine[0] == '\0' ? "an unknown engine" : table->engine),
                        "ALTER TABLE %s ENGINE = InnoDB", table->name);
    }
    finding_well(out, row, before, "all %zu tables are InnoDB", survey->table_count);
}

/* --- events ----------------------------------------------------------------------------------- */

static const struct survey_event *enabled_event(const struct survey *survey, enum side side,
                                                const char *name)
{
    for (size_t i = 0; i < survey->side[side].event_count; i++) {
        const struct survey_event *event = &survey->side[side].events[i];
        if (strcmp(event->name, name) == 0 && strcasecmp(event->status, "ENABLED") == 0)
            return event;
    }
    return NULL;
}

static bool scheduler_may_run(const struct facts *facts, enum side side)
{
    const struct node_facts *primary = facts_primary(facts, side);
    return primary == NULL || strcasecmp(primary->event_scheduler, "OFF") != 0;
}

static void check_events_of(const struct facts *facts, const struct survey *survey, enum side side,
                            const struct check_row *row, struct findings *out)
{
    for (size_t i = 0; i < survey->side[side].event_count; i++) {
        const struct survey_event *event = &survey->side[side].events[i];
        bool is_on_both = enabled_event(survey, SIDE_OLD, event->name) != NULL &&
                          enabled_event(survey, SIDE_NEW, event->name) != NULL;
        if (is_on_both && side == SIDE_NEW)
            continue; /* said once, with OLD */
        bool is_firing =
            is_on_both && scheduler_may_run(facts, SIDE_OLD) && scheduler_may_run(facts, SIDE_NEW);
        if (is_on_both)
            finding_fix(
                finding_add(out, row, is_firing ? SEVERITY_BLOCK : SEVERITY_WARN, event->name,
                            "is ENABLED on both sides%s",
                            is_firing ? ", and would fire on both" : ""),
                "on the side without users: SET sql_log_bin = 0; ALTER DEFINER = %s EVENT %s "
                "DISABLE ON SLAVE",
                event->definer, event->name);
        else
            finding_add(out, row, SEVERITY_NOTE, event->name,
                        "is %s on %s, definer %s; a cutover enables it on the side that takes the "
                        "users and disables it on the other",
                        event->status, side_title(side), event->definer);
    }
}

LOOK(look_events)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (!finding_unread(out, row, survey, side))
            check_events_of(facts, survey, side, row, out);
    finding_well(out, row, before, "no scheduled events");
}

/* --- settings that both sides must share ------------------------------------------------------ */

struct pair {
    const char *setting, *on_old, *on_new;
};

static void compare_pair(const struct survey *survey, const struct check_row *row,
                         const struct pair *pair, struct findings *out)
{
    bool is_unread = finding_unread(out, row, survey, SIDE_OLD);
    if (finding_unread(out, row, survey, SIDE_NEW) || is_unread)
        return;
    if (strcmp(pair->on_old, pair->on_new) == 0) {
        finding_add(out, row, SEVERITY_OK, "", "%s is \"%s\" on both sides", pair->setting,
                    pair->on_old);
        return;
    }
    finding_fix(finding_add(out, row, SEVERITY_WARN, pair->setting,
                            "OLD has \"%.150s\", NEW has \"%.150s\"", pair->on_old, pair->on_new),
                "SET GLOBAL %s = '%s' on NEW, and in its configuration, until `retire`",
                pair->setting, pair->on_old);
}

LOOK(look_sql_mode)
{
    const struct pair pair = {"sql_mode", survey->side[SIDE_OLD].sql_mode,
                              survey->side[SIDE_NEW].sql_mode};
    compare_pair(survey, row, &pair, out);
}

LOOK(look_collation)
{
    const struct pair pair = {"collation_server", survey->side[SIDE_OLD].collation,
                              survey->side[SIDE_NEW].collation};
    compare_pair(survey, row, &pair, out);
}

LOOK(look_time_zone)
{
    const struct pair pair = {"time_zone", survey->side[SIDE_OLD].time_zone,
                              survey->side[SIDE_NEW].time_zone};
    compare_pair(survey, row, &pair, out);
}

/* --- work that is under way ------------------------------------------------------------------- */

LOOK(look_long_transactions)
{
    size_t before = out->count;
    unsigned oldest_s = 0;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_facts *primary = facts_primary(facts, side);
        if (primary == NULL || finding_unreached(out, row, primary))
            continue;
        oldest_s =
            primary->oldest_transaction_s > oldest_s ? primary->oldest_transaction_s : oldest_s;
        if (primary->oldest_transaction_s > LONG_TRANSACTION_S)
            finding_fix(
                finding_add(out, row, SEVERITY_WARN, primary->node->name,
                            "its oldest transaction has been open for %u s (%u hold writes)",
                            primary->oldest_transaction_s, primary->open_transactions),
                "SELECT * FROM information_schema.INNODB_TRX ORDER BY trx_started, and let "
                "its owner end it");
    }
    finding_well(out, row, before, "no transaction is older than %u s (oldest: %u s)",
                 LONG_TRANSACTION_S, oldest_s);
}

LOOK(look_prepared_xa)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_facts *primary = facts_primary(facts, side);
        if (primary == NULL || finding_unreached(out, row, primary) || primary->prepared_xa == 0)
            continue;
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, primary->node->name,
                                "%u XA transactions are prepared and not finished",
                                primary->prepared_xa),
                    "XA RECOVER shows them; their coordinator must XA COMMIT or XA ROLLBACK each");
    }
    finding_well(out, row, before, "no prepared XA transactions");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "tables.primary_key",
     .why = "rows without a key are found by scanning, and cannot be compared by chunk",
     .how = "give the table a primary key, or accept that it is compared as a whole and applied "
            "slowly",
     .source = "MariaDB Knowledge Base, Row-based replication with no primary key",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_primary_key},
    {.id = "tables.engine",
     .why = "other engines do not roll back, and cannot be read at one position",
     .how = "ALTER TABLE ... ENGINE = InnoDB",
     .source = "MariaDB Knowledge Base, Transactional and non-transactional tables",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_engine},
    {.id = "events.present",
     .why = "an event that fires on both sides writes twice",
     .how = "on the side without users: ALTER EVENT ... DISABLE ON SLAVE, with the definer it has",
     .source = "openark/orchestrator#478; MariaDB Knowledge Base, Events and replication",
     .worst = SEVERITY_BLOCK,
     .look = look_events},
    {.id = "sql_mode.equal",
     .why = "the same statement may be refused on one side and accepted on the other",
     .how = "SET GLOBAL sql_mode on NEW to OLD's, and in its configuration, until `retire`",
     .source = "MariaDB Knowledge Base, SQL_MODE",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_sql_mode},
    {.id = "collation.equal",
     .why = "new tables and sessions get another collation after the move",
     .how = "SET GLOBAL collation_server on NEW to OLD's, and in its configuration, until `retire`",
     .source = "MariaDB Knowledge Base, collation_server",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_collation},
    {.id = "time_zone.equal",
     .why = "TIMESTAMP values and NOW() read differently after the move",
     .how = "SET GLOBAL time_zone on NEW to OLD's, and in its configuration",
     .source = "MariaDB Knowledge Base, Time zones",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_time_zone},
    {.id = "transactions.long",
     .why = "the fence waits for open transactions, and everything waits for the fence",
     .how = "end the transaction, or wait for it, before the fence",
     .source = "openark/orchestrator#1127: read_only hangs behind a commit",
     .worst = SEVERITY_WARN,
     .look = look_long_transactions},
    {.id = "xa.prepared",
     .why = "a prepared XA transaction would sit between the two sides, holding locks",
     .how = "XA COMMIT or XA ROLLBACK, as its coordinator says",
     .source = "MariaDB Knowledge Base, XA Transactions: replication; MySQL Reference Manual, "
               "Restrictions on XA Transactions",
     .worst = SEVERITY_BLOCK,
     .look = look_prepared_xa},
};

const struct check_section preflight_data = {"Tables, events and open work", rows, ARRAY_LEN(rows)};
