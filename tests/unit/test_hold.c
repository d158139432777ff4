/* SPDX-License-Identifier: MIT */
/* Who is locked out of a closed side, and which server needs it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/hold.h"

static struct service service;

static struct hold_account app = {.user = "app", .host = "10.%", .writes = "INSERT on blog"};
static struct hold_account reader = {.user = "reader", .host = "%"};
static struct hold_account barred = {.user = "x", .host = "%", .writes = "DROP", .is_locked = true};
static struct hold_account far_root = {
    .user = "root", .host = "%", .writes = "ALTER", .is_admin = true};
static struct hold_account root = {
    .user = "root", .host = "localhost", .writes = "ALTER", .is_admin = true, .is_local = true};
static struct hold_account socket_root = {.user = "root",
                                          .host = "localhost",
                                          .writes = "ALTER",
                                          .is_admin = true,
                                          .is_socket = true,
                                          .is_local = true};

static enum hold_choice alone(const struct hold_account *account)
{
    return hold_choose(&service, account, 1, 0);
}

static int reset(void **state UNUSED)
{
    memset(&service, 0, sizeof(service));
    return 0;
}

static void test_what_can_write_is_locked_and_what_cannot_is_left(void **state UNUSED)
{
    assert_int_equal(alone(&app), HOLD_LOCKS);
    assert_int_equal(alone(&reader), HOLD_LEAVES_HARMLESS);
}

static void test_what_somebody_locked_before_is_not_ours(void **state UNUSED)
{
    char barred_name[] = "x", *all[] = {barred_name};
    assert_int_equal(alone(&barred), HOLD_LEAVES_LOCKED);
    service.fence = (struct service_fence){.accounts = all, .account_count = 1};
    assert_int_equal(alone(&barred), HOLD_LEAVES_LOCKED);
}

static void test_an_administrator_from_elsewhere_is_locked(void **state UNUSED)
{
    assert_int_equal(alone(&far_root), HOLD_LOCKS);
}

static void test_one_way_in_is_left_and_the_socket_is_the_better_one(void **state UNUSED)
{
    struct hold_account jobs = {.user = "jobs",
                                .host = "localhost",
                                .writes = "ALTER",
                                .is_socket = true,
                                .is_local = true}; /* no administrator */
    struct hold_account all[] = {root, socket_root, jobs};
    assert_int_equal(hold_choose(&service, all, 3, 0), HOLD_LOCKS);
    assert_int_equal(hold_choose(&service, all, 3, 1), HOLD_LEAVES_ADMIN);
    assert_int_equal(hold_choose(&service, all, 3, 2), HOLD_LOCKS);
    assert_int_equal(alone(&root), HOLD_LEAVES_ADMIN);
    all[1].is_locked = true; /* no way in at all */
    assert_int_equal(hold_choose(&service, all, 3, 0), HOLD_LEAVES_ADMIN);
}

static void test_a_person_may_name_whom_to_lock_and_whom_not(void **state UNUSED)
{
    char one[] = "app@10.%", every[] = "app", part[] = "ap";
    char *named[] = {one}, *except[] = {every};
    struct hold_account other = app;
    other.host[1] = '1'; /* 11.% */
    service.fence = (struct service_fence){.accounts = named, .account_count = 1};
    assert_int_equal(alone(&app), HOLD_LOCKS);
    assert_int_equal(alone(&other), HOLD_LEAVES_UNLISTED);
    assert_int_equal(alone(&far_root), HOLD_LEAVES_UNLISTED);
    service.fence = (struct service_fence){.except = except, .except_count = 1};
    assert_int_equal(alone(&app), HOLD_LEAVES_EXCEPTED);
    assert_int_equal(alone(&other), HOLD_LEAVES_EXCEPTED);
    except[0] = part;
    assert_int_equal(alone(&app), HOLD_LOCKS);
}

static void test_only_servers_that_cannot_persist_it_need_locks(void **state UNUSED)
{
    const struct server_version mariadb = {FLAVOUR_MARIADB, 10, 11, 9};
    const struct server_version mysql57 = {FLAVOUR_MYSQL, 5, 7, 44};
    const struct server_version mysql9 = {FLAVOUR_MYSQL, 9, 7, 0};
    assert_int_equal(hold_way(&service, &mariadb), HOLD_LOCK);
    assert_int_equal(hold_way(&service, &mysql57), HOLD_LOCK);
    assert_int_equal(hold_way(&service, &mysql9), HOLD_PERSISTED);
    service.fence.hold = FENCE_HOLD_NONE;
    assert_int_equal(hold_way(&service, &mariadb), HOLD_NONE);
    service.fence.hold = FENCE_HOLD_CONFIG;
    assert_int_equal(hold_way(&service, &mysql57), HOLD_CONFIG);
    service.fence.hold = FENCE_HOLD_LOCK;
    assert_int_equal(hold_way(&service, &mysql9), HOLD_LOCK);
    service.fence.hold = FENCE_HOLD_FILE;
    assert_int_equal(hold_way(&service, &mariadb), HOLD_FILE);
    assert_int_equal(hold_way(&service, &mysql9), HOLD_PERSISTED);
}

static void test_the_last_option_about_read_only_says_how_a_server_starts(void **state UNUSED)
{
    assert_false(hold_options_close(""));
    assert_false(hold_options_close("--port=3306\n--read_only_replica=1\n"));
    assert_true(hold_options_close("--read_only=1"));
    assert_true(hold_options_close("--read-only\n--port=3306\n"));
    assert_true(hold_options_close("--read-only=0\n--read_only=on\n"));
    assert_false(hold_options_close("--read_only=1\n--read-only=OFF\n"));
    assert_false(hold_options_close("--read_only=1\n--skip-read-only\n"));
    assert_false(hold_options_close("--read_only=1\n--skip_read_only\n"));
    assert_false(hold_options_close("--super-read-only=1\n--read_only=nonsense\n"));
}

static void test_the_last_number_that_an_option_gets_counts(void **state UNUSED)
{
    const char *options = "--auto_increment_increment=2\n--auto-increment-increment=3\n"
                          "--auto_increment_offset_of=9\n";
    assert_int_equal(hold_option_number(options, "--auto-increment-increment", 1), 3);
    assert_int_equal(hold_option_number(options, "--auto-increment-offset", 1), 1);
    assert_int_equal(hold_option_number("", "--auto-increment-offset", 1), 1);
}

static void test_a_server_that_shows_another_my_cnf_contradicts(void **state UNUSED)
{
    assert_true(hold_is_contradicted("COMPILE-TIME", false));
    assert_true(hold_is_contradicted("CONFIG", false));
    assert_false(hold_is_contradicted("CONFIG", true));
    assert_false(hold_is_contradicted("SQL", false)); /* what the file says cannot be seen */
    assert_false(hold_is_contradicted("UNKNOWN", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_can_write_is_locked_and_what_cannot_is_left, reset),
        cmocka_unit_test_setup(test_what_somebody_locked_before_is_not_ours, reset),
        cmocka_unit_test_setup(test_an_administrator_from_elsewhere_is_locked, reset),
        cmocka_unit_test_setup(test_one_way_in_is_left_and_the_socket_is_the_better_one, reset),
        cmocka_unit_test_setup(test_a_person_may_name_whom_to_lock_and_whom_not, reset),
        cmocka_unit_test_setup(test_only_servers_that_cannot_persist_it_need_locks, reset),
        cmocka_unit_test_setup(test_the_last_option_about_read_only_says_how_a_server_starts,
                               reset),
        cmocka_unit_test_setup(test_the_last_number_that_an_option_gets_counts, reset),
        cmocka_unit_test_setup(test_a_server_that_shows_another_my_cnf_contradicts, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
