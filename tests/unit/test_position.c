/* SPDX-License-Identifier: MIT */
/* Positions of both flavours behind one name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "domain/position.h"

#define A "3e11fa47-71ca-11e1-9e33-c80aa9429562"
#define B "4f22fa47-71ca-11e1-9e33-c80aa9429562"

static struct position at(const char *text)
{
    struct position position;
    struct err err = {0};
    if (position_parse_any(text, &position, &err) != 0)
        fail_msg("%s: %s", text, err.msg);
    return position;
}

static struct origin of(enum flavour flavour, const char *text)
{
    struct origin origin;
    struct err err = {0};
    if (origin_parse(flavour, text, &origin, &err) != 0)
        fail_msg("%s: %s", text, err.msg);
    return origin;
}

static void assert_shows(const struct position *position, const char *want)
{
    char text[256];
    position_show(position, text, sizeof(text));
    assert_string_equal(text, want);
}

static void test_a_text_tells_its_flavour(void **state UNUSED)
{
    assert_int_equal(at("0-1-5").flavour, FLAVOUR_MARIADB);
    assert_int_equal(at(A ":1-5").flavour, FLAVOUR_MYSQL);
    assert_int_equal(at("").flavour, FLAVOUR_UNKNOWN);
    struct position position;
    struct err err = {0};
    assert_int_equal(position_parse(FLAVOUR_MYSQL, "0-1-5", &position, &err), ERR_PROTOCOL);
    assert_int_equal(position_parse(FLAVOUR_UNKNOWN, "", &position, &err), ERR_BUG);
}

static void test_positions_of_two_flavours_never_cover_each_other(void **state UNUSED)
{
    struct position list = at("1-1-5"), set = at(A ":1-5"), nothing = {0};
    assert_false(position_covers(&list, &set));
    assert_false(position_covers(&set, &list));
    assert_false(position_equal(&set, &list));
    assert_int_equal(position_distance(&set, &list), UINT64_MAX);
    assert_true(position_covers(&set, &nothing));
    assert_false(position_covers(&nothing, &set));
    assert_int_equal(position_distance(&nothing, &set), 5);
    assert_int_equal(position_distance(&nothing, &list), 5);
}

static void test_an_empty_position_equals_only_an_empty_one(void **state UNUSED)
{
    struct position nothing = {0}, set, list = at("1-1-5");
    assert_int_equal(position_parse(FLAVOUR_MYSQL, "", &set, NULL), 0);
    assert_true(position_equal(&nothing, &set));
    assert_true(position_is_empty(&set));
    assert_false(position_equal(&nothing, &list));
    assert_shows(&nothing, "none");
}

static void test_what_an_origin_numbered_is_told_apart(void **state UNUSED)
{
    struct position part, list = at("1-101-7,2-103-9"), set = at(A ":1-7:x:1," B ":1-9");
    struct origin domain = of(FLAVOUR_MARIADB, "2"), server = of(FLAVOUR_MYSQL, A);
    position_of(&list, &domain, &part);
    assert_shows(&part, "2-103-9");
    position_without(&list, &domain, &part);
    assert_shows(&part, "1-101-7");
    position_of(&set, &server, &part);
    assert_shows(&part, A ":1-7:x:1");
    position_without(&set, &server, &part);
    assert_shows(&part, B ":1-9");
    assert_int_equal(position_reach(&list, &domain), 9);
    assert_int_equal(position_reach(&set, &server), 8);
    assert_int_equal(position_reach(&set, &domain), 0);
    position_of(&set, &domain, &part);
    assert_true(position_is_empty(&part));
}

static void test_of_a_state_what_one_server_wrote(void **state UNUSED)
{
    struct position part, list = at("1-101-7,1-102-9,2-101-3"), set = at(A ":1-7," B ":1-9");
    struct origin domain = of(FLAVOUR_MARIADB, "1"), server = of(FLAVOUR_MYSQL, B);
    position_of_server(&list, &domain, 101, &part);
    assert_shows(&part, "1-101-7,2-101-3");
    position_of_server(&set, &server, 101, &part);
    assert_shows(&part, B ":1-9");
}

static void test_what_is_missing_and_what_is_errant(void **state UNUSED)
{
    struct position out, list = at("1-1-5,2-1-9"), want = at("1-1-7,2-1-9");
    position_missing(&list, &want, &out);
    assert_shows(&out, "1-1-7");
    struct position set = at(A ":1-5"), more = at(A ":1-7," B ":1");
    position_missing(&set, &more, &out);
    assert_shows(&out, A ":6-7," B ":1");
    position_errant(&more, &set, &out);
    assert_shows(&out, A ":6-7," B ":1");
    position_errant(&set, &more, &out);
    assert_true(position_is_empty(&out));
    struct position state_new = at("1-101-5,1-102-6"), state_old = at("1-101-9");
    position_errant(&state_new, &state_old, &out);
    assert_shows(&out, "1-102-6");
}

static void test_received_counts_from_where_the_channel_began(void **state UNUSED)
{
    struct position out, received = at(A ":6-7"), applied = at(A ":1-5," B ":1");
    struct err err = {0};
    assert_int_equal(position_join(&received, &applied, &out, &err), 0);
    assert_shows(&out, A ":1-7," B ":1");
    struct position io = at("1-1-5"), done = at("1-1-9");
    assert_int_equal(position_join(&io, &done, &out, &err), 0);
    assert_shows(&out, "1-1-5");
}

static void test_an_origin_is_read_by_flavour(void **state UNUSED)
{
    struct origin origin, unknown = {0};
    struct err err = {0};
    char text[GTID_UUID_TEXT_SIZE];
    assert_int_equal(origin_parse(FLAVOUR_MARIADB, A, &origin, &err), ERR_PROTOCOL);
    assert_int_equal(origin_parse(FLAVOUR_MYSQL, "1", &origin, &err), ERR_PROTOCOL);
    assert_int_equal(origin_parse(FLAVOUR_MARIADB, "", &origin, &err), ERR_PROTOCOL);
    origin = of(FLAVOUR_MYSQL, A);
    origin_text(&origin, text);
    assert_string_equal(text, A);
    struct origin other = of(FLAVOUR_MYSQL, B), domain = of(FLAVOUR_MARIADB, "1");
    assert_true(origin_equal(&origin, &origin));
    assert_false(origin_equal(&origin, &other));
    assert_false(origin_equal(&origin, &domain));
    assert_false(origin_equal(&unknown, &unknown));
    origin_text(&unknown, text);
    assert_string_equal(text, "");
}

static void test_a_long_position_is_shown_cut(void **state UNUSED)
{
    struct position set = at(A ":1-7," B ":1-9");
    char text[24];
    position_show(&set, text, sizeof(text));
    assert_string_equal(text, "3e11fa47-71ca-11e1-9...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_text_tells_its_flavour),
        cmocka_unit_test(test_positions_of_two_flavours_never_cover_each_other),
        cmocka_unit_test(test_an_empty_position_equals_only_an_empty_one),
        cmocka_unit_test(test_what_an_origin_numbered_is_told_apart),
        cmocka_unit_test(test_of_a_state_what_one_server_wrote),
        cmocka_unit_test(test_what_is_missing_and_what_is_errant),
        cmocka_unit_test(test_received_counts_from_where_the_channel_began),
        cmocka_unit_test(test_an_origin_is_read_by_flavour),
        cmocka_unit_test(test_a_long_position_is_shown_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
