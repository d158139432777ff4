/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "domain/gate.h"
#include "domain/lag.h"

static struct requirement parse(const char *text)
{
    struct requirement requirement;
    struct err err = {0};
    if (requirement_parse(text, &requirement, &err) != 0)
        fail_msg("%s", err.msg);
    return requirement;
}

static void assert_parsed(const char *text, enum gate_metric metric, enum gate_relation relation,
                          int64_t value, int64_t hold_ms)
{
    struct requirement requirement = parse(text);
    assert_int_equal(requirement.metric, metric);
    assert_int_equal(requirement.relation, relation);
    assert_int_equal(requirement.value, value);
    assert_int_equal(requirement.hold_ms, hold_ms);
    assert_string_equal(requirement.text, text);
}

static void test_the_requirements_of_a_playbook_are_read(void **state UNUSED)
{
    assert_parsed("lag < 500ms for 30s", GATE_LAG, GATE_LESS, 500, 30000);
    assert_parsed("lag > 10s", GATE_LAG, GATE_MORE, 10000, 0);
    assert_parsed("verified = 100%", GATE_VERIFIED, GATE_EQUAL, 10000, 0);
    assert_parsed("verified >= 99.5%", GATE_VERIFIED, GATE_AT_LEAST, 9950, 0);
    assert_parsed("verified>=99.95%", GATE_VERIFIED, GATE_AT_LEAST, 9995, 0);
    assert_parsed("verified_age <= 10m", GATE_VERIFIED_AGE, GATE_AT_MOST, 600000, 0);
    assert_parsed("blockers = 0", GATE_BLOCKERS, GATE_EQUAL, 0, 0);
    assert_parsed("conflicts > 0", GATE_CONFLICTS, GATE_MORE, 0, 0);
    assert_parsed("links = up for 5s", GATE_LINKS, GATE_EQUAL, 1, 5000);
    assert_parsed("links=down", GATE_LINKS, GATE_EQUAL, 0, 0);
    assert_parsed("stragglers < 3", GATE_STRAGGLERS, GATE_LESS, 3, 0);
    assert_parsed("  lag<1s   for 0 ", GATE_LAG, GATE_LESS, 1000, 0);
}

static void test_what_cannot_be_understood_is_refused(void **state UNUSED)
{
    const char *const wrong[] = {
        "",
        "lag",
        "lag <",
        "lag 500ms",
        "lag < 500",
        "lag < -5ms",
        "lag << 5ms",
        "lag == 5ms",
        "lagg < 5ms",
        "lag < 5ms for",
        "lag < 5ms for 3",
        "lag < 5ms in 3s",
        "lag < 5ms for 3s now",
        "verified = 100",
        "verified = 101%",
        "verified = 99.955%",
        "verified = %",
        "verified = 1e2%",
        "verified = .5%",
        "blockers = none",
        "blockers = 0%",
        "blockers = 99999999999999999999",
        "links = yes",
        "< 5ms",
        "lag < 5ms, blockers = 0",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct requirement requirement = {.hold_ms = 77};
        struct err err = {0};
        if (requirement_parse(wrong[i], &requirement, &err) != ERR_CONFIG)
            fail_msg("accepted: %s", wrong[i]);
        assert_int_equal(err.effect, EFFECT_NONE);
        assert_int_equal(requirement.hold_ms, 77);
        assert_true(err.msg[0] != '\0');
    }
}

static void test_an_unknown_metric_is_answered_with_all_that_exist(void **state UNUSED)
{
    struct requirement requirement;
    struct err err = {0};
    assert_int_equal(requirement_parse("delay < 5s", &requirement, &err), ERR_CONFIG);
    assert_non_null(strstr(err.msg, gate_metric_names()));
    assert_non_null(strstr(gate_metric_names(), "verified_age"));
}

static void test_an_overlong_requirement_is_refused_not_cut(void **state UNUSED)
{
    char text[200];
    memset(text, ' ', sizeof(text));
    memcpy(text, "lag < 5s", 8);
    text[sizeof(text) - 1] = '\0';
    struct requirement requirement;
    assert_int_equal(requirement_parse(text, &requirement, NULL), ERR_CONFIG);
}

static bool met_with(const char *text, struct gate_value value)
{
    struct requirement requirement = parse(text);
    struct gate_values values = {0};
    struct requirement_state state;
    char now[256];
    requirement_state_init(&state);
    values.metric[requirement.metric] = value;
    return requirement_met(&requirement, &values, 1000, &state, now);
}

static void test_relations_hold_at_their_limits(void **state UNUSED)
{
    const struct {
        const char *text;
        bool below, at, above;
    } rows[] = {{"blockers < 5", true, false, false},
                {"blockers <= 5", true, true, false},
                {"blockers = 5", false, true, false},
                {"blockers >= 5", false, true, true},
                {"blockers > 5", false, false, true}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(met_with(rows[i].text, (struct gate_value){true, 4}), rows[i].below);
        assert_int_equal(met_with(rows[i].text, (struct gate_value){true, 5}), rows[i].at);
        assert_int_equal(met_with(rows[i].text, (struct gate_value){true, 6}), rows[i].above);
    }
}

static void test_an_unknown_value_meets_nothing(void **state UNUSED)
{
    const char *const all[] = {"lag < 500ms",  "lag > 10s",      "lag >= 0",     "verified = 0%",
                               "blockers = 0", "conflicts >= 0", "links = down", "stragglers = 0"};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        assert_false(met_with(all[i], (struct gate_value){false, 0}));
}

static void test_an_infinite_lag_is_never_below_a_limit(void **state UNUSED)
{
    assert_false(met_with("lag < 500ms", (struct gate_value){true, LAG_INFINITE}));
    assert_true(met_with("lag > 10s", (struct gate_value){true, LAG_INFINITE}));
}

struct clocked {
    struct requirement requirement;
    struct requirement_state state;
    char now[256];
};

static bool at(struct clocked *clocked, int64_t now_ms, bool is_known, int64_t lag_ms)
{
    struct gate_values values = {0};
    values.metric[GATE_LAG] = (struct gate_value){is_known, lag_ms};
    return requirement_met(&clocked->requirement, &values, now_ms, &clocked->state, clocked->now);
}

static void test_the_hold_time_must_pass_without_a_break(void **state UNUSED)
{
    struct clocked lag = {.requirement = parse("lag < 500ms for 30s")};
    requirement_state_init(&lag.state);
    assert_false(at(&lag, 1000, true, 12));
    assert_false(at(&lag, 5000, true, 12));
    assert_string_equal(lag.now, "lag 12 ms, held 4.0 of 30 s");
    assert_false(at(&lag, 30999, true, 12));
    assert_true(at(&lag, 31000, true, 12));

    assert_false(at(&lag, 32000, true, 500));
    assert_string_equal(lag.now, "lag 500 ms, wanted: lag < 500ms for 30s");
    assert_false(at(&lag, 33000, true, 12));
    assert_false(at(&lag, 62999, true, 12));
    assert_true(at(&lag, 63000, true, 12));
}

static void test_an_unknown_value_starts_the_hold_time_again(void **state UNUSED)
{
    struct clocked lag = {.requirement = parse("lag < 500ms for 30s")};
    requirement_state_init(&lag.state);
    assert_false(at(&lag, 0, true, 12));
    assert_false(at(&lag, 29000, false, 0));
    assert_string_equal(lag.now, "lag unknown, wanted: lag < 500ms for 30s");
    assert_false(at(&lag, 30000, true, 12));
    assert_false(at(&lag, 59999, true, 12));
    assert_true(at(&lag, 60000, true, 12));
}

static void test_values_are_printed_in_their_own_unit(void **state UNUSED)
{
    struct requirement requirement = parse("verified = 100%");
    struct gate_values values = {0};
    struct requirement_state now_state;
    char now[256];
    requirement_state_init(&now_state);
    values.metric[GATE_VERIFIED] = (struct gate_value){true, 9905};
    assert_false(requirement_met(&requirement, &values, 0, &now_state, now));
    assert_string_equal(now, "verified 99.05%, wanted: verified = 100%");
    requirement = parse("links = up");
    values.metric[GATE_LINKS] = (struct gate_value){true, 1};
    assert_true(requirement_met(&requirement, &values, 0, &now_state, now));
    assert_string_equal(now, "links up");
}

struct looks {
    struct lag_doubt doubt;
    struct gate_value lag;
};

static void look(struct looks *looks, int64_t now_ms, bool is_known, int64_t lag_ms)
{
    looks->lag = (struct gate_value){is_known, lag_ms};
    lag_doubt_judge(&looks->doubt, now_ms, 1000, &looks->lag);
}

static void test_a_lag_is_without_end_once_that_has_lasted(void **state UNUSED)
{
    struct looks looks = {0};
    look(&looks, 0, true, 12);
    assert_true(looks.lag.is_known && looks.lag.value == 12);
    look(&looks, 200, true, LAG_INFINITE);
    assert_true(looks.lag.is_known && looks.lag.value == 12);
    look(&looks, 1199, true, LAG_INFINITE);
    assert_true(looks.lag.is_known && looks.lag.value == 12);
    look(&looks, 1200, true, LAG_INFINITE);
    assert_true(looks.lag.is_known && looks.lag.value == LAG_INFINITE);
}

static void test_a_look_that_knows_the_lag_ends_the_doubt_and_one_that_fails_does_not(
    void **state UNUSED)
{
    struct looks looks = {0};
    look(&looks, 0, true, LAG_INFINITE);
    assert_false(looks.lag.is_known);
    look(&looks, 900, true, 7000);
    assert_int_equal(looks.lag.value, 7000);
    look(&looks, 1000, true, LAG_INFINITE);
    assert_int_equal(looks.lag.value, 7000);
    look(&looks, 1500, false, 0);
    assert_false(looks.lag.is_known);
    look(&looks, 2000, true, LAG_INFINITE);
    assert_int_equal(looks.lag.value, LAG_INFINITE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_requirements_of_a_playbook_are_read),
        cmocka_unit_test(test_what_cannot_be_understood_is_refused),
        cmocka_unit_test(test_an_unknown_metric_is_answered_with_all_that_exist),
        cmocka_unit_test(test_an_overlong_requirement_is_refused_not_cut),
        cmocka_unit_test(test_relations_hold_at_their_limits),
        cmocka_unit_test(test_an_unknown_value_meets_nothing),
        cmocka_unit_test(test_an_infinite_lag_is_never_below_a_limit),
        cmocka_unit_test(test_the_hold_time_must_pass_without_a_break),
        cmocka_unit_test(test_an_unknown_value_starts_the_hold_time_again),
        cmocka_unit_test(test_values_are_printed_in_their_own_unit),
        cmocka_unit_test(test_a_lag_is_without_end_once_that_has_lasted),
        cmocka_unit_test(test_a_look_that_knows_the_lag_ends_the_doubt_and_one_that_fails_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
