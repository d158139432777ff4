/* SPDX-License-Identifier: MIT */
/* Reading what would be lost: the log first, then the rows that it names. */
#include "verify/lost.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/signals.h"
#include "verify/change_log.h"
#include "verify/key_text.h"
#include "verify/lost_inner.h"
#include "verify/pair.h"
#include "verify/schema.h"

#define WAIT_MS 250
#define IDLE_MS 20000 /* a log that is silent for so long before its end is no answer */
#define PROGRESS_EVERY 256

/* What one transaction has touched, until its end is read. */
struct pending {
    struct lost_table tables[64];
    size_t count;
    bool has_more;
};

struct reading {
    const struct lost_options *options;
    struct lost_report *report;
    struct lost_rows rows;
    struct pending pending;
    char origin[64]; /* how the identities begin of what is not lost: "1-", "uuid:" */
};

static int no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for what would be lost");
}

/* --- one transaction -------------------------------------------------------------------------- */

static void label_of(const struct change *change, char out[160])
{
    if (change->table)
        (void)snprintf(out, 160, "%s", change->table->label);
    else if (!change->database[0])
        (void)snprintf(out, 160, "*");
    else
        (void)snprintf(out, 160, "%.79s.%.79s", change->database,
                       change->name[0] ? change->name : "*");
}

static struct lost_table *find_table(struct lost_table *tables, size_t count, const char *label)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(tables[i].label, label) == 0)
            return &tables[i];
    return NULL;
}

static struct lost_table *pending_table(struct pending *pending, const char *label)
{
    struct lost_table *found = find_table(pending->tables, pending->count, label);

    if (found)
        return found;
    if (pending->count == ARRAY_LEN(pending->tables)) {
        pending->has_more = true;
        return NULL;
    }
    found = &pending->tables[pending->count++];
    *found = (struct lost_table){0};
    (void)snprintf(found->label, sizeof(found->label), "%s", label);
    return found;
}

static void add_counts(struct lost_table *to, const struct lost_table *from)
{
    to->inserted += from->inserted;
    to->updated += from->updated;
    to->deleted += from->deleted;
    to->is_vague = to->is_vague || from->is_vague;
}

static int add_to_report(struct lost_report *report, const struct lost_table *table,
                         struct err *err)
{
    struct lost_table *found = find_table(report->tables, report->table_count, table->label);

    if (!found) {
        struct lost_table *grown =
            realloc(report->tables, (report->table_count + 1) * sizeof(*report->tables));
        if (!grown)
            return no_memory(err);
        report->tables = grown;
        found = &report->tables[report->table_count++];
        *found = (struct lost_table){0};
        (void)snprintf(found->label, sizeof(found->label), "%s", table->label);
    }
    add_counts(found, table);
    return 0;
}

/* Other databases than those that are moved: a catalog that has no table of it says so. */
static bool is_ours(const struct reading *reading, const struct change *change)
{
    const struct service *service = reading->options->service;

    if (change->table || !change->database[0])
        return true;
    for (size_t i = 0; i < service->database_count; i++)
        if (strcmp(service->databases[i], change->database) == 0)
            return true;
    return false;
}

static int note_row(struct reading *reading, const struct change *change, struct err *err)
{
    char label[160];
    struct lost_table one = {0};

    label_of(change, label);
    (void)snprintf(one.label, sizeof(one.label), "%s", label);
    one.inserted = change->kind == CHANGE_ROW && change->action == CHANGE_INSERT;
    one.updated = change->kind == CHANGE_ROW && change->action == CHANGE_UPDATE;
    one.deleted = change->kind == CHANGE_ROW && change->action == CHANGE_DELETE;
    one.is_vague = change->kind != CHANGE_ROW;
    struct lost_table *in_transaction = pending_table(&reading->pending, label);
    if (in_transaction)
        add_counts(in_transaction, &one);
    int rc = add_to_report(reading->report, &one, err);
    if (rc || change->kind != CHANGE_ROW)
        return rc;
    return lost_rows_add(&reading->rows, change, err);
}

/* --- its end ---------------------------------------------------------------------------------- */

static void tables_text(const struct pending *pending, char *out, size_t out_size)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < pending->count && len < out_size; i++) {
        const struct lost_table *table = &pending->tables[i];
        uint64_t rows = table->inserted + table->updated + table->deleted;
        len += (size_t)snprintf(out + len, out_size - len, "%s%s", i ? ", " : "", table->label);
        if (len < out_size && table->is_vague)
            len += (size_t)snprintf(out + len, out_size - len, " (which rows is not known)");
        else if (len < out_size)
            len += (size_t)snprintf(out + len, out_size - len, " (%" PRIu64 ")", rows);
    }
    if (pending->has_more && len < out_size)
        (void)snprintf(out + len, out_size - len, ", ...");
}

static int write_transaction(struct reading *reading, const struct change *change, struct err *err)
{
    const struct pending *pending = &reading->pending;
    CLEANUP(json_release) json_t *line = NULL;
    json_t *tables = json_array();
    char at[32];

    if (!reading->options->lines) {
        json_decref(tables);
        return 0;
    }
    for (size_t i = 0; i < pending->count; i++) {
        const struct lost_table *table = &pending->tables[i];
        (void)json_array_append_new(
            tables,
            json_pack("{s:s,s:I,s:I,s:I,s:b}", "table", table->label, "inserted",
                      (json_int_t)table->inserted, "updated", (json_int_t)table->updated, "deleted",
                      (json_int_t)table->deleted, "is_vague", (int)table->is_vague));
    }
    line = json_pack("{s:s,s:s,s:o,s:b}", "transaction", change->transaction, "at",
                     clock_iso8601(change->at_ms * 1000, at), "tables", tables, "has_more_tables",
                     (int)pending->has_more);
    return lost_write_line(reading->options->lines, line, err);
}

static int end_transaction(struct reading *reading, const struct change *change, struct err *err)
{
    struct lost_report *report = reading->report;
    int rc = 0;

    if (reading->pending.count == 0) {
        report->others++;
        return 0;
    }
    if (report->shown_count < LOST_SHOWN) {
        struct lost_transaction *shown = &report->shown[report->shown_count++];
        (void)snprintf(shown->id, sizeof(shown->id), "%s", change->transaction);
        shown->at_ms = change->at_ms;
        tables_text(&reading->pending, shown->tables, sizeof(shown->tables));
    }
    if (!report->transactions)
        report->first_ms = change->at_ms;
    report->last_ms = change->at_ms;
    report->transactions++;
    rc = write_transaction(reading, change, err);
    reading->pending.count = 0;
    reading->pending.has_more = false;
    if (reading->options->progress && report->transactions % PROGRESS_EVERY == 0)
        reading->options->progress(reading->options->context, report->transactions);
    return rc;
}

static int take(struct reading *reading, const struct change *change, struct err *err)
{
    size_t len = strlen(reading->origin);

    if (len && change->transaction && strncmp(change->transaction, reading->origin, len) == 0)
        return 0; /* the other side wrote it itself */
    switch (change->kind) {
    case CHANGE_ROW:
    case CHANGE_TABLE:
    case CHANGE_SCHEMA:
        return is_ours(reading, change) ? note_row(reading, change, err) : 0;
    case CHANGE_COMMIT:
        break;
    }
    return end_transaction(reading, change, err);
}

/* --- the log ---------------------------------------------------------------------------------- */

static int read_log(struct reading *reading, struct change_log *log, const struct position *until,
                    struct err *err)
{
    int64_t heard_ms = clock_mono_ms();
    struct change change;

    while (!position_covers(change_log_position(log), until)) {
        if (signals_stop_wanted())
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while reading a binary log");
        int got = change_log_next(log, WAIT_MS, &change, err);
        if (got < 0)
            return got;
        int64_t now_ms = clock_mono_ms();
        if (got)
            heard_ms = now_ms;
        else if (now_ms - heard_ms > IDLE_MS)
            return err_set(err, ERR_TIMEOUT, EFFECT_NONE,
                           "the binary log does not come to its end: nothing for %d s",
                           IDLE_MS / 1000);
        int rc = got ? take(reading, &change, err) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

static void begin_reading(struct reading *reading)
{
    const struct origin *origin = reading->options->not_lost;

    if (origin->flavour == FLAVOUR_MARIADB)
        (void)snprintf(reading->origin, sizeof(reading->origin), "%" PRIu32 "-", origin->domain);
    if (origin->flavour == FLAVOUR_MYSQL) {
        char uuid[GTID_UUID_TEXT_SIZE];
        gtid_uuid_text(origin->uuid, uuid);
        (void)snprintf(reading->origin, sizeof(reading->origin), "%s:", uuid);
    }
}

static int read_all(struct reading *reading, struct verify_end *end,
                    const struct table_catalog *catalog, struct err *err)
{
    CLEANUP(change_log_freep) struct change_log *log = NULL;
    const struct change_log_options options = {.service = reading->options->service,
                                               .side = reading->options->side,
                                               .from = reading->options->from,
                                               .catalog = catalog};
    struct position until;

    int rc = end_position(end, &until, err);
    if (!rc && position_covers(reading->options->from, &until))
        return 0;
    if (!rc)
        rc = change_log_open(&options, &log, err);
    if (!rc)
        rc = read_log(reading, log, &until, err);
    if (!rc)
        rc = lost_rows_finish(&reading->rows, end, reading->options->lines, err);
    reading->report->rows = reading->rows.count;
    reading->report->is_rows_cut = reading->rows.is_cut;
    return rc;
}

int lost_read(const struct lost_options *options, struct lost_report *out, struct err *err)
{
    CLEANUP(table_catalog_release) struct table_catalog catalog = {0};
    struct lost_report report = {0};
    struct reading *reading = calloc(1, sizeof(*reading));
    struct verify_end end = {0};

    if (!reading)
        return no_memory(err);
    *reading = (struct reading){.options = options, .report = &report};
    begin_reading(reading);
    int rc =
        end_open(options->service, service_primary(options->service, options->side), &end, err);
    if (!rc)
        rc = schema_load(options->service, &end, &catalog, err);
    if (!rc)
        rc = read_all(reading, &end, &catalog, err);
    db_freep(&end.db);
    lost_rows_release(&reading->rows);
    free(reading);
    if (rc) {
        lost_report_release(&report);
        return rc;
    }
    *out = report;
    return 0;
}

void lost_report_release(struct lost_report *report)
{
    free(report->tables);
    *report = (struct lost_report){0};
}
