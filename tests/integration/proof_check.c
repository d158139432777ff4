/* SPDX-License-Identifier: MIT */
/*
 * Keeps a proof and does what it is told on standard input, a line at a time, for test_proof.py.
 * Each answer is one line of JSON.
 *
 * proof_check CFG old|new [cap=BYTES] [source=POSITION replica=POSITION]
 * pass | rest | look | settle still|moving LIMIT_MS | quit
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "base/signals.h"
#include "io/db.h"
#include "playbook/read.h"
#include "verify/proof.h"

static const char *const kind_names[] = {"missing", "extra", "changed", "schema"};

struct check {
    struct service service;
    struct proof_options options;
    struct proof_floor from;
    struct proof *proof;
};

static void say(json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    printf("%s\n", text ? text : "{\"error\": \"not UTF-8\"}");
    (void)fflush(stdout);
    free(text);
    json_decref(json);
}

static json_t *error_json(const struct err *err)
{
    return json_pack("{s:s,s:s}", "code", err_code_name(err->code), "error", err->msg);
}

static json_t *differences_json(const struct verify_report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->difference_kept; i++) {
        const struct difference *d = &report->differences[i];
        (void)json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s}", "kind",
                                                    kind_names[d->kind], "table", d->table, "key",
                                                    d->key, "column", d->column));
    }
    return list;
}

static void do_pass(struct check *check)
{
    struct err err = {0};
    struct verify_report report = {0};
    const struct verify_options options = {
        .service = &check->service, .source = check->options.source, .is_objects_skipped = true};

    if (verify_run(&options, &report, &err)) {
        say(error_json(&err));
        return;
    }
    proof_rests_on(check->proof, &report);
    say(json_pack("{s:s,s:I,s:o}", "code", "none", "rows", (json_int_t)report.rows, "differences",
                  differences_json(&report)));
    verify_report_release(&report);
}

/* As after a restart: the full comparison of before is what it rests on. */
static void do_rest(struct check *check)
{
    const struct verify_report report = {.tables = 1, .rows = 1, .hash = "of before"};
    proof_rests_on(check->proof, &report);
    say(json_pack("{s:s}", "code", "none"));
}

static json_t *position_json(const struct position *position)
{
    char text[POSITION_TEXT_SIZE];
    struct err err = {0};
    return json_string(position_text(position, text, sizeof(text), &err) ? "" : text);
}

static void do_look(struct check *check)
{
    struct proof_status now;
    proof_look(check->proof, &now);
    say(json_pack("{s:s,s:b,s:b,s:s,s:I,s:I,s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "code", "none",
                  "covering", (int)now.is_covering, "broken", (int)now.is_broken, "problem",
                  now.problem, "rows", (json_int_t)now.rows_touched, "ranges",
                  (json_int_t)now.ranges_touched, "tables", (int)now.tables_touched, "bytes",
                  (json_int_t)now.set_bytes, "reproven", (json_int_t)now.rows_reproven,
                  "differences", (json_int_t)now.differences, "age_ms", (json_int_t)now.age_ms,
                  "behind_ms", (json_int_t)now.behind_ms, "settle_ms", (json_int_t)now.settle_ms,
                  "source", position_json(&now.floor.source), "replica",
                  position_json(&now.floor.replica)));
}

static void do_settle(struct check *check, const char *how, int64_t limit_ms)
{
    struct err err = {0};
    struct certificate certificate;
    struct verify_report report;
    int64_t began_us = clock_mono_us();
    int rc =
        proof_settle(check->proof, !strcmp(how, "still"), limit_ms, &certificate, &report, &err);
    double took_ms = (double)(clock_mono_us() - began_us) / 1000.0;
    json_t *json = rc ? error_json(&err) : json_pack("{s:s}", "code", "none");

    (void)json_object_set_new(json, "took_ms", json_real(took_ms));
    (void)json_object_set_new(json, "differences", differences_json(&report));
    if (!rc)
        (void)json_object_set_new(json, "certificate", certificate_json(&certificate));
    say(json);
    verify_report_release(&report);
}

static void obey(struct check *check)
{
    char line[256], word[32], how[32];
    long long limit_ms;

    while (fgets(line, sizeof(line), stdin)) {
        int fields = sscanf(line, "%31s %31s %lld", word, how, &limit_ms);
        if (fields < 1 || !strcmp(word, "quit"))
            return;
        if (!strcmp(word, "pass"))
            do_pass(check);
        else if (!strcmp(word, "rest"))
            do_rest(check);
        else if (!strcmp(word, "look"))
            do_look(check);
        else if (!strcmp(word, "settle") && fields == 3)
            do_settle(check, how, limit_ms);
        else
            say(json_pack("{s:s}", "code", "usage"));
    }
}

static int read_arguments(struct check *check, int argc, char **argv, struct err *err)
{
    int rc = 0;
    check->options.service = &check->service;
    check->options.source = !strcmp(argv[2], "new") ? SIDE_NEW : SIDE_OLD;
    for (int i = 3; i < argc && !rc; i++) {
        if (!strncmp(argv[i], "cap=", 4))
            check->options.cap_bytes = strtoull(argv[i] + 4, NULL, 10);
        else if (!strncmp(argv[i], "source=", 7))
            rc = position_parse_any(argv[i] + 7, &check->from.source, err);
        else if (!strncmp(argv[i], "replica=", 8))
            rc = position_parse_any(argv[i] + 8, &check->from.replica, err);
        if (strchr("sr", argv[i][0]))
            check->options.from = &check->from;
    }
    return rc;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct check check = {0};

    int rc = argc < 3 ? ERR_USAGE : signals_install(&err);
    if (!rc)
        rc = failpoint_arm_from_env(&err);
    if (!rc)
        rc = db_library_init(&err);
    if (!rc)
        rc = service_read(argv[1], &check.service, &err);
    if (!rc)
        rc = read_arguments(&check, argc, argv, &err);
    if (!rc)
        rc = proof_start(&check.options, &check.proof, &err);
    say(rc ? error_json(&err) : json_pack("{s:s}", "code", "none"));
    if (!rc)
        obey(&check);
    proof_free(check.proof);
    service_release(&check.service);
    db_library_end();
    return rc ? 1 : 0;
}
