/* SPDX-License-Identifier: MIT */
/* A certificate survives being written and read, and says what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "verify/certificate.h"

static struct certificate sample(void)
{
    struct certificate certificate = {
        .source = SIDE_NEW,
        .is_fenced = true,
        .tables = 12,
        .rows = 1234567,
        .bytes = 5000000000,
        .reproven = 4321,
        .settled = 17,
        .pass_began_us = 1700000000000000,
        .pass_ended_us = 1700000100000000,
        .sealed_us = 1700000200000000,
        .pass_ms = 100000,
        .settle_ms = 4,
        .stream_tables = 11,
        .remote_tables = 1,
        .algorithm = "XXH3-128 of length-prefixed values",
        .hash = "00112233445566778899aabbccddeeff",
    };
    struct err err = {0};
    assert_int_equal(position_parse(FLAVOUR_MARIADB, "0-1-17", &certificate.position, &err), 0);
    return certificate;
}

static void test_the_sentence_names_rows_position_and_fence(void **state)
{
    (void)state;
    char text[1024];
    struct certificate certificate = sample();
    certificate_text(&certificate, text, sizeof(text));
    assert_non_null(strstr(text, "every row of 12 tables (1,234,567 rows) is the same as of "
                                 "0-1-17, while nobody could write"));
    certificate.is_fenced = false;
    certificate_text(&certificate, text, sizeof(text));
    assert_null(strstr(text, "nobody"));
}

static void test_what_is_written_is_read_back(void **state)
{
    (void)state;
    struct certificate certificate = sample(), read;
    struct err err = {0};
    CLEANUP(json_release) json_t *json = certificate_json(&certificate);
    assert_non_null(json);
    assert_int_equal(certificate_of_json(json, &read, &err), 0);
    CLEANUP(json_release) json_t *again = certificate_json(&read);
    assert_true(json_equal(json, again));
    assert_true(position_equal(&read.position, &certificate.position));
    assert_int_equal(read.bytes, 5000000000);
    assert_int_equal(read.source, SIDE_NEW);
}

static void test_a_certificate_that_lacks_or_bends_anything_is_refused(void **state)
{
    (void)state;
    struct certificate certificate = sample(), read;
    CLEANUP(json_release) json_t *json = certificate_json(&certificate);
    static const char *const names[] = {"source", "position", "fenced", "algorithm",
                                        "hash",   "tables",   "rows",   "settle_ms"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct err err = {0};
        CLEANUP(json_release) json_t *bent = json_deep_copy(json);
        assert_int_equal(json_object_del(bent, names[i]), 0);
        assert_int_equal(certificate_of_json(bent, &read, &err), ERR_PROTOCOL);
        assert_non_null(strstr(err.msg, names[i]));
        assert_int_equal(json_object_set_new(bent, names[i], json_real(1.5)), 0);
        assert_int_equal(certificate_of_json(bent, &read, &err), ERR_PROTOCOL);
    }
}

static void test_the_weakest_way_gives_the_name(void **state)
{
    (void)state;
    assert_non_null(strstr(certificate_algorithm(0, 0), "XXH3-128"));
    assert_non_null(strstr(certificate_algorithm(0, 3), "servers"));
    assert_non_null(strstr(certificate_algorithm(1, 3), "CHECKSUM TABLE"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_sentence_names_rows_position_and_fence),
        cmocka_unit_test(test_what_is_written_is_read_back),
        cmocka_unit_test(test_a_certificate_that_lacks_or_bends_anything_is_refused),
        cmocka_unit_test(test_the_weakest_way_gives_the_name),
    };
    return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
