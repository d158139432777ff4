/* SPDX-License-Identifier: MIT */
/* Where a reader is in a binary log: as a server tells it, and when it is better not believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "io/unpack.h"
#include "verify/binlog_place.h"

#define BORN_S 1795383530U

static void put(unsigned char *at, uint64_t number, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (unsigned char)(number >> (8 * i));
}

/* An event with this body goes by. */
static void pass(struct binlog_place *place, unsigned type, uint32_t end, uint32_t written_s,
                 unsigned flags, const void *body, size_t body_len)
{
    unsigned char bytes[512] = {0};
    size_t len = BINLOG_HEADER_LEN + body_len;
    struct binlog_event event;
    struct err err = {0};

    assert_true(len <= sizeof(bytes));
    put(bytes, written_s, 4);
    bytes[4] = (unsigned char)type;
    put(bytes + 9, len, 4);
    put(bytes + 13, end, 4);
    put(bytes + 17, flags, 2);
    if (body_len)
        memcpy(bytes + BINLOG_HEADER_LEN, body, body_len);
    assert_int_equal(binlog_event_read_inner(bytes, len, &event, &err), 0);
    binlog_place_follow(place, &event, bytes, len);
}

/* Made up in front of a file: where in it, its name, and a checksum if the others have one. */
static void announce(struct binlog_place *place, const char *file, uint64_t offset,
                     bool has_checksum)
{
    unsigned char bytes[BINLOG_HEADER_LEN + 8 + 300 + 4] = {0};
    unsigned char *body = bytes + BINLOG_HEADER_LEN;
    size_t len = BINLOG_HEADER_LEN + 8 + strlen(file);

    put(body, offset, 8);
    memcpy(body + 8, file, strlen(file));
    if (has_checksum) { /* of the event as pass() makes it */
        bytes[4] = EVENT_ROTATE;
        put(bytes + 9, len + 4, 4);
        put(bytes + 17, EVENT_IS_ARTIFICIAL, 2);
        put(bytes + len, unpack_crc32(bytes, len), 4);
        len += 4;
    }
    pass(place, EVENT_ROTATE, 0, 0, EVENT_IS_ARTIFICIAL, body, len - BINLOG_HEADER_LEN);
}

static void describe(struct binlog_place *place)
{
    pass(place, EVENT_FORMAT_DESCRIPTION, 0, BORN_S, 0, "", 0);
}

static void log_event(struct binlog_place *place, uint32_t end)
{
    pass(place, EVENT_XID, end, BORN_S + 7, 0, "12345678", 8);
}

static void an_event_says_where_the_next_one_is(void **state)
{
    struct binlog_place place = {0};

    (void)state;
    for (int has_checksum = 0; has_checksum <= 1; has_checksum++) {
        announce(&place, "bin.000042", 4, has_checksum);
        assert_false(binlog_place_is_known(&place));
        describe(&place);
        log_event(&place, 777);
        assert_true(binlog_place_is_known(&place));
        assert_string_equal(place.file, "bin.000042");
        assert_int_equal(place.born_s, BORN_S);
        assert_int_equal(place.offset, 777);
    }
}

static void what_the_server_makes_up_moves_nothing(void **state)
{
    struct binlog_place place = {0};

    (void)state;
    announce(&place, "bin.000042", 777, true);
    describe(&place);
    pass(&place, EVENT_HEARTBEAT, 999, 0, 0, "bin.000042", 10);
    pass(&place, EVENT_PREVIOUS_GTIDS, 0, 0, EVENT_IS_ARTIFICIAL, "", 0);
    assert_int_equal(place.offset, 777);
    assert_true(binlog_place_is_known(&place));
}

static void the_next_file_begins_with_nothing_known(void **state)
{
    struct binlog_place place = {0};

    (void)state;
    announce(&place, "bin.000042", 4, true);
    describe(&place);
    pass(&place, EVENT_ROTATE, 900, BORN_S + 9, 0, "\4\0\0\0\0\0\0\0bin.000043", 18);
    assert_false(binlog_place_is_known(&place)); /* the end of a file that is in the log itself */
    log_event(&place, 1000);
    assert_false(binlog_place_is_known(&place));
    announce(&place, "bin.000043", 4, true);
    log_event(&place, 1000);
    assert_false(binlog_place_is_known(&place)); /* it has not said when it was begun */
}

static void behind_four_gigabytes_it_is_not_known_until_the_next_file(void **state)
{
    struct binlog_place place = {0};

    (void)state;
    announce(&place, "bin.000042", 4, true);
    describe(&place);
    log_event(&place, UINT32_MAX - 10);
    assert_true(binlog_place_is_known(&place));
    log_event(&place, 100);
    log_event(&place, 200);
    assert_false(binlog_place_is_known(&place));
    announce(&place, "bin.000042", (uint64_t)UINT32_MAX + 200, true);
    describe(&place);
    log_event(&place, 300);
    assert_false(binlog_place_is_known(&place));
}

static void a_name_that_is_none_is_not_kept(void **state)
{
    char longer[BINLOG_FILE_SIZE + 1];
    struct binlog_place place = {0};

    (void)state;
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    announce(&place, longer, 4, false);
    assert_string_equal(place.file, "");
    announce(&place, "", 4, true);
    assert_string_equal(place.file, "");
    pass(&place, EVENT_ROTATE, 0, 0, EVENT_IS_ARTIFICIAL, "\4\0\0", 3);
    assert_string_equal(place.file, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_says_where_the_next_one_is),
        cmocka_unit_test(what_the_server_makes_up_moves_nothing),
        cmocka_unit_test(the_next_file_begins_with_nothing_known),
        cmocka_unit_test(behind_four_gigabytes_it_is_not_known_until_the_next_file),
        cmocka_unit_test(a_name_that_is_none_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
