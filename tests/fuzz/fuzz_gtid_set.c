/* SPDX-License-Identifier: MIT */
/*
 * MySQL positions: two sets, divided by a semicolon. What was parsed reads back as the same set;
 * subtracting and joining agree with counting.
 */
#include <stdlib.h>
#include <string.h>

#include "domain/gtid_set.h"

#define TEXT_SIZE 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_text(const struct gtid_set *set)
{
    static char text[TEXT_SIZE];
    struct gtid_set again;

    must(gtid_set_text(set, text, sizeof text, NULL) == 0);
    must(gtid_set_parse(text, &again, NULL) == 0);
    must(gtid_set_equal(set, &again));
    must(gtid_set_contains(set, &again) && gtid_set_missing(set, &again) == 0);
}

static void check_pair(const struct gtid_set *a, const struct gtid_set *b)
{
    struct gtid_set rest, all;

    if (gtid_set_subtract(a, b, &rest, NULL) || gtid_set_join(a, b, &all, NULL))
        return; /* more ranges than a set may hold */
    check_text(&rest);
    check_text(&all);
    must(gtid_set_count(&rest) == gtid_set_missing(b, a));
    must(gtid_set_count(&all) == gtid_set_count(b) + gtid_set_count(&rest));
    must(gtid_set_contains(&all, a) && gtid_set_contains(&all, b) && gtid_set_contains(a, &rest));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char input[4096] = "";
    struct gtid_set a, b;

    if (size >= sizeof input)
        return 0;
    if (size)
        memcpy(input, data, size);
    char *second = strchr(input, ';');
    if (second)
        *second++ = '\0';
    if (gtid_set_parse(input, &a, NULL) || gtid_set_parse(second ? second : "", &b, NULL))
        return 0;
    check_text(&a);
    check_pair(&a, &b);
    check_pair(&b, &a);
    return 0;
}
