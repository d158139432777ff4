/* SPDX-License-Identifier: MIT */
/*
 * Runs verify_objects_compare() with a configuration file and prints what it tells as JSON, for
 * test_verify_objects.py.
 *
 * objects_check CFG old|new [still]
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/signals.h"
#include "io/db.h"
#include "playbook/read.h"
#include "verify/objects.h"

struct told {
    json_t *differences, *accepted, *warnings;
};

static json_t *one(const struct difference *d)
{
    return json_pack("[s,s,s,s,s]", d->table, d->key, d->column, d->source_value, d->replica_value);
}

static void on_difference(void *context, const struct difference *difference)
{
    struct told *told = context;
    (void)json_array_append_new(told->differences, one(difference));
}

static void on_accepted(void *context, const struct difference *difference,
                        const struct acceptance *acceptance)
{
    struct told *told = context;
    (void)json_array_append_new(told->accepted, one(difference));
    (void)json_array_append_new(told->accepted, json_string(acceptance->why));
}

static void on_warning(void *context, const char *text)
{
    struct told *told = context;
    (void)json_array_append_new(told->warnings, json_string(text));
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct service service = {0};
    struct told told = {json_array(), json_array(), json_array()};
    int rc = argc < 3 || signals_install(&err) || db_library_init(&err) ||
             service_read(argv[1], &service, &err);
    const struct objects_compare options = {
        .service = &service,
        .source = argc > 2 && !strcmp(argv[2], "new") ? SIDE_NEW : SIDE_OLD,
        .is_still = argc > 3 && !strcmp(argv[3], "still"),
        .on_difference = on_difference,
        .on_accepted = on_accepted,
        .on_warning = on_warning,
        .context = &told,
    };
    int64_t began_ms = clock_mono_ms();
    if (!rc)
        rc = verify_objects_compare(&options, &err);
    json_t *root = json_pack("{s:o,s:o,s:o,s:s,s:I}", "differences", told.differences, "accepted",
                             told.accepted, "warnings", told.warnings, "error", rc ? err.msg : "",
                             "duration_ms", (json_int_t)(clock_mono_ms() - began_ms));
    (void)json_dumpf(root, stdout, JSON_INDENT(1));
    json_decref(root);
    service_release(&service);
    db_library_end();
    return rc ? 1 : 0;
}
