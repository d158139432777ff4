/* SPDX-License-Identifier: MIT */
/* One question to a DNS server thread of our own, which answers with records made by hand. */
#include <arpa/inet.h>
#include <poll.h>
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
#include "io/resolver.h"

enum { A = 1, CNAME = 5, TXT = 16, AAAA = 28 };

struct scene {
    int rcode;
    bool is_authoritative;
    bool is_truncated;  /* over UDP: the TC bit and no records */
    int lost_questions; /* the first ones get no answer */
    unsigned char records[4096];
    size_t len;
    unsigned count;
};

static struct {
    pthread_t thread;
    int udp, tcp, wake[2];
    char address[32];
    struct scene scene;
    atomic_int udp_seen, tcp_seen;
    atomic_uint flags; /* the second pair of bytes of the last question */
} server;

/* For a test that changes the scene while the server runs. */
static pthread_mutex_t scene_lock = PTHREAD_MUTEX_INITIALIZER;

/* --- making records --------------------------------------------------------------------------- */

static void add_bytes(const void *bytes, size_t len)
{
    assert_true(server.scene.len + len <= sizeof server.scene.records);
    memcpy(server.scene.records + server.scene.len, bytes, len);
    server.scene.len += len;
}

static void add_u16(unsigned value)
{
    unsigned char bytes[2] = {(unsigned char)(value >> 8), (unsigned char)value};

    add_bytes(bytes, 2);
}

static size_t name_bytes(const char *name, unsigned char out[256])
{
    size_t len = 0;

    while (*name) {
        size_t label = strcspn(name, ".");
        out[len++] = (unsigned char)label;
        memcpy(out + len, name, label);
        len += label;
        name += label + (name[label] == '.');
    }
    out[len++] = 0;
    return len;
}

static void add_record(const char *owner, unsigned type, unsigned ttl_s, const void *data,
                       size_t len)
{
    unsigned char name[256];

    (void)pthread_mutex_lock(&scene_lock); /* the server may be composing its last answer */
    add_bytes(name, name_bytes(owner, name));
    add_u16(type);
    add_u16(1); /* IN */
    add_u16(ttl_s >> 16);
    add_u16(ttl_s);
    add_u16((unsigned)len);
    add_bytes(data, len);
    server.scene.count++;
    (void)pthread_mutex_unlock(&scene_lock);
}

static void add_alias(const char *owner, unsigned ttl_s, const char *target)
{
    unsigned char name[256];
    size_t len = name_bytes(target, name);

    add_record(owner, CNAME, ttl_s, name, len);
}

static void add_address(const char *owner, unsigned ttl_s, const char *address)
{
    unsigned char bytes[16];
    bool is_v6 = strchr(address, ':') != NULL;

    assert_int_equal(inet_pton(is_v6 ? AF_INET6 : AF_INET, address, bytes), 1);
    add_record(owner, is_v6 ? AAAA : A, ttl_s, bytes, is_v6 ? 16 : 4);
}

/* --- the server ------------------------------------------------------------------------------- */

/* Turn the question into the answer; returns its length. */
static size_t compose(unsigned char *message, bool is_udp)
{
    const struct scene *scene = &server.scene;
    bool is_cut = is_udp && scene->is_truncated;
    size_t len = 12;

    atomic_store(&server.flags, (unsigned)message[2] << 8 | message[3]);
    while (message[len])
        len += message[len] + 1u;
    len += 5; /* root label, type and class */
    message[2] = (unsigned char)(0x80 | (scene->is_authoritative ? 4 : 0) | (is_cut ? 2 : 0) |
                                 (message[2] & 1));
    message[3] = (unsigned char)scene->rcode;
    memset(message + 6, 0, 6);
    if (is_cut)
        return len;
    message[7] = (unsigned char)scene->count;
    memcpy(message + len, scene->records, scene->len);
    return len + scene->len;
}

/* Between two questions, while the server is waiting for the next one. */
static void clear_scene(void)
{
    (void)pthread_mutex_lock(&scene_lock);
    server.scene.count = server.scene.len = 0;
    (void)pthread_mutex_unlock(&scene_lock);
}

static size_t make_answer(unsigned char *message, bool is_udp)
{
    (void)pthread_mutex_lock(&scene_lock);
    size_t len = compose(message, is_udp);
    (void)pthread_mutex_unlock(&scene_lock);
    return len;
}

static void answer_udp(void)
{
    unsigned char message[8192];
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;

    if (recvfrom(server.udp, message, 512, 0, (struct sockaddr *)&peer, &size) < 12)
        return;
    if (atomic_fetch_add(&server.udp_seen, 1) < server.scene.lost_questions)
        return;
    size_t len = make_answer(message, true);
    (void)!sendto(server.udp, message, len, 0, (struct sockaddr *)&peer, size);
}

static void answer_tcp(void)
{
    unsigned char message[8192], prefix[2];
    int fd = accept(server.tcp, NULL, NULL);

    if (recv(fd, prefix, 2, MSG_WAITALL) == 2 &&
        recv(fd, message, (size_t)prefix[0] << 8 | prefix[1], MSG_WAITALL) > 0) {
        atomic_fetch_add(&server.tcp_seen, 1);
        size_t len = make_answer(message, false);
        prefix[0] = (unsigned char)(len >> 8);
        prefix[1] = (unsigned char)len;
        (void)!send(fd, prefix, 2, MSG_NOSIGNAL);
        (void)!send(fd, message, len, MSG_NOSIGNAL);
        (void)!recv(fd, prefix, 1, 0); /* until the other side closes */
    }
    close(fd);
}

static void *serve(void *arg UNUSED)
{
    struct pollfd waits[3] = {{.fd = server.udp, .events = POLLIN},
                              {.fd = server.tcp, .events = POLLIN},
                              {.fd = server.wake[0], .events = POLLIN}};

    while (poll(waits, 3, -1) > 0 && !waits[2].revents) {
        if (waits[0].revents)
            answer_udp();
        if (waits[1].revents)
            answer_tcp();
    }
    return NULL;
}

static int begin(void **state UNUSED)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    memset(&server, 0, sizeof server);
    server.tcp = socket(AF_INET, SOCK_STREAM, 0);
    server.udp = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(server.tcp, (struct sockaddr *)&address, size) != 0 || listen(server.tcp, 4) != 0 ||
        getsockname(server.tcp, (struct sockaddr *)&address, &size) != 0 ||
        bind(server.udp, (struct sockaddr *)&address, size) != 0 || pipe(server.wake) != 0)
        return -1;
    (void)snprintf(server.address, sizeof server.address, "127.0.0.1:%u", ntohs(address.sin_port));
    return 0;
}

static int end(void **state UNUSED)
{
    close(server.wake[1]); /* readable for the thread: it ends */
    if (server.thread)
        (void)pthread_join(server.thread, NULL);
    close(server.wake[0]);
    close(server.udp);
    close(server.tcp);
    return 0;
}

static int ask(const char *name, const char *type, struct resolver_answer *out, struct err *err)
{
    if (!server.thread)
        assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
    *err = (struct err){0};
    return resolver_ask(server.address, name, type, true, 3000, out, err);
}

static struct resolver_answer must_ask(const char *name, const char *type)
{
    struct resolver_answer answer = {0};
    struct err err;

    if (ask(name, type, &answer, &err) != 0)
        fail_msg("%s", err.msg);
    return answer;
}

/* --- tests ------------------------------------------------------------------------------------ */

static void test_an_address_comes_with_its_ttl(void **state UNUSED)
{
    server.scene.is_authoritative = true;
    add_address("blog.example", 300, "192.0.2.1");
    add_address("blog.example", 300, "192.0.2.2");
    struct resolver_answer answer = must_ask("blog.example", "A");

    assert_int_equal(answer.rcode, 0);
    assert_true(answer.is_authoritative);
    assert_int_equal(answer.count, 2);
    assert_string_equal(answer.item[0].content, "192.0.2.1");
    assert_string_equal(answer.item[1].content, "192.0.2.2");
    assert_int_equal(answer.item[0].ttl_s, 300);
    assert_string_equal(answer.cname, "");
}

static void test_an_alias_is_followed_and_the_lowest_ttl_counts(void **state UNUSED)
{
    add_address("edge.example", 300, "192.0.2.9"); /* the order of records means nothing */
    add_alias("cdn.example", 20, "edge.example");
    add_alias("www.example", 600, "cdn.example");
    struct resolver_answer answer = must_ask("WWW.example.", "A");

    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.item[0].content, "192.0.2.9");
    assert_int_equal(answer.item[0].ttl_s, 20);
    assert_string_equal(answer.cname, "cdn.example");
    assert_false(answer.is_authoritative);
}

static void test_a_compressed_name_points_back_into_the_question(void **state UNUSED)
{
    static const unsigned char record[] = {0xC0, 12, 0, A, 0, 1, 0, 0, 0, 30, 0, 4, 192, 0, 2, 5};

    add_bytes(record, sizeof record);
    server.scene.count = 1;
    struct resolver_answer answer = must_ask("blog.example", "A");
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.item[0].content, "192.0.2.5");
    assert_int_equal(answer.item[0].ttl_s, 30);
}

static void test_the_alias_itself_can_be_asked_for(void **state UNUSED)
{
    add_alias("www.example", 60, "cdn.example");
    struct resolver_answer answer = must_ask("www.example", "CNAME");

    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.item[0].content, "cdn.example");
    assert_int_equal(answer.item[0].ttl_s, 60);
}

static void test_an_alias_in_a_circle_has_no_address(void **state UNUSED)
{
    add_alias("a.example", 60, "b.example");
    add_alias("b.example", 60, "a.example");
    struct resolver_answer answer = must_ask("a.example", "A");

    assert_int_equal(answer.count, 0);
    assert_string_equal(answer.cname, "b.example");
}

static void test_records_of_other_names_and_types_are_not_the_answer(void **state UNUSED)
{
    add_address("other.example", 1, "192.0.2.66");
    add_address("blog.example", 5, "2001:db8::1");
    struct resolver_answer v4 = must_ask("blog.example", "A");
    struct resolver_answer v6 = must_ask("blog.example", "AAAA");

    assert_int_equal(v4.count, 0);
    assert_int_equal(v6.count, 1);
    assert_string_equal(v6.item[0].content, "2001:db8::1");
}

static void test_text_is_the_strings_joined(void **state UNUSED)
{
    add_record("t.example", TXT, 60, "\5hello\6 world", 13);
    assert_string_equal(must_ask("t.example", "TXT").item[0].content, "hello world");
}

static void test_an_rcode_is_an_answer_and_not_an_error(void **state UNUSED)
{
    static const int rcodes[] = {2, 3, 5};

    for (size_t i = 0; i < ARRAY_LEN(rcodes); i++) {
        (void)pthread_mutex_lock(&scene_lock);
        server.scene.rcode = rcodes[i];
        (void)pthread_mutex_unlock(&scene_lock);
        struct resolver_answer answer = must_ask("gone.example", "A");
        assert_int_equal(answer.rcode, rcodes[i]);
        assert_int_equal(answer.count, 0);
    }
    assert_int_equal(atomic_load(&server.udp_seen), 3); /* each was asked once */
}

static void test_recursion_is_asked_for_only_when_wanted(void **state UNUSED)
{
    struct resolver_answer answer;
    struct err err;

    (void)must_ask("blog.example", "A");
    assert_int_equal(atomic_load(&server.flags) & 0x0100, 0x0100);
    assert_int_equal(resolver_ask(server.address, "blog.example", "A", false, 3000, &answer, &err),
                     0);
    assert_int_equal(atomic_load(&server.flags) & 0x0100, 0);
}

static void test_a_truncated_answer_is_asked_again_over_tcp(void **state UNUSED)
{
    server.scene.is_truncated = true;
    for (int i = 1; i <= 40; i++) {
        char address[32];
        (void)snprintf(address, sizeof address, "192.0.2.%d", i);
        add_address("many.example", 60, address);
    }
    struct resolver_answer answer = must_ask("many.example", "A");

    assert_int_equal(answer.count, RESOLVER_ANSWER_CAP);
    assert_string_equal(answer.item[15].content, "192.0.2.16");
    assert_int_equal(atomic_load(&server.tcp_seen), 1);
}

static void test_a_lost_packet_is_asked_again(void **state UNUSED)
{
    server.scene.lost_questions = 1;
    add_address("blog.example", 60, "192.0.2.1");
    assert_int_equal(must_ask("blog.example", "A").count, 1);
    assert_int_equal(atomic_load(&server.udp_seen), 2);
}

static void test_a_silent_server_ends_at_the_time_limit(void **state UNUSED)
{
    struct resolver_answer answer = {.rcode = 77};
    struct err err = {0};
    int64_t started_ms = clock_mono_ms();

    server.scene.lost_questions = 1000;
    assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
    assert_int_equal(resolver_ask(server.address, "blog.example", "A", true, 300, &answer, &err),
                     ERR_TIMEOUT);
    assert_in_range(clock_mono_ms() - started_ms, 290, 600);
    assert_int_equal(err.effect, EFFECT_NONE);
    assert_string_equal(err.where, server.address);
    assert_int_equal(answer.rcode, 77); /* untouched */
}

static void test_a_dead_port_is_a_lost_connection_at_once(void **state UNUSED)
{
    struct resolver_answer answer;
    struct err err = {0};
    int64_t started_ms = clock_mono_ms();

    close(server.udp);
    server.udp = -1;
    assert_int_equal(resolver_ask(server.address, "blog.example", "A", true, 3000, &answer, &err),
                     ERR_LOST);
    assert_true(clock_mono_ms() - started_ms < 1000);
    assert_non_null(strstr(err.msg, "refused"));
}

static void test_an_answer_that_makes_no_sense_is_a_protocol_error(void **state UNUSED)
{
    struct resolver_answer answer;
    struct err err;

    add_address("blog.example", 60, "192.0.2.1");
    server.scene.count = 2; /* announced, but not there */
    assert_int_equal(ask("blog.example", "A", &answer, &err), ERR_PROTOCOL);
    clear_scene();
    add_record("blog.example", A, 60, "\300\0\2", 3); /* an address of three bytes */
    assert_int_equal(ask("blog.example", "A", &answer, &err), ERR_PROTOCOL);
    clear_scene();
    add_record("blog.example", TXT, 60, "\77no", 3); /* a string longer than its record */
    assert_int_equal(ask("blog.example", "TXT", &answer, &err), ERR_PROTOCOL);
}

static void test_what_cannot_be_asked_is_a_configuration_error(void **state UNUSED)
{
    static const char *const servers[] = {
        "", ":53", "[::1", "[::1]x", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:dns"};
    struct resolver_answer answer;
    struct err err;
    char name[300];

    for (size_t i = 0; i < ARRAY_LEN(servers); i++)
        assert_int_equal(resolver_ask(servers[i], "a.example", "A", true, 200, &answer, &err),
                         ERR_CONFIG);
    assert_int_equal(ask("a.example", "MX", &answer, &err), ERR_CONFIG);
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(ask(name, "A", &answer, &err), ERR_CONFIG);
}

static void test_a_server_may_be_given_by_name(void **state UNUSED)
{
    struct resolver_answer answer;
    struct err err = {0};
    char by_name[64];

    add_address("blog.example", 60, "192.0.2.1");
    (void)must_ask("blog.example", "A");
    (void)snprintf(by_name, sizeof by_name, "localhost%s", strchr(server.address, ':'));
    int rc = resolver_ask(by_name, "blog.example", "A", true, 3000, &answer, &err);
    if (rc == ERR_LOST || rc == ERR_TIMEOUT)
        skip(); /* localhost is ::1 here, where our server does not listen */
    assert_int_equal(rc, 0);
    assert_int_equal(answer.count, 1);
}

static void test_a_message_that_is_cut_off_leaves_the_answer_as_it_was(void **state)
{
    static const unsigned char message[] = {
        0, 1,   0x84, 0, 0, 1, 0, 1, 0, 0, 0,  0, 1, 'a', 0, 0, 1, 0, 1, /* a. IN A? */
        1, 'a', 0,    0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};
    struct resolver_answer answer = {.rcode = 42};

    (void)state;
    for (size_t len = 0; len < sizeof message; len++)
        assert_false(resolver_read_answer(message, len, "a", "A", &answer));
    assert_int_equal(answer.rcode, 42);
    assert_true(resolver_read_answer(message, sizeof message, "a", "A", &answer));
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.item[0].content, "192.0.2.1");
}

#define IN_A_SCENE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest all[] = {
        IN_A_SCENE(test_an_address_comes_with_its_ttl),
        IN_A_SCENE(test_an_alias_is_followed_and_the_lowest_ttl_counts),
        IN_A_SCENE(test_a_compressed_name_points_back_into_the_question),
        IN_A_SCENE(test_the_alias_itself_can_be_asked_for),
        IN_A_SCENE(test_an_alias_in_a_circle_has_no_address),
        IN_A_SCENE(test_records_of_other_names_and_types_are_not_the_answer),
        IN_A_SCENE(test_text_is_the_strings_joined),
        IN_A_SCENE(test_an_rcode_is_an_answer_and_not_an_error),
        IN_A_SCENE(test_recursion_is_asked_for_only_when_wanted),
        IN_A_SCENE(test_a_truncated_answer_is_asked_again_over_tcp),
        IN_A_SCENE(test_a_lost_packet_is_asked_again),
        IN_A_SCENE(test_a_silent_server_ends_at_the_time_limit),
        IN_A_SCENE(test_a_dead_port_is_a_lost_connection_at_once),
        cmocka_unit_test(test_a_message_that_is_cut_off_leaves_the_answer_as_it_was),
        IN_A_SCENE(test_an_answer_that_makes_no_sense_is_a_protocol_error),
        IN_A_SCENE(test_what_cannot_be_asked_is_a_configuration_error),
        IN_A_SCENE(test_a_server_may_be_given_by_name),
    };
    struct err err = {0};

    if (resolver_library_init(&err) != 0)
        return 1;
    int failed = cmocka_run_group_tests_name("io/resolver", all, NULL, NULL);
    resolver_library_end();
    return failed;
}
