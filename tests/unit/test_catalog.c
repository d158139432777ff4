/* SPDX-License-Identifier: MIT */
/*
 * The catalog finds exactly one text for each statement and server, and values cannot break out of
 * it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sql/catalog.h"
#include "sql/variants.h"

static const struct server_version supported[] = {
    {FLAVOUR_MARIADB, 10, 5, 0}, {FLAVOUR_MARIADB, 10, 6, 21}, {FLAVOUR_MARIADB, 10, 11, 19},
    {FLAVOUR_MARIADB, 11, 4, 5}, {FLAVOUR_MARIADB, 11, 8, 6},
};
static const struct server_version mariadb = {FLAVOUR_MARIADB, 10, 11, 19};

/* Decided here a second time, so that a row that overlaps another one shows. */
static bool is_for_mariadb(const char *variant)
{
    return strcmp(variant, "any") == 0 || strncmp(variant, "mariadb", strlen("mariadb")) == 0;
}

static bool is_journal(enum sql_id id)
{
    return sql_journal(id) != NULL;
}

static void test_every_statement_has_exactly_one_text_for_each_supported_server(void **state)
{
    (void)state;
    for (int id = 0; id < SQL_ID_COUNT; id++) {
        if (is_journal((enum sql_id)id))
            continue;
        int texts = 0;
        for (size_t i = 0; i < sql_variant_count; i++)
            texts +=
                sql_variants[i].id == (enum sql_id)id && is_for_mariadb(sql_variants[i].variant);
        if (texts != 1)
            fail_msg("%s has %d texts for MariaDB", sql_id_name((enum sql_id)id), texts);
        for (size_t v = 0; v < ARRAY_LEN(supported); v++)
            if (sql_for((enum sql_id)id, &supported[v]) == NULL)
                fail_msg("%s is missing for MariaDB %u.%u", sql_id_name((enum sql_id)id),
                         supported[v].major, supported[v].minor);
    }
}

static void test_every_id_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < SQL_ID_COUNT; a++)
        for (int b = a + 1; b < SQL_ID_COUNT; b++)
            assert_string_not_equal(sql_id_name((enum sql_id)a), sql_id_name((enum sql_id)b));
    assert_string_equal(sql_id_name(SQL_READ_ONLY_SET), "read_only_set");
    assert_string_equal(sql_id_name(SQL_ID_COUNT), "unknown statement");
}

static void test_a_text_is_one_statement_without_its_comment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sql_variant_count; i++) {
        const char *text = sql_variants[i].text;
        if (is_journal(sql_variants[i].id))
            continue;
        if (strstr(text, "--") != NULL || strchr(text, '\n') != NULL || strchr(text, ';') != NULL)
            fail_msg("%s holds a comment, a line break or a second statement: %s",
                     sql_variants[i].name, text);
    }
    assert_string_equal(sql_for(SQL_READ_ONLY_SET, &mariadb), "SET GLOBAL read_only = 1");
}

static void test_a_server_that_is_not_supported_gets_no_statement_of_another(void **state)
{
    (void)state;
    const struct server_version too_old = {FLAVOUR_MARIADB, 10, 4, 34};
    const struct server_version other = {FLAVOUR_MYSQL, 8, 4, 3};
    assert_null(sql_for(SQL_READ_ONLY_SET, &too_old));
    assert_null(sql_for(SQL_LINK_STATUS, &other));
    assert_null(sql_for(SQL_READ_ONLY_SET, NULL));
}

static void test_the_version_can_be_asked_before_it_is_known(void **state)
{
    (void)state;
    assert_string_equal(sql_for(SQL_VERSION, NULL), "SELECT VERSION() AS version");
}

static void test_journal_statements_are_not_for_servers(void **state)
{
    (void)state;
    int found = 0;
    for (int id = 0; id < SQL_ID_COUNT; id++) {
        if (!is_journal((enum sql_id)id))
            continue;
        found++;
        assert_null(sql_for((enum sql_id)id, &mariadb));
    }
    assert_true(found > 0);
    assert_null(sql_journal(SQL_READ_ONLY_SET));
}

/* --- rendering --- */

#define RENDERED_SIZE 2048

static int fill(const char *template, const struct sql_arg *args, size_t count, char *out,
                struct err *err)
{
    CLEANUP(buf_release) struct buf buf;
    buf_init(&buf, RENDERED_SIZE - 1);
    int rc = sql_fill(template, args, count, &buf, err);
    (void)snprintf(out, RENDERED_SIZE, "%s", buf_text(&buf));
    return rc;
}

static void assert_filled(const char *template, const char *value, const char *expected)
{
    char out[RENDERED_SIZE];
    struct err err = {0};
    const struct sql_arg arg = {"p", value};
    if (fill(template, &arg, 1, out, &err) != 0)
        fail_msg("%s with %s: %s", template, value, err.msg);
    assert_string_equal(out, expected);
}

static void assert_refused(const char *template, const char *value, enum err_code code)
{
    char out[RENDERED_SIZE];
    struct err err = {0};
    const struct sql_arg arg = {"p", value};
    assert_int_equal(fill(template, &arg, 1, out, &err), code);
    assert_int_equal(err.effect, EFFECT_NONE);
}

static void test_a_literal_cannot_end_its_quotes(void **state)
{
    (void)state;
    assert_filled("SELECT :{p}", "plain", "SELECT 'plain'");
    assert_filled("SELECT :{p}", "", "SELECT ''");
    assert_filled("SELECT :{p}", "it's", "SELECT 'it''s'");
    assert_filled("SELECT :{p}", "\\' OR 1=1 -- ", "SELECT '\\\\'' OR 1=1 -- '");
    assert_filled("SELECT :{p}", "\xE2\x9B\xB5 utf8", "SELECT '\xE2\x9B\xB5 utf8'");
}

static void test_a_zero_byte_in_a_literal_is_written_as_an_escape(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    buf_init(&buf, 64);
    sql_quote_literal("a\0b", 3, &buf);
    assert_string_equal(buf_text(&buf), "'a\\0b'");
}

static void test_an_identifier_cannot_end_its_quotes(void **state)
{
    (void)state;
    assert_filled("DROP DATABASE :{p`}", "blog", "DROP DATABASE `blog`");
    assert_filled("DROP TABLE :{p`}", "blog.posts", "DROP TABLE `blog`.`posts`");
    assert_filled("DROP TABLE :{p`}", "a`; DROP DATABASE x; --.t",
                  "DROP TABLE `a``; DROP DATABASE x; --`.`t`");
}

static void test_a_name_that_cannot_be_is_refused(void **state)
{
    (void)state;
    char longest[66];
    memset(longest, 'n', sizeof(longest) - 1);
    longest[65] = '\0';
    assert_refused("DROP DATABASE :{p`}", longest, ERR_REFUSED);
    assert_refused("DROP DATABASE :{p`}", "", ERR_REFUSED);
    assert_refused("DROP TABLE :{p`}", "blog.", ERR_REFUSED);
    assert_refused("DROP TABLE :{p`}", ".posts", ERR_REFUSED);
    longest[64] = '\0';
    char expected[128];
    (void)snprintf(expected, sizeof(expected), "DROP DATABASE `%s`", longest);
    assert_filled("DROP DATABASE :{p`}", longest, expected);
}

static void test_a_name_is_measured_in_characters(void **state)
{
    (void)state;
    char name[64 * 2 + 1] = "";
    for (int i = 0; i < 64; i++)
        memcpy(name + 2 * i, "\xC3\xA9", 3);
    char expected[256];
    (void)snprintf(expected, sizeof(expected), "DROP DATABASE `%s`", name);
    assert_filled("DROP DATABASE :{p`}", name, expected);
}

static void test_a_number_is_nothing_but_a_number(void **state)
{
    (void)state;
    assert_filled("KILL :{p#}", "12", "KILL 12");
    assert_filled("KILL :{p#}", "-12", "KILL -12");
    assert_filled("WAIT :{p#}", "0.250", "WAIT 0.250");
    static const char *const wrong[] = {"",    "-",  "1;2", "1 OR 1", "0x10",
                                        "1e9", "1.", ".5",  " 1",     "${position:old}"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_refused("KILL :{p#}", wrong[i], ERR_BUG);
}

static void test_text_that_was_quoted_before_is_put_in_as_it_is(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf list;
    const char *const names[] = {"app", "o'neil"};
    buf_init(&list, 256);
    sql_quote_list(names, ARRAY_LEN(names), &list);
    assert_filled("x IN (:{p!})", buf_text(&list), "x IN ('app', 'o''neil')");
    buf_reset(&list);
    sql_quote_list(NULL, 0, &list);
    assert_filled("x IN (:{p!})", buf_text(&list), "x IN (NULL)");
}

static void test_references_survive_in_values_and_are_not_filled_again(void **state)
{
    (void)state;
    assert_filled("PASSWORD = :{p}", "${secret:replication}", "PASSWORD = '${secret:replication}'");
    assert_filled("SELECT :{p}", ":{p}", "SELECT ':{p}'");
}

static void test_a_parameter_without_a_value_is_a_bug_that_is_named(void **state)
{
    (void)state;
    char out[RENDERED_SIZE];
    struct err err = {0};
    const struct sql_arg given = {"channel", "x"};
    assert_int_equal(fill("STOP SLAVE :{channel} :{missing}", &given, 1, out, &err), ERR_BUG);
    assert_non_null(strstr(err.msg, "missing"));
    assert_refused("STOP SLAVE :{p}", NULL, ERR_BUG);
    assert_refused("STOP SLAVE :{p", "x", ERR_BUG);
}

static void test_an_argument_that_nothing_asks_for_is_a_bug_that_is_named(void **state)
{
    (void)state;
    char out[RENDERED_SIZE];
    struct err err = {0};
    const struct sql_arg given[] = {{"channel", "x"}, {"chanel", "y"}};
    assert_int_equal(fill("STOP SLAVE :{channel}", given, 2, out, &err), ERR_BUG);
    assert_non_null(strstr(err.msg, "chanel is not used"));
}

static void test_a_parameter_may_stand_twice(void **state)
{
    (void)state;
    assert_filled(":{p#} + :{p#}", "2", "2 + 2");
}

static void test_rendering_names_the_statement_that_fails(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    struct err err = {0};
    const struct server_version other = {FLAVOUR_MYSQL, 8, 4, 3};
    buf_init(&buf, 4096);
    assert_int_equal(sql_render(SQL_LINK_STOP, &mariadb, NULL, 0, &buf, &err), ERR_BUG);
    assert_non_null(strstr(err.msg, "link_stop"));
    assert_non_null(strstr(err.msg, "channel"));
    assert_int_equal(sql_render(SQL_LINK_STATUS, &other, NULL, 0, &buf, &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, "link_status"));
    buf_reset(&buf);
    assert_int_equal(sql_render(SQL_LINK_STOP, &mariadb,
                                &(struct sql_arg){"channel", "cutover_forward"}, 1, &buf, &err),
                     0);
    assert_string_equal(buf_text(&buf), "STOP SLAVE 'cutover_forward'");
}

static void test_a_text_that_does_not_fit_is_an_error(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    struct err err = {0};
    buf_init(&buf, 8);
    assert_int_equal(sql_render(SQL_READ_ONLY_SET, &mariadb, NULL, 0, &buf, &err), ERR_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_statement_has_exactly_one_text_for_each_supported_server),
        cmocka_unit_test(test_every_id_has_a_name_of_its_own),
        cmocka_unit_test(test_a_text_is_one_statement_without_its_comment),
        cmocka_unit_test(test_a_server_that_is_not_supported_gets_no_statement_of_another),
        cmocka_unit_test(test_the_version_can_be_asked_before_it_is_known),
        cmocka_unit_test(test_journal_statements_are_not_for_servers),
        cmocka_unit_test(test_a_literal_cannot_end_its_quotes),
        cmocka_unit_test(test_a_zero_byte_in_a_literal_is_written_as_an_escape),
        cmocka_unit_test(test_an_identifier_cannot_end_its_quotes),
        cmocka_unit_test(test_a_name_that_cannot_be_is_refused),
        cmocka_unit_test(test_a_name_is_measured_in_characters),
        cmocka_unit_test(test_a_number_is_nothing_but_a_number),
        cmocka_unit_test(test_text_that_was_quoted_before_is_put_in_as_it_is),
        cmocka_unit_test(test_references_survive_in_values_and_are_not_filled_again),
        cmocka_unit_test(test_a_parameter_without_a_value_is_a_bug_that_is_named),
        cmocka_unit_test(test_an_argument_that_nothing_asks_for_is_a_bug_that_is_named),
        cmocka_unit_test(test_a_parameter_may_stand_twice),
        cmocka_unit_test(test_rendering_names_the_statement_that_fails),
        cmocka_unit_test(test_a_text_that_does_not_fit_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
