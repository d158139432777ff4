/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "ctl/access.h"

#define ANNA "4f1d2c3b4a5968778695a4b3"
#define BEN "ffeeddccbbaa00112233445566"

static struct service service;

static int read_tokens(const char *text, struct access **out, struct err *err)
{
    service.serve.has_tokens = true;
    assert_int_equal(secret_set(&service.serve.tokens, text, NULL), 0);
    int rc = access_new(&service, out, err);
    secret_release(&service.serve.tokens);
    return rc;
}

static void assert_refused(const char *text, const char *expected)
{
    struct access *access = NULL;
    struct err err = {0};

    assert_int_equal(read_tokens(text, &access, &err), ERR_CONFIG);
    assert_non_null(strstr(err.msg, expected));
    assert_null(strstr(err.msg, ANNA));
}

static void test_a_bad_line_is_named_by_its_number_and_never_repeated(void **state)
{
    (void)state;
    assert_refused("anna watch " ANNA "\nben admin " ANNA "\n", "line 2: the role is neither");
    assert_refused("anna " ANNA "\n", "line 1: three words");
    assert_refused("anna watch short\n", "line 1: a token shorter");
    assert_refused("# nobody\n\n", "there is no token");
}

static void test_a_token_stands_for_a_session_and_a_wrong_one_does_not(void **state)
{
    struct access *access = NULL;
    char cookie[DIGEST_HEX_LEN + 1];
    struct err err = {0};

    (void)state;
    assert_int_equal(read_tokens("anna watch " ANNA "\nben operate " BEN "\n", &access, &err), 0);
    assert_int_equal(access_login(access, ANNA, strlen(ANNA), cookie, &err), 0);
    assert_int_equal(strlen(cookie), DIGEST_HEX_LEN);
    assert_int_equal(access_login(access, ANNA, strlen(ANNA) - 1, cookie, &err), ERR_REFUSED);
    access_free(access);
}

static void test_who_guesses_is_not_heard_after_some_wrong_tokens(void **state)
{
    struct access *access = NULL;
    char cookie[DIGEST_HEX_LEN + 1];
    struct err err = {0};

    (void)state;
    assert_int_equal(read_tokens("anna watch " ANNA "\n", &access, &err), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(access_login(access, BEN, strlen(BEN), cookie, &err), ERR_REFUSED);
    assert_int_equal(access_login(access, ANNA, strlen(ANNA), cookie, &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, "too many wrong tokens"));
    access_free(access);
}

static void test_only_our_own_names_are_known(void **state)
{
    char *hosts[] = {(char[]){"migration.example.com"}};
    struct access *access = NULL;
    struct err err = {0};

    (void)state;
    service.serve.hosts = hosts;
    service.serve.host_count = 1;
    (void)snprintf(service.serve.listen, sizeof service.serve.listen, "192.0.2.7:8306");
    assert_int_equal(read_tokens("anna watch " ANNA "\n", &access, &err), 0);
    assert_true(access_knows_host(access, "localhost:8306"));
    assert_true(access_knows_host(access, "127.0.0.1"));
    assert_true(access_knows_host(access, "[::1]:8306"));
    assert_true(access_knows_host(access, "192.0.2.7:8306"));
    assert_true(access_knows_host(access, "Migration.Example.com:443"));
    assert_false(access_knows_host(access, "migration.example.com.evil.test"));
    assert_false(access_knows_host(access, "localhost.evil.test"));
    assert_false(access_knows_host(access, ""));
    assert_false(access_knows_host(access, NULL));
    access_free(access);
    service = (struct service){0};
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bad_line_is_named_by_its_number_and_never_repeated),
        cmocka_unit_test(test_a_token_stands_for_a_session_and_a_wrong_one_does_not),
        cmocka_unit_test(test_who_guesses_is_not_heard_after_some_wrong_tokens),
        cmocka_unit_test(test_only_our_own_names_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
