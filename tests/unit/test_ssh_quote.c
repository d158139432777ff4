/* SPDX-License-Identifier: MIT */
/* The leash itself is tried on real hosts: tests/integration/test_ssh.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/ssh_quote.h"

static void a_word_is_quoted_whatever_is_in_it(void **state)
{
    static const char *const words[][2] = {{"", "''"},
                                           {"a b", "'a b'"},
                                           {"it's", "'it'\\''s'"},
                                           {"'", "''\\'''"},
                                           {"$(id)`id`\\\n", "'$(id)`id`\\\n'"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        CLEANUP(buf_release) struct buf out;
        buf_init(&out, 100);
        ssh_quote(&out, words[i][0]);
        assert_string_equal(words[i][1], buf_text(&out));
    }
}

static void a_guarded_command_has_its_input_its_limit_and_its_words_in_this_order(void **state)
{
    static const char *const argv[] = {"echo", "a b", NULL};
    CLEANUP(buf_release) struct buf out;
    static const char end[] = " sh 42 7 'echo' 'a b'";

    (void)state;
    buf_init(&out, 4096);
    ssh_quote_guarded(&out, argv, 42, 7);
    assert_true(out.len > sizeof end);
    assert_string_equal(end, buf_text(&out) + out.len - (sizeof end - 1));
    assert_memory_equal("exec sh -c '", buf_text(&out), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_is_quoted_whatever_is_in_it),
        cmocka_unit_test(a_guarded_command_has_its_input_its_limit_and_its_words_in_this_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
