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

#include "domain/support.h"
#include "sql/catalog.h"
#include "sql/variants.h"

static const struct server_version supported[] = {
    {FLAVOUR_MARIADB, 10, 5, 0},   {FLAVOUR_MARIADB, 10, 5, 23}, {FLAVOUR_MARIADB, 10, 6, 21},
    {FLAVOUR_MARIADB, 10, 11, 19}, {FLAVOUR_MARIADB, 11, 4, 5},  {FLAVOUR_MARIADB, 11, 8, 6},
    {FLAVOUR_MYSQL, 5, 7, 44},     {FLAVOUR_MYSQL, 8, 0, 11},    {FLAVOUR_MYSQL, 8, 0, 12},
    {FLAVOUR_MYSQL, 8, 0, 13},     {FLAVOUR_MYSQL, 8, 0, 16},    {FLAVOUR_MYSQL, 8, 0, 17},
    {FLAVOUR_MYSQL, 8, 0, 18},     {FLAVOUR_MYSQL, 8, 0, 21},    {FLAVOUR_MYSQL, 8, 0, 22},
    {FLAVOUR_MYSQL, 8, 0, 23},     {FLAVOUR_MYSQL, 8, 0, 26},    {FLAVOUR_MYSQL, 8, 0, 30},
    {FLAVOUR_MYSQL, 8, 0, 36},     {FLAVOUR_MYSQL, 8, 1, 0},     {FLAVOUR_MYSQL, 8, 2, 0},
    {FLAVOUR_MYSQL, 8, 3, 0},      {FLAVOUR_MYSQL, 8, 4, 0},     {FLAVOUR_MYSQL, 8, 4, 7},
    {FLAVOUR_MYSQL, 9, 0, 1},      {FLAVOUR_MYSQL, 9, 7, 4},
};
static const struct server_version mariadb = {FLAVOUR_MARIADB, 10, 11, 19};
static const struct server_version mysql = {FLAVOUR_MYSQL, 8, 4, 7};

static bool is_journal(enum sql_id id)
{
    return sql_journal(id) != NULL;
}

static int count_texts(enum sql_id id, const struct server_version *version)
{
    int texts = 0;
    for (size_t i = 0; i < sql_variant_count; i++)
        texts +=
            sql_variants[i].id == id && sql_variant_fits(sql_variants[i].variant, version) ? 1 : 0;
    return texts;
}

/* Of the "Only:" line; FLAVOUR_UNKNOWN when both have the statement. */
static enum flavour only_flavour(enum sql_id id)
{
    for (size_t i = 0; i < sql_variant_count; i++)
        if (sql_variants[i].id == id && sql_variants[i].only != NULL)
            return strcmp(sql_variants[i].only, "mysql") == 0 ? FLAVOUR_MYSQL : FLAVOUR_MARIADB;
    return FLAVOUR_UNKNOWN;
}

static void test_every_statement_has_exactly_one_text_for_each_supported_server(void **state)
{
    (void)state;
    for (int id = 0; id < SQL_ID_COUNT; id++) {
        if (is_journal((enum sql_id)id))
            continue;
        enum flavour only = only_flavour((enum sql_id)id);
        for (size_t v = 0; v < ARRAY_LEN(supported); v++) {
            const struct server_version *version = &supported[v];
            int wanted = only == FLAVOUR_UNKNOWN || only == version->flavour;
            int texts = count_texts((enum sql_id)id, version);
            if (texts > wanted || (texts < wanted && only == FLAVOUR_UNKNOWN))
                fail_msg("%s has %d texts for %s %u.%u.%u", sql_id_name((enum sql_id)id), texts,
                         flavour_name(version->flavour), version->major, version->minor,
                         version->patch);
        }
    }
}

static void test_no_supported_series_is_without_statements(void **state)
{
    (void)state;
    size_t count = 0;
    const struct support_row *rows = support_table(&count);
    for (size_t i = 0; i < count; i++) {
        struct server_version first = {rows[i].flavour, rows[i].from / 10000,
                                       rows[i].from / 100 % 100, rows[i].from % 100};
        for (int id = 0; id < SQL_ID_COUNT && rows[i].support != SUPPORT_REFUSED; id++)
            if (!is_journal((enum sql_id)id) && only_flavour((enum sql_id)id) == FLAVOUR_UNKNOWN &&
                count_texts((enum sql_id)id, &first) != 1)
                fail_msg("%s has %d texts for %s", sql_id_name((enum sql_id)id),
                         count_texts((enum sql_id)id, &first), rows[i].name);
    }
}

static void test_a_statement_of_one_flavour_says_so_in_each_of_its_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sql_variant_count; i++) {
        enum flavour only = only_flavour(sql_variants[i].id);
        if (only != FLAVOUR_UNKNOWN && sql_variants[i].only == NULL)
            fail_msg("%s.%s lacks the Only: line", sql_variants[i].name, sql_variants[i].variant);
    }
    assert_int_equal(only_flavour(SQL_SEED_SHOW_PACKAGE), FLAVOUR_MARIADB);
    assert_int_equal(only_flavour(SQL_READ_ONLY_SET), FLAVOUR_UNKNOWN);
}

static void test_texts_stand_in_the_order_of_their_ids(void **state)
{
    (void)state;
    for (size_t i = 1; i < sql_variant_count; i++)
        if (sql_variants[i - 1].id > sql_variants[i].id)
            fail_msg("%s stands behind %s", sql_variants[i].name, sql_variants[i - 1].name);
}

static void test_every_text_fits_a_supported_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < sql_variant_count; i++) {
        bool is_used = is_journal(sql_variants[i].id);
        for (size_t v = 0; v < ARRAY_LEN(supported); v++)
            is_used = is_used || sql_variant_fits(sql_variants[i].variant, &supported[v]);
        if (!is_used)
            fail_msg("%s.%s fits no server", sql_variants[i].name, sql_variants[i].variant);
    }
}

#define MYSQL(...)                                                                                 \
    {                                                                                              \
        FLAVOUR_MYSQL, __VA_ARGS__                                                                 \
    }
#define MARIADB(...)                                                                               \
    {                                                                                              \
        FLAVOUR_MARIADB, __VA_ARGS__                                                               \
    }

static void test_a_range_ends_where_its_name_says(void **state)
{
    (void)state;
    static const struct {
        const char *variant;
        struct server_version in[2], out[2];
    } rows[] = {
        {"mysql57", {MYSQL(5, 7, 0), MYSQL(5, 7, 44)}, {MYSQL(8, 0, 11), MYSQL(5, 6, 51)}},
        {"mysql80", {MYSQL(8, 0, 11), MYSQL(9, 7, 4)}, {MYSQL(5, 7, 44), MARIADB(10, 11, 6)}},
        {"mysql80to8012", {MYSQL(8, 0, 11), MYSQL(8, 0, 12)}, {MYSQL(5, 7, 44), MYSQL(8, 0, 13)}},
        {"mysql8013", {MYSQL(8, 0, 13), MYSQL(9, 7, 4)}, {MYSQL(8, 0, 12), MARIADB(10, 6, 1)}},
        {"mysql57to8015", {MYSQL(5, 7, 44), MYSQL(8, 0, 15)}, {MYSQL(8, 0, 16), MARIADB(10, 5, 9)}},
        {"mysql8016", {MYSQL(8, 0, 16), MYSQL(9, 7, 4)}, {MYSQL(8, 0, 15), MARIADB(10, 5, 9)}},
        {"mariadb105",
         {MARIADB(10, 5, 0), MARIADB(10, 5, 29)},
         {MARIADB(10, 6, 0), MYSQL(8, 0, 44)}},
        {"mariadb106",
         {MARIADB(10, 6, 0), MARIADB(11, 8, 6)},
         {MARIADB(10, 5, 29), MYSQL(9, 7, 4)}},
        {"mysql8013to8029", {MYSQL(8, 0, 13), MYSQL(8, 0, 29)}, {MYSQL(8, 0, 12), MYSQL(8, 0, 30)}},
        {"mysql57to8016", {MYSQL(5, 7, 44), MYSQL(8, 0, 16)}, {MYSQL(8, 0, 17), MARIADB(10, 5, 9)}},
        {"mysql8017", {MYSQL(8, 0, 17), MYSQL(8, 4, 0)}, {MYSQL(8, 0, 16), MYSQL(5, 7, 44)}},
        {"mysql80to8017", {MYSQL(8, 0, 11), MYSQL(8, 0, 17)}, {MYSQL(8, 0, 18), MYSQL(5, 7, 44)}},
        {"mysql8018to8029", {MYSQL(8, 0, 18), MYSQL(8, 0, 29)}, {MYSQL(8, 0, 17), MYSQL(8, 0, 30)}},
        {"mysql57to8018", {MYSQL(5, 7, 44), MYSQL(8, 0, 18)}, {MYSQL(8, 0, 19), MARIADB(10, 5, 9)}},
        {"mysql8019", {MYSQL(8, 0, 19), MYSQL(9, 7, 4)}, {MYSQL(8, 0, 18), MARIADB(11, 8, 6)}},
        {"mysql57to8021", {MYSQL(5, 7, 44), MYSQL(8, 0, 21)}, {MYSQL(8, 0, 22), MARIADB(10, 5, 9)}},
        {"mysql8022", {MYSQL(8, 0, 22), MYSQL(8, 1, 0)}, {MYSQL(8, 0, 21), MYSQL(5, 7, 44)}},
        {"mysql80to8022", {MYSQL(8, 0, 11), MYSQL(8, 0, 22)}, {MYSQL(8, 0, 23), MYSQL(5, 7, 44)}},
        {"mysql8023", {MYSQL(8, 0, 23), MYSQL(9, 0, 1)}, {MYSQL(8, 0, 22), MYSQL(5, 7, 44)}},
        {"mysql57to8025", {MYSQL(5, 7, 44), MYSQL(8, 0, 25)}, {MYSQL(8, 0, 26), MYSQL(8, 1, 0)}},
        {"mysql8026", {MYSQL(8, 0, 26), MYSQL(8, 1, 0)}, {MYSQL(8, 0, 25), MARIADB(11, 8, 6)}},
        {"mysql8030", {MYSQL(8, 0, 30), MYSQL(9, 7, 4)}, {MYSQL(8, 0, 29), MARIADB(11, 8, 6)}},
        {"mysql8030to83", {MYSQL(8, 0, 30), MYSQL(8, 3, 0)}, {MYSQL(8, 0, 29), MYSQL(8, 4, 0)}},
        {"mysql57to81", {MYSQL(5, 7, 44), MYSQL(8, 1, 0)}, {MYSQL(8, 2, 0), MYSQL(9, 0, 1)}},
        {"mysql84", {MYSQL(8, 4, 0), MYSQL(9, 0, 1)}, {MYSQL(8, 3, 0), MARIADB(11, 8, 6)}},
        {"mariadb105to107",
         {MARIADB(10, 5, 0), MARIADB(10, 7, 8)},
         {MARIADB(10, 8, 0), MYSQL(5, 7, 44)}},
        {"mariadb108", {MARIADB(10, 8, 0), MARIADB(11, 8, 6)}, {MARIADB(10, 7, 8), MYSQL(9, 7, 4)}},
        {"mariadb105to111",
         {MARIADB(10, 5, 0), MARIADB(11, 1, 2)},
         {MARIADB(11, 2, 0), MYSQL(8, 0, 44)}},
        {"mariadb112", {MARIADB(11, 2, 0), MARIADB(11, 8, 6)}, {MARIADB(11, 1, 2), MYSQL(9, 7, 4)}},
        {"mysql82", {MYSQL(8, 2, 0), MYSQL(8, 3, 0)}, {MYSQL(8, 1, 0), MYSQL(8, 0, 44)}},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t v = 0; v < 2; v++) {
            assert_true(sql_variant_fits(rows[i].variant, &rows[i].in[v]));
            assert_false(sql_variant_fits(rows[i].variant, &rows[i].out[v]));
        }
    assert_false(sql_variant_fits("mysql8099", &mysql));
}

/* --- columns --- */

static bool has_key(const struct sql_variant *variant, const char *key)
{
    for (const struct sql_read *read = variant->reads; read && read->key != NULL; read++)
        if (strcmp(read->key, key) == 0)
            return true;
    return false;
}

static void test_all_texts_of_a_statement_name_the_same_columns(void **state)
{
    (void)state;
    for (size_t a = 0; a < sql_variant_count; a++)
        for (size_t b = 0; b < sql_variant_count; b++) {
            if (sql_variants[a].id != sql_variants[b].id)
                continue;
            for (const struct sql_read *read = sql_variants[a].reads; read && read->key; read++)
                if (!has_key(&sql_variants[b], read->key))
                    fail_msg("%s.%s reads %s, %s does not", sql_variants[a].name,
                             sql_variants[a].variant, read->key, sql_variants[b].variant);
        }
}

/* link_status and verify_channels are read by the same eyes. */
static void test_a_column_is_called_what_this_server_calls_it(void **state)
{
    (void)state;
    assert_string_equal(sql_column(SQL_LINK_STATUS, &mariadb, "channel"), "Connection_name");
    assert_string_equal(sql_column(SQL_VERIFY_CHANNELS, &mariadb, "sql_errno"), "Last_SQL_Errno");
    assert_string_equal(sql_column(SQL_READ_ONLY_GET, &mariadb, "read_only"), "read_only");
    assert_string_equal(sql_column(SQL_LINK_STATUS, &mysql, "source_host"), "Source_Host");
    assert_string_equal(
        sql_column(SQL_LINK_STATUS, &(struct server_version)MYSQL(8, 0, 21), "source_host"),
        "Master_Host");
    assert_null(sql_column(SQL_LINK_STATUS, &mysql, "ignored"));
    assert_null(sql_column(SQL_LINK_STATUS, &mariadb, "no such key"));
    assert_null(sql_column(SQL_LINK_STATUS, NULL, "channel"));
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
    const struct server_version other = {FLAVOUR_MYSQL, 5, 6, 51};
    assert_null(sql_for(SQL_READ_ONLY_SET, &too_old));
    assert_null(sql_for(SQL_LINK_STATUS, &other));
    assert_null(sql_for(SQL_READ_ONLY_SET, NULL));
    assert_null(sql_for(SQL_SEED_SHOW_PACKAGE, &mysql));
    assert_null(sql_for(SQL_CLONE_STATUS, &mariadb));
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
    const struct server_version other = {FLAVOUR_MYSQL, 5, 6, 51};
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

static void test_an_argument_may_be_meant_for_another_server(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf buf;
    struct err err = {0};
    const struct sql_arg args[] = {{"position", "1-1-1"}, {"positon", "1-1-1"}};
    buf_init(&buf, 4096);
    assert_int_equal(sql_render(SQL_GTID_BEGIN_LOG, &mysql, args, 1, &buf, &err), 0);
    assert_string_equal(buf_text(&buf), "DO 0");
    buf_reset(&buf);
    assert_int_equal(sql_render(SQL_GTID_BEGIN_LOG, &mysql, args, 2, &buf, &err), ERR_BUG);
    assert_non_null(strstr(err.msg, "positon is not used"));
    buf_reset(&buf);
    assert_int_equal(sql_render(SQL_GTID_BEGIN_LOG, &mariadb, args, 2, &buf, &err), ERR_BUG);
    assert_non_null(strstr(err.msg, "positon is not used"));
}

static void test_what_a_server_does_not_need_is_nothing(void **state)
{
    (void)state;
    assert_true(sql_is_nothing(SQL_GTID_ADOPT_OWN, &mysql));
    assert_true(sql_is_nothing(SQL_READ_ONLY_SEAL, &mariadb));
    assert_false(sql_is_nothing(SQL_GTID_ADOPT_OWN, &mariadb));
    assert_false(sql_is_nothing(SQL_READ_ONLY_SEAL, &mysql));
    assert_false(sql_is_nothing(SQL_CLONE_STATUS, &mariadb));
}

/* C would read one of two backslashes as the beginning of an escape. */
static void test_a_backslash_arrives_as_it_was_written(void **state)
{
    (void)state;
    assert_non_null(strstr(sql_for(SQL_GTID_POSITION, &mysql), "'\\n'"));
    assert_non_null(strstr(sql_for(SQL_APP_SESSIONS, &mysql), "unlock)\\\\b'"));
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
        cmocka_unit_test(test_no_supported_series_is_without_statements),
        cmocka_unit_test(test_a_statement_of_one_flavour_says_so_in_each_of_its_texts),
        cmocka_unit_test(test_texts_stand_in_the_order_of_their_ids),
        cmocka_unit_test(test_every_text_fits_a_supported_server),
        cmocka_unit_test(test_a_range_ends_where_its_name_says),
        cmocka_unit_test(test_all_texts_of_a_statement_name_the_same_columns),
        cmocka_unit_test(test_a_column_is_called_what_this_server_calls_it),
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
        cmocka_unit_test(test_an_argument_may_be_meant_for_another_server),
        cmocka_unit_test(test_what_a_server_does_not_need_is_nothing),
        cmocka_unit_test(test_a_backslash_arrives_as_it_was_written),
        cmocka_unit_test(test_a_text_that_does_not_fit_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
