/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "domain/lag.h"

static struct lag_ring ring;

static void note_three(void)
{
    memset(&ring, 0, sizeof(ring));
    lag_ring_note(&ring, 1000, 10);
    lag_ring_note(&ring, 2000, 20);
    lag_ring_note(&ring, 3000, 30);
}

static void test_an_empty_ring_knows_nothing(void **state UNUSED)
{
    memset(&ring, 0, sizeof(ring));
    assert_true(lag_ring_behind_ms(&ring, 5000, 0) == LAG_INFINITE);
    assert_true(lag_ring_behind_ms(&ring, 5000, UINT64_MAX) == LAG_INFINITE);
}

static void test_a_replica_that_has_everything_is_not_behind(void **state UNUSED)
{
    note_three();
    assert_int_equal(lag_ring_behind_ms(&ring, 9000, 30), 0);
    assert_int_equal(lag_ring_behind_ms(&ring, 9000, 31), 0);
}

static void test_lag_counts_from_when_the_source_first_had_more(void **state UNUSED)
{
    note_three();
    assert_int_equal(lag_ring_behind_ms(&ring, 9000, 29), 6000);
    assert_int_equal(lag_ring_behind_ms(&ring, 9000, 20), 6000);
    assert_int_equal(lag_ring_behind_ms(&ring, 9000, 19), 7000);
    assert_int_equal(lag_ring_behind_ms(&ring, 9000, 10), 7000);
    assert_int_equal(lag_ring_behind_ms(&ring, 2500, 29), 0);
}

static void test_older_than_the_ring_is_infinite(void **state UNUSED)
{
    note_three();
    assert_true(lag_ring_behind_ms(&ring, 9000, 9) == LAG_INFINITE);
}

static void test_the_same_sequence_keeps_its_first_sighting(void **state UNUSED)
{
    note_three();
    lag_ring_note(&ring, 8000, 30);
    assert_int_equal(ring.count, 3);
    assert_int_equal(lag_ring_behind_ms(&ring, 9000, 20), 6000);
}

static void test_a_reset_source_starts_the_ring_again(void **state UNUSED)
{
    note_three();
    lag_ring_note(&ring, 4000, 1);
    assert_int_equal(ring.count, 1);
    assert_int_equal(lag_ring_behind_ms(&ring, 5000, 1), 0);
    assert_true(lag_ring_behind_ms(&ring, 5000, 0) == LAG_INFINITE);
}

static void test_a_full_ring_forgets_the_oldest(void **state UNUSED)
{
    memset(&ring, 0, sizeof(ring));
    for (int i = 1; i <= LAG_RING_SIZE + 5; i++)
        lag_ring_note(&ring, i, (uint64_t)i);
    int64_t now = LAG_RING_SIZE + 5;
    assert_int_equal(ring.count, LAG_RING_SIZE);
    assert_int_equal(lag_ring_behind_ms(&ring, now, (uint64_t)now - 1), 0);
    assert_int_equal(lag_ring_behind_ms(&ring, now + 7, 6), now + 7 - 7);
    assert_true(lag_ring_behind_ms(&ring, now, 5) == LAG_INFINITE);
}

static void test_a_heartbeat_lags_by_its_age_less_the_interval(void **state UNUSED)
{
    assert_int_equal(lag_from_heartbeat_ms(true, 1000000, 1350000, 100), 250);
    assert_int_equal(lag_from_heartbeat_ms(true, 1000000, 1050000, 100), 0);
    assert_int_equal(lag_from_heartbeat_ms(true, 1000000, 900000, 100), 0);
}

static void test_no_heartbeat_is_infinite_lag(void **state UNUSED)
{
    assert_true(lag_from_heartbeat_ms(false, 1000000, 1000000, 100) == LAG_INFINITE);
}

static void test_a_heartbeat_from_the_future_proves_nothing(void **state UNUSED)
{
    assert_true(lag_from_heartbeat_ms(true, 9000000, 1000000, 100) == LAG_INFINITE);
}

static void test_infinite_lag_reads_unknown(void **state UNUSED)
{
    char text[32];
    assert_string_equal(lag_text(LAG_INFINITE, text), "unknown");
    assert_string_equal(lag_text(12, text), "12 ms");
    assert_string_equal(lag_text(3400, text), "3.4 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_ring_knows_nothing),
        cmocka_unit_test(test_a_replica_that_has_everything_is_not_behind),
        cmocka_unit_test(test_lag_counts_from_when_the_source_first_had_more),
        cmocka_unit_test(test_older_than_the_ring_is_infinite),
        cmocka_unit_test(test_the_same_sequence_keeps_its_first_sighting),
        cmocka_unit_test(test_a_reset_source_starts_the_ring_again),
        cmocka_unit_test(test_a_full_ring_forgets_the_oldest),
        cmocka_unit_test(test_a_heartbeat_lags_by_its_age_less_the_interval),
        cmocka_unit_test(test_no_heartbeat_is_infinite_lag),
        cmocka_unit_test(test_a_heartbeat_from_the_future_proves_nothing),
        cmocka_unit_test(test_infinite_lag_reads_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
