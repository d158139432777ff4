/* SPDX-License-Identifier: MIT */
/*
 * Runs seed_copy() or seed_wipe() with a configuration file and prints the outcome as JSON, for
 * test_seed.py.
 *
 * seed_check CFG copy old|new [workers=N] [rate=BYTES]     the side that is read
 * seed_check CFG wipe old|new                 the side that is thrown away
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/signals.h"
#include "cluster/seed.h"
#include "io/db.h"
#include "playbook/read.h"

static void on_progress(void *context, const struct seed_progress *progress)
{
    (void)context; /* none is needed */
    fprintf(stderr,
            "%" PRIu64 "/%" PRIu64 " bytes, %" PRIu64 " rows, %u/%u tables, eta %" PRId64
            " ms, %s\n",
            progress->bytes_done, progress->bytes_total, progress->rows_done, progress->tables_done,
            progress->tables_total, progress->eta_ms, progress->current);
}

static int fail(const struct err *err)
{
    json_t *root =
        json_pack("{s:s,s:s,s:s,s:s,s:s}", "error", err->msg, "code", err_code_name(err->code),
                  "effect", err_effect_name(err->effect), "where", err->where, "hint", err->hint);
    (void)json_dumpf(root, stdout, JSON_INDENT(1));
    json_decref(root);
    return 1;
}

static int copy(const struct service *service, enum side from, int argc, char **argv,
                struct err *err)
{
    struct seed_options options = {.service = service, .from = from, .progress = on_progress};
    struct seed_report report;
    char position[POSITION_TEXT_SIZE];

    for (int i = 4; i < argc; i++)
        if (!strncmp(argv[i], "workers=", 8))
            options.workers = (unsigned)strtoul(argv[i] + 8, NULL, 10);
        else if (!strncmp(argv[i], "rate=", 5))
            options.rate = strtoull(argv[i] + 5, NULL, 10);
    int rc = seed_copy(&options, &report, err);
    if (!rc)
        rc = position_text(&report.position, position, sizeof(position), err);
    if (rc)
        return rc;
    json_t *root = json_pack("{s:s,s:I,s:I,s:i,s:I,s:I}", "position", position, "rows",
                             (json_int_t)report.rows, "bytes", (json_int_t)report.bytes, "tables",
                             (int)report.tables, "duration_ms", (json_int_t)report.duration_ms,
                             "barrier_ms", (json_int_t)report.barrier_ms);
    (void)json_dumpf(root, stdout, JSON_INDENT(1));
    json_decref(root);
    return 0;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct service service = {0};

    if (argc < 4 || signals_install(&err) || db_library_init(&err) ||
        service_read(argv[1], &service, &err))
        return fail(&err);
    enum side side = !strcmp(argv[3], "new") ? SIDE_NEW : SIDE_OLD;
    int rc = !strcmp(argv[2], "wipe") ? seed_wipe(&service, side, NULL, NULL, &err)
                                      : copy(&service, side, argc, argv, &err);
    if (rc)
        (void)fail(&err);
    else if (!strcmp(argv[2], "wipe"))
        puts("{}");
    service_release(&service);
    db_library_end();
    return rc ? 1 : 0;
}
