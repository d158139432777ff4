/* SPDX-License-Identifier: MIT */
/* HTTP over a server thread of our own: what a failure says about the request matters most. */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/http_client.h"

/* What the server does with one connection. */
struct scene {
    const char *answer;     /* sent for each request; NULL = none */
    size_t padding;         /* this many bytes follow it */
    int requests;           /* answered before the connection is closed */
    int64_t wait_ms;        /* before the answer */
    bool is_closed_at_once; /* nothing is read */
    bool is_kept_silent; /* a request beyond `requests` is read, then the connection is dropped */
};

struct server {
    pthread_t thread;
    int listener;
    unsigned port;
    struct scene scene;
    atomic_int seen;
    char last[8192];
};

static struct server server;
static struct http_client *client;

static bool read_request(int fd)
{
    size_t length = 0;

    memset(server.last, 0, sizeof server.last);
    for (;;) {
        char *end = strstr(server.last, "\r\n\r\n");
        char *announced = strstr(server.last, "Content-Length: ");
        size_t body = announced ? strtoul(announced + 16, NULL, 10) : 0;
        if (end && (size_t)(end + 4 - server.last) + body <= length)
            return true;
        ssize_t got = recv(fd, server.last + length, sizeof server.last - 1 - length, 0);
        if (got <= 0)
            return false;
        length += (size_t)got;
    }
}

static void answer(int fd)
{
    char padding[65536];

    memset(padding, 'x', sizeof padding);
    (void)clock_sleep_ms(server.scene.wait_ms);
    if (server.scene.answer)
        (void)!send(fd, server.scene.answer, strlen(server.scene.answer), MSG_NOSIGNAL);
    for (size_t sent = 0; sent < server.scene.padding; sent += sizeof padding)
        if (send(fd, padding, sizeof padding, MSG_NOSIGNAL) < 0)
            return;
}

static void play(int fd)
{
    if (server.scene.is_closed_at_once)
        return;
    for (int i = 0; i < server.scene.requests && read_request(fd); i++) {
        atomic_fetch_add(&server.seen, 1);
        answer(fd);
    }
    if (server.scene.is_kept_silent && read_request(fd))
        atomic_fetch_add(&server.seen, 1);
}

static void *serve(void *arg UNUSED)
{
    int fd;

    while ((fd = accept(server.listener, NULL, NULL)) >= 0) {
        play(fd);
        close(fd);
    }
    return NULL;
}

static int begin(void **state UNUSED)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    memset(&server, 0, sizeof server);
    server.listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server.listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server.listener, 8) != 0 ||
        getsockname(server.listener, (struct sockaddr *)&address, &size) != 0)
        return -1;
    server.port = ntohs(address.sin_port);
    return http_client_new(&client, NULL);
}

static int end(void **state UNUSED)
{
    http_client_freep(&client);
    (void)shutdown(server.listener, SHUT_RDWR); /* wakes accept() */
    (void)pthread_join(server.thread, NULL);
    close(server.listener);
    return 0;
}

static void start(struct scene scene)
{
    server.scene = scene;
    assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

static int ask(const char *method, const char *body, int64_t timeout_ms, struct http_response *out,
               struct err *err)
{
    char url[128];
    struct http_request request = {.method = method,
                                   .url = url,
                                   .content_type = body ? "application/json" : NULL,
                                   .body = body,
                                   .timeout_ms = timeout_ms};

    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/v4/zones?name=hidden", server.port);
    *err = (struct err){0};
    return http_send(client, &request, out, err);
}

static void assert_fails(const char *method, int64_t timeout_ms, enum err_code code,
                         enum err_effect effect)
{
    struct http_response response = {.status = 77};
    struct err err;

    assert_int_equal(ask(method, "{}", timeout_ms, &response, &err), code);
    assert_int_equal(err.code, code);
    assert_string_equal(err_effect_name(err.effect), err_effect_name(effect));
    assert_true(err.msg[0] && err.native);
    assert_non_null(strstr(err.where, "/v4/zones"));
    assert_null(strstr(err.where, "hidden"));
    assert_int_equal(response.status, 77); /* untouched */
}

static void test_an_answer_brings_status_type_and_body(void **state UNUSED)
{
    CLEANUP(http_response_release) struct http_response response = {0};
    struct err err;

    start((struct scene){.answer =
                             "HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=utf-8\r\n"
                             "Content-Length: 2\r\n\r\n{}",
                         .requests = 1});
    assert_int_equal(ask("PATCH", "{\"ttl\":60}", 5000, &response, &err), 0);
    assert_int_equal(response.status, 200);
    assert_string_equal(response.content_type, "application/json");
    assert_string_equal(buf_text(&response.body), "{}");
    assert_int_equal(response.retry_after_s, -1);
    assert_non_null(strstr(server.last, "PATCH /v4/zones?name=hidden HTTP/1.1"));
    assert_non_null(strstr(server.last, "User-Agent: cutover/" CUTOVER_VERSION));
    assert_non_null(strstr(server.last, "Accept: application/json"));
    assert_non_null(strstr(server.last, "Content-Type: application/json"));
    assert_non_null(strstr(server.last, "\r\n\r\n{\"ttl\":60}"));
}

static void test_the_token_is_sent_and_never_told(void **state UNUSED)
{
    CLEANUP(http_response_release) struct http_response response = {0};
    CLEANUP(secret_release) struct secret token = {0};
    struct err err = {0};
    char url[64];
    struct http_request request = {
        .method = "GET", .url = url, .bearer = &token, .timeout_ms = 5000};

    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/", server.port);
    assert_int_equal(secret_set(&token, "s3cret-token", &err), 0);
    start((struct scene){.answer = "", .requests = 1});
    assert_int_equal(http_send(client, &request, &response, &err), ERR_LOST);
    assert_non_null(strstr(server.last, "Authorization: Bearer s3cret-token\r\n"));
    assert_null(strstr(err.msg, "s3cret"));

    assert_int_equal(secret_set(&token, "line\r\nX-Other: y", &err), 0);
    assert_int_equal(http_send(client, &request, &response, &err), ERR_CONFIG);
    assert_int_equal(atomic_load(&server.seen), 1);
}

static void test_an_html_error_page_is_an_answer(void **state UNUSED)
{
    CLEANUP(http_response_release) struct http_response response = {0};
    struct err err;

    start((struct scene){.answer = "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n"
                                   "Connection: close\r\n\r\n<html>",
                         .requests = 1});
    assert_int_equal(ask("PATCH", "{}", 5000, &response, &err), 0);
    assert_int_equal(response.status, 502);
    assert_string_equal(response.content_type, "text/html");
}

static void test_retry_after_may_be_seconds(void **state UNUSED)
{
    CLEANUP(http_response_release) struct http_response response = {0};
    struct err err;

    start((struct scene){.answer =
                             "HTTP/1.1 429 Slow\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n",
                         .requests = 1});
    assert_int_equal(ask("GET", NULL, 5000, &response, &err), 0);
    assert_int_equal(response.status, 429);
    assert_int_equal(response.retry_after_s, 17);
}

static void test_retry_after_may_be_a_date(void **state UNUSED)
{
    CLEANUP(http_response_release) struct http_response response = {0};
    char text[256];
    struct err err;
    time_t then = time(NULL) + 100;
    struct tm tm;

    (void)strftime(text, sizeof text,
                   "HTTP/1.1 429 Slow\r\nRetry-After: %a, %d %b %Y %H:%M:%S GMT\r\n"
                   "Content-Length: 0\r\n\r\n",
                   gmtime_r(&then, &tm));
    start((struct scene){.answer = text, .requests = 1});
    assert_int_equal(ask("GET", NULL, 5000, &response, &err), 0);
    assert_in_range(response.retry_after_s, 97, 100);
}

static void test_a_retry_after_that_is_past_or_nonsense_is_no_wait(void **state UNUSED)
{
    CLEANUP(http_response_release) struct http_response past = {0};
    CLEANUP(http_response_release) struct http_response nonsense = {0};
    struct err err;

    start((struct scene){.answer = "HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n"
                                   "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\n",
                         .requests = 1});
    assert_int_equal(ask("GET", NULL, 5000, &past, &err), 0);
    assert_int_equal(past.retry_after_s, 0);
    server.scene.answer = "HTTP/1.1 429 Slow\r\nContent-Length: 0\r\nRetry-After: soon\r\n\r\n";
    assert_int_equal(ask("GET", NULL, 5000, &nonsense, &err), 0);
    assert_int_equal(nonsense.retry_after_s, -1);
}

static void test_nothing_was_sent_when_nobody_listens(void **state UNUSED)
{
    start((struct scene){0});
    (void)shutdown(server.listener, SHUT_RDWR); /* refuses from here on */
    assert_fails("PATCH", 5000, ERR_LOST, EFFECT_NONE);
}

static void test_a_connection_dropped_after_the_request_leaves_its_effect_unknown(
    void **state UNUSED)
{
    start((struct scene){.requests = 0, .is_kept_silent = true});
    assert_fails("PATCH", 5000, ERR_LOST, EFFECT_UNKNOWN);
    assert_int_equal(atomic_load(&server.seen), 1);
}

static void test_a_connection_dropped_at_once_is_not_known_to_be_harmless(void **state UNUSED)
{
    start((struct scene){.is_closed_at_once = true});
    assert_fails("PATCH", 5000, ERR_LOST, EFFECT_UNKNOWN);
}

static void test_a_lost_get_had_no_effect(void **state UNUSED)
{
    start((struct scene){.requests = 0, .is_kept_silent = true});
    assert_fails("GET", 5000, ERR_LOST, EFFECT_NONE);
}

static void test_a_truncated_answer_is_a_failure_with_unknown_effect(void **state UNUSED)
{
    start((struct scene){.answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"succ",
                         .requests = 1});
    assert_fails("PATCH", 5000, ERR_LOST, EFFECT_UNKNOWN);
}

static void test_a_slow_answer_ends_at_the_time_limit(void **state UNUSED)
{
    int64_t started_ms = clock_mono_ms();

    start((struct scene){.requests = 1, .wait_ms = 1000});
    assert_fails("PATCH", 200, ERR_TIMEOUT, EFFECT_UNKNOWN);
    assert_in_range(clock_mono_ms() - started_ms, 200, 800);
}

static void test_a_change_is_never_sent_twice_by_itself(void **state UNUSED)
{
    CLEANUP(http_response_release) struct http_response response = {0};
    struct err err;

    start((struct scene){.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                         .requests = 1,
                         .is_kept_silent = true});
    assert_int_equal(ask("GET", NULL, 5000, &response, &err), 0);
    /*
     * The server would read a second request on that connection and drop it without an answer;
     * libcurl would then repeat it on another one, and report success. On its own connection it
     * waits instead.
     */
    assert_fails("PATCH", 1000, ERR_TIMEOUT, EFFECT_UNKNOWN);
    http_client_freep(&client); /* lets the server go on to the connection that waits */
    (void)clock_sleep_ms(100);
    assert_int_equal(atomic_load(&server.seen), 2);
}

static void test_an_endless_answer_is_cut_at_the_cap(void **state UNUSED)
{
    start((struct scene){.answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
                         .requests = 1,
                         .padding = (size_t)40 << 20});
    assert_fails("GET", 20000, ERR_MEMORY, EFFECT_NONE);
}

static void test_redirects_are_answers_and_not_followed(void **state UNUSED)
{
    CLEANUP(http_response_release) struct http_response response = {0};
    struct err err;

    start((struct scene){.answer =
                             "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n",
                         .requests = 1});
    assert_int_equal(ask("GET", NULL, 5000, &response, &err), 0);
    assert_int_equal(response.status, 302);
    assert_int_equal(atomic_load(&server.seen), 1);
}

static void test_a_server_that_does_not_speak_http_is_a_protocol_error(void **state UNUSED)
{
    start((struct scene){.answer = "220 smtp ready\r\n", .requests = 1});
    assert_fails("GET", 5000, ERR_PROTOCOL, EFFECT_NONE);
}

static void test_only_http_urls_are_allowed(void **state UNUSED)
{
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "", "http://",
                                       "nonsense://x"};
    CLEANUP(http_response_release) struct http_response response = {0};

    start((struct scene){0});
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct http_request request = {.method = "GET", .url = urls[i], .timeout_ms = 1000};
        struct err err = {0};
        assert_int_equal(http_send(client, &request, &response, &err), ERR_CONFIG);
        assert_int_equal(err.effect, EFFECT_NONE);
    }
}

static void test_a_proxy_of_the_environment_is_never_used_for_loopback(void **state UNUSED)
{
    CLEANUP(http_response_release) struct http_response response = {0};
    struct err err;

    start((struct scene){.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .requests = 1});
    (void)setenv("http_proxy", "http://127.0.0.1:1", 1);
    (void)setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    assert_int_equal(ask("GET", NULL, 5000, &response, &err), 0);
    (void)unsetenv("http_proxy");
    (void)unsetenv("ALL_PROXY");
}

static void test_query_values_are_escaped(void **state UNUSED)
{
    CLEANUP(buf_release) struct buf out = {0};

    start((struct scene){0});
    buf_init(&out, 100);
    http_escape("a b&c=d/é~-._", &out);
    assert_string_equal(buf_text(&out), "a%20b%26c%3Dd%2F%C3%A9~-._");
}

#define IN_A_SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest all[] = {
        IN_A_SCENE(test_an_answer_brings_status_type_and_body),
        IN_A_SCENE(test_the_token_is_sent_and_never_told),
        IN_A_SCENE(test_an_html_error_page_is_an_answer),
        IN_A_SCENE(test_retry_after_may_be_seconds),
        IN_A_SCENE(test_retry_after_may_be_a_date),
        IN_A_SCENE(test_a_retry_after_that_is_past_or_nonsense_is_no_wait),
        IN_A_SCENE(test_nothing_was_sent_when_nobody_listens),
        IN_A_SCENE(test_a_connection_dropped_after_the_request_leaves_its_effect_unknown),
        IN_A_SCENE(test_a_connection_dropped_at_once_is_not_known_to_be_harmless),
        IN_A_SCENE(test_a_lost_get_had_no_effect),
        IN_A_SCENE(test_a_truncated_answer_is_a_failure_with_unknown_effect),
        IN_A_SCENE(test_a_slow_answer_ends_at_the_time_limit),
        IN_A_SCENE(test_a_change_is_never_sent_twice_by_itself),
        IN_A_SCENE(test_an_endless_answer_is_cut_at_the_cap),
        IN_A_SCENE(test_redirects_are_answers_and_not_followed),
        IN_A_SCENE(test_a_server_that_does_not_speak_http_is_a_protocol_error),
        IN_A_SCENE(test_only_http_urls_are_allowed),
        IN_A_SCENE(test_a_proxy_of_the_environment_is_never_used_for_loopback),
        IN_A_SCENE(test_query_values_are_escaped),
    };
    struct err err = {0};

    if (http_library_init(&err) != 0)
        return 1;
    int failed = cmocka_run_group_tests_name("io/http_client", all, NULL, NULL);
    http_library_end();
    return failed;
}
