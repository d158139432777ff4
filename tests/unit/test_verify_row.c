/* SPDX-License-Identifier: MIT */
/* Rows as hashes, values as text, and which rows of two small sets differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/attr.h"
#include "verify/mismatches.h"
#include "verify/row.h"

static struct row_hash hash_of(const char *a, const char *b)
{
    const char *values[] = {a, b};
    const unsigned long lengths[] = {a ? strlen(a) : 0, b ? strlen(b) : 0};
    return row_hash_of(values, lengths, 2);
}

static void test_null_is_not_an_empty_text(void **state)
{
    (void)state;
    assert_false(row_hash_equal(hash_of(NULL, "x"), hash_of("", "x")));
    assert_false(row_hash_equal(hash_of(NULL, ""), hash_of("", NULL)));
}

static void test_moving_the_border_between_two_values_changes_the_hash(void **state)
{
    (void)state;
    assert_false(row_hash_equal(hash_of("x#", "y"), hash_of("x", "#y")));
    assert_false(row_hash_equal(hash_of("", "ab"), hash_of("ab", "")));
    assert_true(row_hash_equal(hash_of("x#", "y"), hash_of("x#", "y")));
}

static void test_a_large_row_hashes_like_its_encoding_whatever_its_size(void **state)
{
    (void)state;
    static char big[5000];
    memset(big, 'a', sizeof(big));
    /*
     * Around the size where one way of hashing takes over from the other, one byte must always
     * matter.
     */
    for (unsigned long len = 1990; len < 2070; len++) {
        const char *value = big;
        struct row_hash whole = row_hash_of(&value, &len, 1);
        unsigned long shorter = len - 1;
        assert_false(row_hash_equal(whole, row_hash_of(&value, &shorter, 1)));
        big[len - 1] = 'b';
        assert_false(row_hash_equal(whole, row_hash_of(&value, &len, 1)));
        big[len - 1] = 'a';
        assert_true(row_hash_equal(whole, row_hash_of(&value, &len, 1)));
    }
}

static void test_the_hash_of_a_row_is_the_same_on_every_machine(void **state)
{
    (void)state;
    char text[33];
    /*
     * flag 0, length 2 little endian, "ab": XXH3-128 of those 11 bytes, so the encoding is fixed,
     * byte for byte.
     */
    const unsigned char encoded[] = {0, 2, 0, 0, 0, 0, 0, 0, 0, 'a', 'b'};
    XXH128_hash_t expected = XXH3_128bits(encoded, sizeof(encoded));
    const char *value = "ab";
    unsigned long len = 2;
    struct row_hash hash = row_hash_of(&value, &len, 1);
    assert_true(hash.low == expected.low64 && hash.high == expected.high64);
    row_hash_text(hash, text);
    assert_int_equal(strlen(text), 32);
}

static void test_a_sum_of_hashes_carries_and_ignores_the_order(void **state)
{
    (void)state;
    const struct row_hash a = {.low = UINT64_MAX, .high = 1}, b = {.low = 2, .high = 3};
    struct row_hash ab = row_hash_add(a, b), ba = row_hash_add(b, a);
    assert_true(row_hash_equal(ab, ba));
    assert_true(ab.low == 1 && ab.high == 5);
}

static const char *shown(const char *value, unsigned long len, enum column_class class,
                         char out[128])
{
    static char utf8[] = "utf8mb4", none[] = "";
    struct column_shape column = {.class = class, .charset = class == COLUMN_TEXT ? utf8 : none};
    struct cell cell;
    cell_of(&cell, value, len);
    cell_text(&cell, &column, out, 128);
    return out;
}

static void test_values_are_shown_as_a_person_writes_them(void **state)
{
    (void)state;
    char out[128];
    assert_string_equal(shown(NULL, 0, COLUMN_TEXT, out), "NULL");
    assert_string_equal(shown("", 0, COLUMN_TEXT, out), "''");
    assert_string_equal(shown("a ", 2, COLUMN_TEXT, out), "'a '");
    assert_string_equal(shown("17", 2, COLUMN_INTEGER, out), "17");
    assert_string_equal(shown("\x00\xff", 2, COLUMN_BINARY, out), "0x00FF");
    assert_string_equal(shown("a\x01", 2, COLUMN_TEXT, out), "0x6101");
}

static void test_a_long_value_is_cut_between_characters_and_says_so(void **state)
{
    (void)state;
    char out[128], other[128];
    char text[120] =
        "x"; /* so that every é begins at an odd byte, and the preview ends within one */
    for (size_t i = 1; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    (void)shown(text, 119, COLUMN_TEXT, out);
    assert_non_null(strstr(out, "…' (119 bytes, hash "));
    assert_null(strstr(out, "\xc3…"));
    text[118] = 'y';
    assert_string_not_equal(shown(text, 119, COLUMN_TEXT, other), out);
}

/* A table (id INT, v VARCHAR) with id as its key. */
static char id_name[] = "id", v_name[] = "v", charset[] = "utf8mb4", empty[] = "";
static struct column_shape columns[] = {
    {.name = id_name, .class = COLUMN_INTEGER, .charset = empty},
    {.name = v_name, .class = COLUMN_TEXT, .charset = charset}};
static char primary_name[] = "PRIMARY";
static struct index_shape primary = {
    .name = primary_name, .is_unique = true, .is_key_worthy = true, .column_count = 1};
static const struct table_shape table = {.label = "blog.t",
                                         .columns = columns,
                                         .column_count = 2,
                                         .indexes = &primary,
                                         .index_count = 1};
static const size_t key_columns[] = {0};

static void add(struct mismatches *mismatches, bool is_first, const char *id, const char *v)
{
    struct err err = {0};
    const char *values[] = {id, v, id}; /* the walking key stands behind the columns */
    const unsigned long lengths[] = {strlen(id), v ? strlen(v) : 0, strlen(id)};
    struct row_hash hash = row_hash_of(values, lengths, 2);
    int rc = is_first ? mismatches_add_first(mismatches, values, lengths, hash, &err)
                      : mismatches_add_second(mismatches, values, lengths, hash, &err);
    assert_int_equal(rc, 0);
}

static void compare(struct mismatches *out, const char *replica_value, const char *extra_id)
{
    struct err err = {0};
    mismatches_init(out, &table, key_columns, 1);
    out->has_points = true;
    add(out, true, "1", "one");
    add(out, true, "2", "two");
    add(out, true, "3", NULL);
    assert_int_equal(mismatches_sort(out, &err), 0);
    add(out, false, "1", "one");
    add(out, false, "2", replica_value);
    add(out, false, extra_id, "four");
    assert_int_equal(mismatches_finish(out, &err), 0);
}

static const struct difference *of_kind(const struct mismatches *mismatches,
                                        enum difference_kind kind)
{
    for (size_t i = 0; i < mismatches->kept; i++)
        if (mismatches->items[i].difference.kind == kind)
            return &mismatches->items[i].difference;
    return NULL;
}

static void test_missing_extra_and_changed_rows_are_named(void **state)
{
    (void)state;
    CLEANUP(mismatches_release) struct mismatches mismatches = {0};
    compare(&mismatches, "deux", "4");
    assert_int_equal(mismatches.count, 3);
    assert_string_equal(of_kind(&mismatches, DIFFERENCE_MISSING)->key, "id=3");
    assert_string_equal(of_kind(&mismatches, DIFFERENCE_EXTRA)->key, "id=4");
    const struct difference *changed = of_kind(&mismatches, DIFFERENCE_CHANGED);
    assert_string_equal(changed->key, "id=2");
    assert_string_equal(changed->column, "v");
    assert_string_equal(changed->source_value, "'two'");
    assert_string_equal(changed->replica_value, "'deux'");
}

static void test_every_difference_tells_its_key_exactly(void **state)
{
    (void)state;
    CLEANUP(mismatches_release) struct mismatches mismatches = {0};
    compare(&mismatches, "deux", "4,%");
    assert_string_equal(of_kind(&mismatches, DIFFERENCE_MISSING)->point, "3");
    assert_string_equal(of_kind(&mismatches, DIFFERENCE_EXTRA)->point, "4%2C%25");
    assert_string_equal(of_kind(&mismatches, DIFFERENCE_CHANGED)->point, "2");
}

static void test_redacted_values_still_differ(void **state)
{
    (void)state;
    CLEANUP(mismatches_release) struct mismatches mismatches = {0};
    compare(&mismatches, "zwei", "4");
    struct difference changed = *of_kind(&mismatches, DIFFERENCE_CHANGED);
    difference_redact(&changed);
    assert_non_null(strstr(changed.source_value, "3 bytes, hash "));
    assert_non_null(strstr(changed.replica_value, "4 bytes, hash "));
    assert_string_not_equal(strchr(changed.source_value, 'h'), strchr(changed.replica_value, 'h'));
    assert_null(strstr(changed.source_value, "two"));
    assert_string_equal(changed.key, "id=2");
}

static void test_turned_mismatches_swap_the_sides(void **state)
{
    (void)state;
    CLEANUP(mismatches_release) struct mismatches mismatches = {0};
    compare(&mismatches, "deux", "4");
    mismatches_turn(&mismatches);
    assert_string_equal(of_kind(&mismatches, DIFFERENCE_MISSING)->key, "id=4");
    assert_string_equal(of_kind(&mismatches, DIFFERENCE_EXTRA)->key, "id=3");
    assert_string_equal(of_kind(&mismatches, DIFFERENCE_CHANGED)->source_value, "'deux'");
}

static void test_only_what_differed_before_is_kept(void **state)
{
    (void)state;
    CLEANUP(mismatches_release) struct mismatches earlier = {0};
    CLEANUP(mismatches_release) struct mismatches later = {0};
    compare(&earlier, "two", "4");
    compare(&later, "deux", "5");
    mismatches_keep_common(&later, &earlier);
    assert_int_equal(later.count, 1);
    assert_string_equal(later.items[0].difference.key, "id=3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_is_not_an_empty_text),
        cmocka_unit_test(test_moving_the_border_between_two_values_changes_the_hash),
        cmocka_unit_test(test_a_large_row_hashes_like_its_encoding_whatever_its_size),
        cmocka_unit_test(test_the_hash_of_a_row_is_the_same_on_every_machine),
        cmocka_unit_test(test_a_sum_of_hashes_carries_and_ignores_the_order),
        cmocka_unit_test(test_values_are_shown_as_a_person_writes_them),
        cmocka_unit_test(test_a_long_value_is_cut_between_characters_and_says_so),
        cmocka_unit_test(test_missing_extra_and_changed_rows_are_named),
        cmocka_unit_test(test_every_difference_tells_its_key_exactly),
        cmocka_unit_test(test_redacted_values_still_differ),
        cmocka_unit_test(test_turned_mismatches_swap_the_sides),
        cmocka_unit_test(test_only_what_differed_before_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
