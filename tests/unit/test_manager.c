/* SPDX-License-Identifier: MIT */
/* What systemd would hear, on a socket of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/manager.h"

static int listener = -1;
static char path[64];

static int setup(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/cutover-manager-%ld", (long)getpid());
    (void)unlink(path);
    memcpy(address.sun_path, path, strlen(path));
    listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return bind(listener, (struct sockaddr *)&address, sizeof address);
}

static int teardown(void **state)
{
    (void)state;
    (void)close(listener);
    return unlink(path);
}

static void assert_heard(const char *expected)
{
    char text[1024] = "";
    ssize_t len = recv(listener, text, sizeof text - 1, MSG_DONTWAIT);

    assert_true(expected ? len > 0 : len < 0);
    if (expected)
        assert_string_equal(text, expected);
}

static void test_it_says_what_it_is_told_in_one_datagram_each(void **state)
{
    (void)state;
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    manager_tell("READY=1");
    manager_status("two\nlines are no WATCHDOG=1");
    assert_heard("READY=1");
    assert_heard("STATUS=two lines are no WATCHDOG=1");
    assert_heard(NULL);
}

static void test_without_a_socket_or_with_a_bad_one_nothing_happens(void **state)
{
    char far_too_long[300];

    (void)state;
    memset(far_too_long, 'x', sizeof far_too_long - 1);
    far_too_long[0] = '/';
    far_too_long[sizeof far_too_long - 1] = '\0';
    const char *const wrong[] = {"",           "@",          "relative",
                                 far_too_long, "/not/there", "@nobody-listens"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(setenv("NOTIFY_SOCKET", wrong[i], 1), 0);
        manager_tell("READY=1");
    }
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    manager_tell("READY=1");
    assert_heard(NULL);
}

static void test_nobody_waits_for_a_manager_that_does_not_listen(void **state)
{
    (void)state;
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    for (int i = 0; i < 2000; i++) /* more than a socket holds */
        manager_tell("WATCHDOG=1");
    char text[64];
    while (recv(listener, text, sizeof text, MSG_DONTWAIT) > 0)
        continue;
}

static void test_the_watchdog_is_told_twice_within_its_limit_when_it_is_ours(void **state)
{
    char pid[32];

    (void)state;
    assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
    assert_int_equal(manager_watchdog_ms(), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
    assert_int_equal(manager_watchdog_ms(), 15000);
    assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
    assert_int_equal(manager_watchdog_ms(), 0);
    (void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
    assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    assert_int_equal(manager_watchdog_ms(), 15000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_says_what_it_is_told_in_one_datagram_each),
        cmocka_unit_test(test_without_a_socket_or_with_a_bad_one_nothing_happens),
        cmocka_unit_test(test_nobody_waits_for_a_manager_that_does_not_listen),
        cmocka_unit_test(test_the_watchdog_is_told_twice_within_its_limit_when_it_is_ours),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
