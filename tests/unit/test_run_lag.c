/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/run_lag.h"
#include "domain/lag.h"

#define RUN "20261122-100000-aaaa"
#define OTHER_RUN "20261122-110000-bbbb"

static struct service service = {.node_count = 2,
                                 .nodes = {{.name = "old1", .side = SIDE_OLD, .is_primary = true},
                                           {.name = "new1", .side = SIDE_NEW, .is_primary = true}}};
static struct run_lag *lag;
static struct journal *journal;
static char folder[] = "/tmp/cutover-run-lag-XXXXXX";
static char path[64];

static int setup(void **state)
{
    struct err err = {0};

    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/cutover-run-lag-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof path, "%s/journal.db", folder);
    int rc = journal_open(path, &journal, &err);
    return rc ? rc : run_lag_new(&service, &lag, &err);
}

static int teardown(void **state)
{
    char name[80];

    (void)state;
    run_lag_free(lag);
    journal_free(journal);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
    return rmdir(folder);
}

static void sample(const char *run_id, const char *node, int64_t receive_ms, int64_t apply_ms)
{
    const struct journal_sample one = {node, receive_ms, apply_ms};
    struct err err = {0};

    assert_int_equal(journal_samples(journal, run_id, &one, 1, &err), 0);
}

static void follow(const char *run_id)
{
    struct err err = {0};

    assert_int_equal(run_lag_follow(lag, journal, run_id, &err), 0);
}

/* Of one node, without the times, which are those of the journal's clock. */
static void assert_node(size_t index, size_t points, const char *receive, const char *apply)
{
    CLEANUP(json_release) json_t *page = run_lag_json(lag, points);
    json_t *node = json_array_get(json_object_get(page, "nodes"), index);
    char *is_received = json_dumps(json_object_get(node, "receive_ms"), JSON_COMPACT);
    char *is_applied = json_dumps(json_object_get(node, "apply_ms"), JSON_COMPACT);

    assert_string_equal(is_received, receive);
    assert_string_equal(is_applied, apply);
    assert_int_equal(json_array_size(json_object_get(node, "at_us")),
                     json_array_size(json_object_get(node, "apply_ms")));
    free(is_received);
    free(is_applied);
}

static void test_before_the_first_run_there_is_none(void **state)
{
    CLEANUP(json_release) json_t *page = run_lag_json(lag, 10);

    (void)state;
    assert_true(json_is_null(json_object_get(page, "run")));
    assert_node(0, 10, "[]", "[]");
}

static void test_a_run_is_taken_as_it_goes_on_each_sample_once(void **state)
{
    (void)state;
    sample(RUN, "new1", 1, 20);
    follow(RUN);
    sample(RUN, "new1", 2, LAG_INFINITE);
    follow(RUN);
    follow(RUN);
    assert_node(1, 10, "[1,2]", "[20,null]");
    assert_node(0, 10, "[]", "[]");
}

static void test_another_run_begins_anew(void **state)
{
    (void)state;
    sample(RUN, "new1", 1, 20);
    follow(RUN);
    sample(OTHER_RUN, "new1", 3, 4);
    follow(OTHER_RUN);
    assert_node(1, 10, "[3]", "[4]");
}

static void test_a_node_that_is_not_configured_any_more_is_left_out(void **state)
{
    (void)state;
    sample(RUN, "new7", 1, 20);
    follow(RUN);
    assert_node(0, 10, "[]", "[]");
    assert_node(1, 10, "[]", "[]");
}

static void test_fewer_points_are_the_worst_of_their_span_and_unknown_is_worse(void **state)
{
    (void)state;
    sample(RUN, "new1", 1, 20);
    sample(RUN, "new1", 9, 10);
    sample(RUN, "new1", 2, LAG_INFINITE);
    sample(RUN, "new1", 3, 30);
    follow(RUN);
    assert_node(1, 2, "[9,3]", "[20,null]");
}

/* Twice as many as are kept: pairs of them, each the worse, and none lost. */
static void test_a_run_longer_than_what_is_kept_loses_detail_and_no_peak(void **state)
{
    struct journal_sample *many = calloc(2UL * RUN_LAG_CAP, sizeof *many);
    struct err err = {0};

    (void)state;
    assert_non_null(many);
    for (size_t i = 0; i < 2UL * RUN_LAG_CAP; i++)
        many[i] = (struct journal_sample){"new1", 1, i == RUN_LAG_CAP + 7 || i == 4 ? 500 : 1};
    assert_int_equal(journal_samples(journal, RUN, many, 2UL * RUN_LAG_CAP, &err), 0);
    free(many);
    follow(RUN);
    CLEANUP(json_release) json_t *page = run_lag_json(lag, RUN_LAG_CAP);
    json_t *apply = json_object_get(json_array_get(json_object_get(page, "nodes"), 1), "apply_ms");
    size_t peaks = 0, i;
    json_t *ms;

    json_array_foreach(apply, i, ms) peaks += json_integer_value(ms) == 500;
    assert_int_equal(peaks, 2);
    assert_int_equal(json_array_size(apply), RUN_LAG_CAP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_before_the_first_run_there_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_run_is_taken_as_it_goes_on_each_sample_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_another_run_begins_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_node_that_is_not_configured_any_more_is_left_out,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_fewer_points_are_the_worst_of_their_span_and_unknown_is_worse, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_a_run_longer_than_what_is_kept_loses_detail_and_no_peak, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
