/* SPDX-License-Identifier: MIT */
/* The time limit of a call that has none: whose socket is shut down, and whose is not. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/db_watch.h"

static int listener, client, server;
static unsigned port;

static int join_sockets(void **state UNUSED)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    listener = socket(AF_INET, SOCK_STREAM, 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
        connect(client, (struct sockaddr *)&address, size) != 0)
        return -1;
    server = accept(listener, NULL, NULL);
    port = ntohs(address.sin_port);
    return server < 0;
}

static int close_sockets(void **state UNUSED)
{
    close(client);
    close(server);
    close(listener);
    return 0;
}

static bool is_open(void)
{
    return send(client, "x", 1, MSG_NOSIGNAL) == 1;
}

static void start(struct db_watch *watch, const volatile int *fd, unsigned to, int64_t after_ms)
{
    assert_int_equal(db_watch_start(watch, fd, to, clock_mono_ms() + after_ms, NULL), 0);
}

static void test_a_call_that_ends_in_time_keeps_its_socket(void **state UNUSED)
{
    struct db_watch watch;
    int64_t started_ms = clock_mono_ms();

    start(&watch, &client, port, 60000);
    assert_false(db_watch_stop(&watch));
    assert_true(is_open());
    assert_true(clock_mono_ms() - started_ms < 10000); /* nobody waited for the limit */
}

static void test_a_call_that_takes_too_long_finds_its_socket_shut(void **state UNUSED)
{
    struct db_watch watch;
    char byte;

    start(&watch, &client, port, 20);
    assert_int_equal(recv(client, &byte, 1, 0), 0); /* would wait for ever */
    assert_true(db_watch_stop(&watch));
    assert_false(is_open());
}

static void test_a_socket_that_leads_elsewhere_is_left_alone(void **state UNUSED)
{
    struct db_watch watch;

    start(&watch, &client, port + 1, 0);
    while (clock_mono_ms() < watch.deadline_ms + 100)
        (void)clock_sleep_ms(10);
    assert_true(db_watch_stop(&watch));
    assert_true(is_open());
}

static void test_a_call_without_a_socket_yet_is_only_told(void **state UNUSED)
{
    struct db_watch watch;
    volatile int none = -1;

    start(&watch, &none, port, 0);
    while (clock_mono_ms() < watch.deadline_ms + 100)
        (void)clock_sleep_ms(10);
    assert_true(db_watch_stop(&watch));
    assert_true(is_open());
}

#define JOINED(test) cmocka_unit_test_setup_teardown(test, join_sockets, close_sockets)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOINED(test_a_call_that_ends_in_time_keeps_its_socket),
        JOINED(test_a_call_that_takes_too_long_finds_its_socket_shut),
        JOINED(test_a_socket_that_leads_elsewhere_is_left_alone),
        JOINED(test_a_call_without_a_socket_yet_is_only_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
