/* SPDX-License-Identifier: MIT */
/* Reading the logs of both primaries for the last writes of some rows. */
#include "verify/author.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/signals.h"
#include "verify/key_text.h"
#include "verify/pair.h"
#include "verify/schema.h"

#define WAIT_MS 250
#define IDLE_MS 3000 /* a log that is silent for so long has ended */
#define PROGRESS_EVERY 4096

/* A difference as it is looked for. */
struct wanted {
    const char *table, *point;
    size_t number;
};

struct search {
    const struct author_options *options;
    struct author_report *report;
    struct wanted *wanted; /* sorted; those whose key is known */
    size_t count;
    enum side side;
    uint64_t changes;
};

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *left = a, *right = b;
    int order = strcmp(left->table, right->table);
    return order ? order : strcmp(left->point, right->point);
}

static void note(struct search *search, size_t number, const struct change *change, bool is_row)
{
    struct author_write *last = &search->report->authors[number].last[search->side];

    if (!is_row && last->is_known && last->is_row)
        return; /* what is known of the row says more than what may have been */
    *last = (struct author_write){.is_known = true,
                                  .is_row = is_row,
                                  .is_own = change->is_own,
                                  .is_deletion = is_row && change->action == CHANGE_DELETE,
                                  .server_id = change->server_id,
                                  .at_ms = change->at_ms};
    (void)snprintf(last->transaction, sizeof(last->transaction), "%s",
                   change->transaction ? change->transaction : "");
}

static void note_row(struct search *search, const struct change *change)
{
    char point[sizeof(((struct difference *)NULL)->point)];
    struct wanted key = {.table = change->table->label, .point = point};

    if (!search->count || !verify_key_text(change->key, point, sizeof(point)))
        return;
    const struct wanted *found =
        bsearch(&key, search->wanted, search->count, sizeof(*search->wanted), compare_wanted);
    if (found)
        note(search, found->number, change, true);
}

static bool covers(const struct change *change, const char *label)
{
    char table[160];

    if (!change->database[0])
        return true;
    (void)snprintf(table, sizeof(table), "%s.%s", change->database, change->name);
    size_t len = strlen(table);
    return change->name[0] ? !strcmp(label, table) : !strncmp(label, table, len);
}

static void note_table(struct search *search, const struct change *change)
{
    const struct author_options *options = search->options;

    for (size_t i = 0; i < options->count; i++)
        if (covers(change, options->differences[i].table))
            note(search, i, change, false);
}

static void take(struct search *search, const struct change *change)
{
    switch (change->kind) {
    case CHANGE_ROW:
        note_row(search, change);
        break;
    case CHANGE_TABLE:
    case CHANGE_SCHEMA:
        note_table(search, change);
        break;
    case CHANGE_COMMIT:
        return;
    }
    search->changes++;
    if (search->options->progress && search->changes % PROGRESS_EVERY == 0)
        search->options->progress(search->options->context, search->side, search->changes);
}

/* --- where to begin --------------------------------------------------------------------------- */

/* The row of the oldest file that is still within the limit. */
static size_t choose_file(const struct db_result *files, uint64_t limit_bytes)
{
    uint64_t bytes = 0;
    size_t row = files->row_count - 1;

    for (;; row--) {
        const char *size = db_result_get(files, row, "File_size");
        bytes += size ? strtoull(size, NULL, 10) : 0;
        if (row == 0 || bytes >= limit_bytes)
            return row;
    }
}

static int position_of_oldest(struct verify_end *end, const char *file, struct position *out,
                              struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    const struct sql_arg args[] = {{"file", file}};
    int rc = end_query(end, SQL_AUTHOR_LOG_OLDEST, args, ARRAY_LEN(args), &result, err);
    if (rc)
        return rc;
    const char *text = db_result_get(&result, 0, "position");
    return position_parse(end->version.flavour, text ? text : "", out, err);
}

static int position_of_file(struct verify_end *end, const char *file, struct position *out,
                            struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    const struct sql_arg args[] = {{"file", file}};
    const char *type = sql_column(SQL_AUTHOR_LOG_BEGIN, &end->version, "type");
    const char *column = sql_column(SQL_AUTHOR_LOG_BEGIN, &end->version, "position");
    size_t row = 0;

    int rc = end_query(end, SQL_AUTHOR_LOG_BEGIN, args, ARRAY_LEN(args), &result, err);
    if (rc)
        return rc;
    for (; type && row < result.row_count; row++) {
        const char *name = db_result_get(&result, row, type);
        if (name && !strcmp(name, "Previous_gtids"))
            break;
    }
    const char *text = db_result_get(&result, row, column);
    return position_parse(end->version.flavour, text ? text : "", out, err);
}

static int choose_begin(struct search *search, struct verify_end *end, struct position *out,
                        struct err *err)
{
    CLEANUP(db_result_release) struct db_result files = {0};
    struct author_log *log = &search->report->logs[search->side];
    uint64_t limit = search->options->limit_bytes;

    int rc = end_query(end, SQL_AUTHOR_LOGS, NULL, 0, &files, err);
    if (rc)
        return rc;
    if (!files.row_count)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "%s has no binary log", db_where(end->db));
    size_t row = choose_file(&files, limit ? limit : AUTHOR_LIMIT_BYTES);
    const char *file = db_result_get(&files, row, "Log_name");
    (void)snprintf(log->file, sizeof(log->file), "%s", file ? file : "");
    log->is_oldest = row == 0;
    return log->is_oldest ? position_of_oldest(end, log->file, out, err)
                          : position_of_file(end, log->file, out, err);
}

/* --- reading ---------------------------------------------------------------------------------- */

static int read_log(struct search *search, struct change_log *log, const struct position *until,
                    struct err *err)
{
    int64_t limit_ms = search->options->limit_ms ? search->options->limit_ms : AUTHOR_LIMIT_MS;
    int64_t deadline_ms = clock_mono_ms() + limit_ms, heard_ms = clock_mono_ms();
    struct change change;

    while (!position_covers(change_log_position(log), until)) {
        int64_t now_ms = clock_mono_ms();
        if (signals_stop_wanted())
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while reading a binary log");
        if (now_ms >= deadline_ms)
            return 0;
        int got = change_log_next(log, WAIT_MS, &change, err);
        if (got < 0)
            return got;
        if (got)
            heard_ms = clock_mono_ms();
        else if (clock_mono_ms() - heard_ms > IDLE_MS)
            break;
        if (got)
            take(search, &change);
    }
    search->report->logs[search->side].is_complete = true;
    return 0;
}

static int search_side(struct search *search, enum side side, struct err *err)
{
    const struct service *service = search->options->service;
    CLEANUP(table_catalog_release) struct table_catalog catalog = {0};
    CLEANUP(change_log_freep) struct change_log *log = NULL;
    struct verify_end end = {0};
    struct position from, until;

    search->side = side;
    int rc = end_open(service, service_primary(service, side), &end, err);
    if (!rc)
        rc = schema_load(service, &end, &catalog, err);
    if (!rc)
        rc = choose_begin(search, &end, &from, err);
    if (!rc)
        rc = end_position(&end, &until, err);
    db_freep(&end.db);
    if (rc)
        return rc;
    const struct change_log_options options = {
        .service = service, .side = side, .from = &from, .catalog = &catalog};
    rc = change_log_open(&options, &log, err);
    return rc ? rc : read_log(search, log, &until, err);
}

static int prepare(struct search *search, struct err *err)
{
    const struct author_options *options = search->options;
    size_t count = options->count ? options->count : 1;

    search->wanted = calloc(count, sizeof(*search->wanted));
    search->report->authors = calloc(count, sizeof(*search->report->authors));
    if (!search->wanted || !search->report->authors)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %zu rows", options->count);
    for (size_t i = 0; i < options->count; i++)
        if (options->differences[i].point[0])
            search->wanted[search->count++] =
                (struct wanted){.table = options->differences[i].table,
                                .point = options->differences[i].point,
                                .number = i};
    qsort(search->wanted, search->count, sizeof(*search->wanted), compare_wanted);
    return 0;
}

int author_search(const struct author_options *options, struct author_report *out, struct err *err)
{
    struct author_report report = {.source = options->source, .count = options->count};
    struct search search = {.options = options, .report = &report};

    int rc = prepare(&search, err);
    if (!rc)
        rc = search_side(&search, side_other(options->source), err);
    if (!rc)
        rc = search_side(&search, options->source, err);
    free(search.wanted);
    if (rc) {
        author_report_release(&report);
        return rc;
    }
    *out = report;
    return 0;
}

void author_report_release(struct author_report *report)
{
    free(report->authors);
    report->authors = NULL;
    report->count = 0;
}

/* --- telling ---------------------------------------------------------------------------------- */

static void write_text(const struct author_write *write, char *out, size_t out_size)
{
    char at[32];
    (void)snprintf(out, out_size, "(server %u, %s, %s)", write->server_id, write->transaction,
                   clock_iso8601(write->at_ms * 1000, at));
}

/* Why nothing of it may be in the logs. */
static void nothing_text(const struct author_report *report, char *out, size_t out_size)
{
    const struct author_log *logs = report->logs;
    bool is_whole = logs[SIDE_OLD].is_complete && logs[SIDE_NEW].is_complete;

    (void)snprintf(out, out_size,
                   "not in the logs of either side (OLD since %.60s, NEW since %.60s%s): it was "
                   "there before, or was written with sql_log_bin = 0",
                   logs[SIDE_OLD].file, logs[SIDE_NEW].file,
                   is_whole ? "" : ", not read to their end: time was up");
}

void author_text(const struct author_report *report, size_t number, char *out, size_t out_size)
{
    enum side replica_side = side_other(report->source);
    const struct author_write *replica = &report->authors[number].last[replica_side];
    const struct author_write *source = &report->authors[number].last[report->source];
    const char *here = side_title(replica_side), *there = side_title(report->source);
    char write[192];

    /* what is known of a table only was mostly its definition, and explains nothing of a row, but
     * where nobody should have touched the table here at all */
    if (replica->is_known && replica->is_own) {
        write_text(replica, write, sizeof(write));
        (void)snprintf(out, out_size, "%s on %s itself %s",
                       !replica->is_row       ? "a statement on its table was executed"
                       : replica->is_deletion ? "deleted"
                                              : "written",
                       here, write);
    } else if (source->is_row &&
               (!replica->is_row || strcmp(source->transaction, replica->transaction) != 0)) {
        write_text(source, write, sizeof(write));
        (void)snprintf(out, out_size,
                       "%s on %s %s, which the log of %s does not have: skipped or filtered there, "
                       "or not yet applied",
                       source->is_deletion ? "last deleted" : "last written", there, write, here);
    } else if (replica->is_row) {
        write_text(replica, write, sizeof(write));
        (void)snprintf(out, out_size,
                       "last %s by a transaction that both sides have %s: what differs was written "
                       "with sql_log_bin = 0",
                       replica->is_deletion ? "deleted" : "written", write);
    } else {
        nothing_text(report, out, out_size);
    }
}
