/* SPDX-License-Identifier: MIT */
/*
 * Runs verify_run() with a configuration file and prints its report as JSON, for test_verify.py.
 *
 * verify_check CFG old|new [workers=N] [tail=N] [still] [chunk=N] [table=DB.TABLE]... [mode=stream|remote|fast]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/signals.h"
#include "io/db.h"
#include "playbook/read.h"
#include "verify/verify.h"

static const char *const kind_names[] = {"missing", "extra", "changed", "schema"};

static void on_table(void *context, const char *table, uint64_t rows, const char *hash,
                     size_t differences)
{
    (void)json_object_set_new(context, table,
                              json_pack("{s:I,s:s,s:I}", "rows", (json_int_t)rows, "hash", hash,
                                        "differences", (json_int_t)differences));
}

static void on_progress(void *context, const struct verify_progress *progress)
{
    (void)context; /* the tables are collected there */
    fprintf(stderr,
            "%" PRIu64 "/%" PRIu64 " rows, %u/%u tables, %zu differences, eta %" PRId64 " ms, %s\n",
            progress->rows_done, progress->rows_total, progress->tables_done,
            progress->tables_total, progress->differences, progress->eta_ms, progress->current);
}

static json_t *differences_json(const struct verify_report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->difference_kept; i++) {
        const struct difference *d = &report->differences[i];
        json_t *item = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "kind", kind_names[d->kind], "table",
                                 d->table, "key", d->key, "column", d->column, "source",
                                 d->source_value, "replica", d->replica_value);
        if (!item) /* a text that was cut is not UTF-8 */
            item = json_pack("{s:s,s:s}", "kind", kind_names[d->kind], "table", "not UTF-8");
        (void)json_array_append_new(list, item);
    }
    return list;
}

static void print_report(const struct verify_report *report, json_t *tables)
{
    char position[POSITION_TEXT_SIZE];
    struct err err = {0};
    json_t *warnings = json_array();
    for (size_t i = 0; i < report->warning_count; i++)
        (void)json_array_append_new(warnings, json_string(report->warnings[i]));
    if (position_text(&report->position, position, sizeof(position), &err))
        position[0] = '\0';
    json_t *root = json_pack(
        "{s:I,s:I,s:I,s:i,s:I,s:o,s:o,s:s,s:s,s:I,s:O,s:{s:i,s:i,s:i},s:s,s:i,s:I}", "rows",
        (json_int_t)report->rows, "chunks", (json_int_t)report->chunks, "rechecked",
        (json_int_t)report->rechecked, "tables_compared", (int)report->tables, "difference_count",
        (json_int_t)report->difference_count, "differences", differences_json(report), "warnings",
        warnings, "position", position, "hash", report->hash, "duration_ms",
        (json_int_t)report->duration_ms, "tables", tables, "modes", "stream",
        (int)report->stream_tables, "remote", (int)report->remote_tables, "fast",
        (int)report->fast_tables, "algorithm", report->algorithm, "snapshots",
        (int)report->snapshots, "barrier_us", (json_int_t)report->barrier_us);
    (void)json_dumpf(root, stdout, JSON_INDENT(1));
    json_decref(root);
}

static int fail(const char *what, const struct err *err)
{
    printf("{\"error\": \"%s\", \"code\": \"%s\"}\n", what, err_code_name(err->code));
    fprintf(stderr, "%s: %s (%s) %s\n", what, err->msg, err->where, err->hint);
    return 1;
}

static enum verify_mode mode_of(const char *name)
{
    enum verify_mode mode = VERIFY_FAST;
    while (mode != VERIFY_AUTO && strcmp(name, verify_mode_name(mode)) != 0)
        mode--;
    return mode;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct service service = {0};
    struct verify_report report = {0};
    const char *tables[32];
    json_t *done = json_object();

    if (argc < 3 || signals_install(&err) || db_library_init(&err) ||
        service_read(argv[1], &service, &err))
        return fail("start", &err);
    struct verify_options options = {.service = &service,
                                     .source = !strcmp(argv[2], "new") ? SIDE_NEW : SIDE_OLD,
                                     .progress = on_progress,
                                     .table_done = on_table,
                                     .context = done};
    for (int i = 3; i < argc; i++) {
        if (!strncmp(argv[i], "workers=", 8))
            options.workers = (unsigned)strtoul(argv[i] + 8, NULL, 10);
        else if (!strncmp(argv[i], "tail=", 5))
            options.tail_rows = strtoull(argv[i] + 5, NULL, 10);
        else if (!strncmp(argv[i], "chunk=", 6))
            options.chunk_rows = strtoull(argv[i] + 6, NULL, 10);
        else if (!strncmp(argv[i], "mode=", 5))
            options.mode = mode_of(argv[i] + 5);
        else if (!strncmp(argv[i], "span=", 5))
            options.span_rows = strtoull(argv[i] + 5, NULL, 10);
        else if (!strcmp(argv[i], "rows-only"))
            options.is_objects_skipped = true;
        else if (!strcmp(argv[i], "still"))
            options.is_still = true;
        else if (!strncmp(argv[i], "table=", 6) && options.table_count < ARRAY_LEN(tables))
            tables[options.table_count++] = argv[i] + 6;
    }
    options.tables = options.table_count ? tables : NULL;
    int rc = verify_run(&options, &report, &err);
    if (rc)
        (void)fail("verify", &err);
    else
        print_report(&report, done);
    verify_report_release(&report);
    service_release(&service);
    json_decref(done);
    db_library_end();
    return rc ? 1 : 0;
}
