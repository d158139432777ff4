/* SPDX-License-Identifier: MIT */
/* Packets off a socket that hands out as many bytes at a time as it likes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "io/db_reader.h"

#ifdef LIBMARIADB

static struct {
    const unsigned char *bytes;
    size_t len, at, most; /* most: bytes that one read hands out */
} sent;

static ssize_t read_some(MARIADB_PVIO *pvio UNUSED, uchar *buffer, size_t length)
{
    size_t left = sent.len - sent.at;
    size_t len = left < length ? left : length;

    len = len < sent.most ? len : sent.most;
    memcpy(buffer, sent.bytes + sent.at, len);
    sent.at += len;
    return (ssize_t)len;
}

static struct st_ma_pvio_methods methods = {.read = read_some};

struct scene {
    MARIADB_PVIO pvio;
    MYSQL mysql;
    struct db db;
    struct db_reader reader;
};

/* A connection whose library has read `ahead` bytes more than it handed out. */
static void begin(struct scene *scene, const unsigned char *bytes, size_t len, size_t ahead,
                  size_t most)
{
    struct err err;

    memset(scene, 0, sizeof *scene);
    scene->pvio.methods = &methods;
    scene->pvio.cache = (uchar *)bytes;
    scene->pvio.cache_pos = (uchar *)bytes;
    scene->pvio.cache_size = ahead;
    scene->mysql.net.pvio = &scene->pvio;
    scene->db.mysql = &scene->mysql;
    sent.bytes = bytes;
    sent.len = len;
    sent.at = ahead;
    sent.most = most;
    assert_true(db_reader_is_able(&scene->db));
    assert_int_equal(db_reader_begin(&scene->reader, &scene->db, &err), 0);
}

static int next(struct scene *scene, const unsigned char **bytes, size_t *len)
{
    return db_reader_next(&scene->reader, &scene->db, bytes, len);
}

static const unsigned char three[] = "\x02\x00\x00\x07no\x01\x00\x00\x08x\x05\x00\x00\x09"
                                     "later";

static void test_packets_come_out_whole_however_they_arrive(void **state UNUSED)
{
    static const char *const wanted[] = {"no", "x", "later"};

    for (size_t ahead = 0; ahead < sizeof three; ahead++)
        for (size_t most = 1; most < sizeof three; most++) {
            struct scene scene;
            const unsigned char *bytes;
            size_t len;
            begin(&scene, three, sizeof three - 1, ahead, most);
            for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
                assert_int_equal(next(&scene, &bytes, &len), 1);
                assert_int_equal(len, strlen(wanted[i]));
                assert_memory_equal(bytes, wanted[i], len);
            }
            assert_true(db_reader_is_empty(&scene.reader));
            assert_int_equal(next(&scene, &bytes, &len), 0);
            db_reader_release(&scene.reader);
        }
}

static void test_a_connection_that_ends_in_a_packet_is_lost(void **state UNUSED)
{
    for (size_t len_sent = 7; len_sent < 10; len_sent++) {
        struct scene scene;
        const unsigned char *bytes;
        size_t len;
        begin(&scene, three, len_sent, 0, 100);
        assert_int_equal(next(&scene, &bytes, &len), 1);
        assert_int_equal(next(&scene, &bytes, &len), 0);
        assert_false(db_reader_is_empty(&scene.reader));
        db_reader_release(&scene.reader);
    }
}

static void test_a_packet_out_of_order_makes_no_sense(void **state UNUSED)
{
    static const unsigned char skipped[] = "\x01\x00\x00\x01x\x01\x00\x00\x03y";
    struct scene scene;
    const unsigned char *bytes;
    size_t len;

    begin(&scene, skipped, sizeof skipped - 1, 0, 100);
    assert_int_equal(next(&scene, &bytes, &len), 1);
    assert_int_equal(next(&scene, &bytes, &len), -2);
    db_reader_release(&scene.reader);
}

static void test_numbers_of_packets_begin_again_after_255(void **state UNUSED)
{
    static const unsigned char around[] = "\x01\x00\x00\xffx\x01\x00\x00\x00y";
    struct scene scene;
    const unsigned char *bytes;
    size_t len;

    begin(&scene, around, sizeof around - 1, 3, 1);
    assert_int_equal(next(&scene, &bytes, &len), 1);
    assert_int_equal(next(&scene, &bytes, &len), 1);
    assert_int_equal(bytes[0], 'y');
    db_reader_release(&scene.reader);
}

/* A packet of 16 MiB - 1 goes on in the next, which may be empty. */
static void test_a_packet_in_parts_is_joined(void **state UNUSED)
{
    enum { PART = 0xFFFFFF };
    static const size_t rests[] = {0, 1, 70000};

    for (size_t i = 0; i < ARRAY_LEN(rests); i++) {
        size_t total = 4 + (size_t)PART + 4 + rests[i] + 5;
        unsigned char *all = malloc(total);
        struct scene scene;
        const unsigned char *bytes;
        size_t len;
        assert_non_null(all);
        memset(all, 'a', total);
        memcpy(all, "\xff\xff\xff\x00", 4);
        unsigned char *second = all + 4 + PART;
        second[0] = (unsigned char)(rests[i] & 0xFF);
        second[1] = (unsigned char)(rests[i] >> 8 & 0xFF);
        second[2] = (unsigned char)(rests[i] >> 16);
        second[3] = 1;
        memset(second + 4, 'b', rests[i]);
        memcpy(second + 4 + rests[i], "\x01\x00\x00\x02z", 5);
        begin(&scene, all, total, 100, 100000);
        assert_int_equal(next(&scene, &bytes, &len), 1);
        assert_int_equal(len, PART + rests[i]);
        assert_int_equal(bytes[PART - 1], 'a');
        if (rests[i]) {
            assert_int_equal(bytes[PART], 'b');
            assert_int_equal(bytes[len - 1], 'b');
        }
        assert_int_equal(next(&scene, &bytes, &len), 1);
        assert_int_equal(bytes[0], 'z');
        db_reader_release(&scene.reader);
        free(all);
    }
}

static void test_a_connection_that_is_compressed_is_left_to_the_library(void **state UNUSED)
{
    struct scene scene;

    begin(&scene, three, sizeof three - 1, 0, 100);
    scene.mysql.net.compress = 1;
    assert_false(db_reader_is_able(&scene.db));
    db_reader_release(&scene.reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets_come_out_whole_however_they_arrive),
        cmocka_unit_test(test_a_connection_that_ends_in_a_packet_is_lost),
        cmocka_unit_test(test_a_packet_out_of_order_makes_no_sense),
        cmocka_unit_test(test_numbers_of_packets_begin_again_after_255),
        cmocka_unit_test(test_a_packet_in_parts_is_joined),
        cmocka_unit_test(test_a_connection_that_is_compressed_is_left_to_the_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 0; /* the other library reads its packets itself */
}

#endif
