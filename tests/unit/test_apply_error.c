/* SPDX-License-Identifier: MIT */
/* What is left of an applier's error when there is little room for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "domain/apply_error.h"

#define UUID "3e11fa47-71ca-11e1-9e33-c80aa9429562"
#define WHERE                                                                                      \
    "Worker 1 failed executing transaction '" UUID ":23' at source log bin.000001, end_log_pos "   \
    "523; "

static void test_the_reason_comes_first_and_the_transaction_last(void **state UNUSED)
{
    char text[256];
    apply_error_text(WHERE "Could not execute Write_rows event on table app.t; Duplicate entry 'x' "
                           "for key 't.k', Error_code: 1062",
                     UUID ":23", text, sizeof(text));
    assert_string_equal(text,
                        "Could not execute Write_rows event on table app.t; Duplicate entry 'x' "
                        "for key 't.k', Error_code: 1062 (transaction " UUID ":23)");
}

static void test_a_long_reason_is_cut_and_the_transaction_kept(void **state UNUSED)
{
    char text[80];
    apply_error_text(WHERE "Could not execute Write_rows event on table app.t; Duplicate entry",
                     UUID ":23", text, sizeof(text));
    assert_string_equal(text, "Could not execute Write_r (transaction " UUID ":23)");
    assert_int_equal(strlen(text), sizeof(text) - 1);
}

static void test_a_text_of_another_form_stays_whole(void **state UNUSED)
{
    char text[256];
    apply_error_text("Error 'Table exists' on query", "", text, sizeof(text));
    assert_string_equal(text, "Error 'Table exists' on query");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_reason_comes_first_and_the_transaction_last),
        cmocka_unit_test(test_a_long_reason_is_cut_and_the_transaction_kept),
        cmocka_unit_test(test_a_text_of_another_form_stays_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
