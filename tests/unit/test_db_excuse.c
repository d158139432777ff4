/* SPDX-License-Identifier: MIT */
/* What stands in between says why there is no database, and a library's words around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "io/db_excuse.h"

#define LIBRARY_WORDS                                                                              \
    "Received error packet before completion of TLS handshake. The authenticity of the following " \
    "error cannot be verified: 1105 - "
#define LIBRARY_CAP 511

static void test_a_reason_of_any_length_arrives_with_its_hint_in_what_a_library_keeps(void **state)
{
    (void)state;
    unsigned char packet[DB_EXCUSE_SIZE];
    char kept[LIBRARY_CAP + 1], problem[DB_EXCUSE_SIZE], hint[DB_EXCUSE_SIZE];
    struct err why = {0};
    memset(why.where, 'w', sizeof why.where - 1);
    memset(why.msg, 'm', sizeof why.msg - 1);
    memset(why.hint, 'h', sizeof why.hint - 1);

    size_t len = db_excuse_write(&why, packet);
    assert_int_equal(packet[0] | packet[1] << 8 | packet[2] << 16, len - 4);
    assert_int_equal(packet[4], 0xFF);
    (void)snprintf(kept, sizeof kept, LIBRARY_WORDS "%.*s", (int)(len - 7), (char *)packet + 7);
    assert_true(strlen(kept) < LIBRARY_CAP);
    assert_true(db_excuse_read(kept, problem, sizeof problem, hint, sizeof hint));
    assert_memory_equal(problem, "SSH tunnel: www", 15);
    assert_non_null(strstr(problem, "w: mmm"));
    assert_int_equal(strspn(hint, "h"), strlen(hint));
    assert_true(strlen(hint) > 100);
}

static void test_a_reason_without_a_place_or_a_hint_is_said_alone(void **state)
{
    (void)state;
    unsigned char packet[DB_EXCUSE_SIZE];
    char problem[DB_EXCUSE_SIZE], hint[DB_EXCUSE_SIZE];
    struct err why = {.msg = "no way"};

    size_t len = db_excuse_write(&why, packet);
    char *text = (char *)packet + 7;
    text[len - 7] = '\0';
    assert_true(db_excuse_read(text, problem, sizeof problem, hint, sizeof hint));
    assert_string_equal(problem, "SSH tunnel: no way");
    assert_string_equal(hint, "");
}

static void test_what_a_server_says_by_itself_is_no_excuse(void **state)
{
    (void)state;
    char problem[DB_EXCUSE_SIZE], hint[DB_EXCUSE_SIZE];

    assert_false(
        db_excuse_read("Too many connections", problem, sizeof problem, hint, sizeof hint));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reason_of_any_length_arrives_with_its_hint_in_what_a_library_keeps),
        cmocka_unit_test(test_a_reason_without_a_place_or_a_hint_is_said_alone),
        cmocka_unit_test(test_what_a_server_says_by_itself_is_no_excuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
