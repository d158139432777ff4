/* SPDX-License-Identifier: MIT */
/* A configuration file as a tree: what a person is told when it is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/conffile.h"

static char path[] = "/tmp/cutover-conffile-XXXXXX";
static struct conffile *file;

static int open_bytes(const char *bytes, size_t len, struct err *err)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
    conffile_freep(&file);
    *err = (struct err){0};
    return conffile_open(path, &file, err);
}

static const struct conf_node *open_text(const char *text)
{
    struct err err;
    int rc = open_bytes(text, strlen(text), &err);

    if (rc != 0)
        print_message("%s: %s\n", err.where, err.msg);
    assert_int_equal(rc, 0);
    return conffile_root(file);
}

static void assert_err(const struct err *err, unsigned line, const char *msg)
{
    char where[64];

    (void)snprintf(where, sizeof where, "%s:%u", path, line);
    assert_int_equal(err->code, ERR_CONFIG);
    assert_int_equal(err->effect, EFFECT_NONE);
    assert_string_equal(err->where, where);
    assert_string_equal(err->msg, msg);
}

static void test_values_are_read_with_their_kinds_and_lines(void **state UNUSED)
{
    const struct conf_node *root =
        open_text("name = \"blog\";\n"
                  "limits = { lag = 500; big = 5000000000L; on = true; };\n"
                  "list = ( \"a\", 2, { x = 1; } );\n"
                  "array = [ 1, 2 ];\n"
                  "ratio = 0.5;\n");
    const struct conf_node *limits = conf_child(root, "limits");
    const struct conf_node *list = conf_child(root, "list");
    const char *name;
    int64_t lag, big;
    bool on;

    assert_int_equal(conf_text(root, "name", &name, NULL), 0);
    assert_string_equal(name, "blog");
    assert_int_equal(conf_int(limits, "lag", &lag, NULL) + conf_int(limits, "big", &big, NULL), 0);
    assert_int_equal(lag, 500);
    assert_true(big == 5000000000);
    assert_int_equal(conf_bool(limits, "on", &on, NULL), 0);
    assert_true(on);
    assert_int_equal(conf_kind(list), CONF_LIST);
    assert_int_equal(conf_count(list), 3);
    assert_string_equal(conf_as_text(conf_at(list, 0)), "a");
    assert_null(conf_as_text(conf_at(list, 1)));
    assert_null(conf_name(conf_at(list, 0)));
    assert_null(conf_at(list, 3));
    assert_int_equal(conf_kind(conf_at(list, 2)), CONF_GROUP);
    assert_int_equal(conf_kind(conf_child(root, "array")), CONF_ARRAY);
    assert_int_equal(conf_kind(conf_child(root, "ratio")), CONF_FLOAT);
    assert_int_equal(conf_line(list), 3);
    assert_string_equal(conf_file(conf_at(list, 2)), path);
    assert_string_equal(conf_name(limits), "limits");
    assert_null(conf_child(root, "absent"));
    assert_null(conf_child(list, "x"));
    assert_int_equal(conf_count(conf_child(root, "name")), 0);
}

static void test_a_wrong_kind_says_what_was_expected_and_what_was_found(void **state UNUSED)
{
    const struct conf_node *root = open_text("host = 3306;\n"
                                             "port = \"many\";\n"
                                             "tls = 1;\n"
                                             "ttl = 1.5;\n"
                                             "list = ( 1,\n { x = 1; } );\n"
                                             "flag = false;\n");
    const char *text;
    int64_t number;
    bool flag;
    struct err err;

    assert_int_equal(conf_text(root, "host", &text, &err), ERR_CONFIG);
    assert_err(&err, 1, "expected a string for \"host\", found the number 3306");
    assert_int_equal(conf_int(root, "port", &number, &err), ERR_CONFIG);
    assert_err(&err, 2, "expected a whole number for \"port\", found the string \"many\"");
    assert_int_equal(conf_bool(root, "tls", &flag, &err), ERR_CONFIG);
    assert_err(&err, 3, "expected true or false for \"tls\", found the number 1");
    assert_int_equal(conf_int(root, "ttl", &number, &err), ERR_CONFIG);
    assert_err(&err, 4, "expected a whole number for \"ttl\", found the number 1.5");
    assert_int_equal(conf_as_int(conf_at(conf_child(root, "list"), 1), &number, &err), ERR_CONFIG);
    assert_err(&err, 6, "expected a whole number as item 2 of \"list\", found a group { }");
    assert_int_equal(conf_text(root, "flag", &text, &err), ERR_CONFIG);
    assert_err(&err, 7, "expected a string for \"flag\", found false");
}

static void test_an_absent_value_names_the_group_it_is_missing_in(void **state UNUSED)
{
    const struct conf_node *root = open_text("\n\nold = {\n host = \"a\";\n};\n");
    const char *text;
    int64_t number;
    struct err err;

    assert_int_equal(conf_int(conf_child(root, "old"), "port", &number, &err), ERR_CONFIG);
    assert_err(&err, 3, "\"port\" is missing in \"old\": expected a whole number");
    assert_int_equal(conf_text(root, "name", &text, &err), ERR_CONFIG);
    assert_err(&err, 1, "\"name\" is missing here: expected a string");
}

static void test_an_unknown_key_is_refused_with_the_nearest_known_one(void **state UNUSED)
{
    static const char *const known[] = {"journal", "name", NULL};
    const struct conf_node *root = open_text("name = \"x\";\njornal = \"y\";\n");
    struct err err;

    assert_int_equal(conf_only(root, known, &err), ERR_CONFIG);
    assert_err(&err, 2, "unknown key \"jornal\"; did you mean \"journal\"?");
    root = open_text("completely_else = 1;\n");
    assert_int_equal(conf_only(root, known, &err), ERR_CONFIG);
    assert_err(&err, 1, "unknown key \"completely_else\"");
    assert_int_equal(conf_only(open_text("name = \"x\";\n"), known, &err), 0);
}

static void test_the_nearest_word_counts_swapped_letters_as_one_mistake(void **state UNUSED)
{
    static const char *const known[] = {"from", "form_factor", "to", NULL};
    static const char *const swapped[] = {"abxy", "bax_", NULL};

    assert_string_equal(conf_suggest("form", known), "from");
    assert_string_equal(conf_suggest("fro", known), "from");
    assert_null(conf_suggest("zzzzzzzz", known));
    assert_null(conf_suggest("x", known));
    assert_string_equal(conf_suggest("baxy", swapped),
                        "abxy"); /* 1 swap; "bax_" is 1 replacement, later */
    assert_null(conf_suggest("a_word_that_is_longer_than_any_key_could_reasonably_be", known));
}

static void test_a_syntax_error_names_its_line(void **state UNUSED)
{
    struct err err;

    assert_int_equal(open_bytes("a = 1;\nb = = 2;\n", 16, &err), ERR_CONFIG);
    assert_err(&err, 2, "syntax error");
}

static void test_a_key_given_twice_names_its_line(void **state UNUSED)
{
    struct err err;

    assert_int_equal(open_bytes("a = 1;\nb = 2;\na = 3;\n", 21, &err), ERR_CONFIG);
    assert_err(&err, 3, "duplicate setting name");
}

static void test_include_is_refused(void **state UNUSED)
{
    static const char text[] = "a = 1;\n  @include \"/etc/passwd\"\n";
    struct err err;

    assert_int_equal(open_bytes(text, strlen(text), &err), ERR_CONFIG);
    assert_err(&err, 2, "@include is not allowed: a file is read whole, by people as well");
}

static void test_a_number_that_the_parser_would_cut_is_refused(void **state UNUSED)
{
    static const char *const cut[] = {"a = 2147483648;",           "a = -2147483649;",
                                      "a = 4294967297;",           "a = 0x80000000;",
                                      "a = 99999999999999999999;", "a = 99999999999999999999L;",
                                      "a = [ 1,2147483648 ];"};
    static const char *const kept[] = {"a = 2147483647;",
                                       "a = -2147483648;",
                                       "a = 2147483648L;",
                                       "a = 0x7fffffff;",
                                       "a = 1e12;",
                                       "a = 5000000000.5;",
                                       "a = \"5000000000\";",
                                       "a = \"say \\\" 5000000000\";",
                                       "a5000000000 = 1; # 5000000000",
                                       "a = 1; // 5000000000\nb = 2; /* 5000000000\n @include */",
                                       "a-5000000000 = 1;"};
    char text[128];
    struct err err;

    for (size_t i = 0; i < ARRAY_LEN(cut); i++) {
        (void)snprintf(text, sizeof text, "\n%s\n", cut[i]);
        assert_int_equal(open_bytes(text, strlen(text), &err), ERR_CONFIG);
        assert_err(&err, 2, "this number is too large; above 2147483647 write an L behind it");
    }
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        (void)open_text(kept[i]);
}

static void test_an_address_in_a_string_is_not_an_include(void **state UNUSED)
{
    (void)open_text("mail = \"ops@include.example\"; # @include \"x\"\n");
}

static void test_a_file_that_is_not_text_is_refused(void **state UNUSED)
{
    struct err err;
    static char big[(1 << 20) + 1];

    assert_int_equal(open_bytes("a = 1;\0b = 2;", 13, &err), ERR_CONFIG);
    assert_non_null(strstr(err.msg, "NUL"));
    memset(big, ' ', sizeof big);
    assert_int_equal(open_bytes(big, sizeof big, &err), ERR_CONFIG);
    assert_non_null(strstr(err.msg, "larger than 1 MiB"));
}

static void test_a_file_that_cannot_be_opened_says_why(void **state UNUSED)
{
    struct conffile *none = NULL;
    struct err err;

    assert_int_equal(conffile_open("/nonexistent/cutover.cfg", &none, &err), ERR_CONFIG);
    assert_string_equal(err.msg, "cannot read /nonexistent/cutover.cfg: No such file or directory");
    assert_int_equal(conffile_open("/tmp", &none, &err), ERR_CONFIG);
    assert_string_equal(err.msg, "cannot read /tmp: it is a directory");
    assert_int_equal(conffile_open("/dev/null", &none, &err), ERR_CONFIG);
    assert_string_equal(err.msg, "cannot read /dev/null: it is not a file");
    assert_null(none);
}

static void test_an_unreadable_file_says_permission_denied(void **state UNUSED)
{
    struct err err;

    if (geteuid() == 0)
        skip(); /* root may read everything */
    assert_int_equal(open_bytes("a = 1;", 6, &err), 0);
    assert_int_equal(chmod(path, 0), 0);
    conffile_freep(&file);
    assert_int_equal(conffile_open(path, &file, &err), ERR_CONFIG);
    assert_non_null(strstr(err.msg, "Permission denied"));
}

static int begin(void **state UNUSED)
{
    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    int fd = mkstemp(path);
    return fd >= 0 ? close(fd) : -1;
}

static int end(void **state UNUSED)
{
    conffile_freep(&file);
    return unlink(path);
}

#define WITH_A_FILE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest all[] = {
        WITH_A_FILE(test_values_are_read_with_their_kinds_and_lines),
        WITH_A_FILE(test_a_wrong_kind_says_what_was_expected_and_what_was_found),
        WITH_A_FILE(test_an_absent_value_names_the_group_it_is_missing_in),
        WITH_A_FILE(test_an_unknown_key_is_refused_with_the_nearest_known_one),
        WITH_A_FILE(test_the_nearest_word_counts_swapped_letters_as_one_mistake),
        WITH_A_FILE(test_a_syntax_error_names_its_line),
        WITH_A_FILE(test_a_key_given_twice_names_its_line),
        WITH_A_FILE(test_include_is_refused),
        WITH_A_FILE(test_a_number_that_the_parser_would_cut_is_refused),
        WITH_A_FILE(test_an_address_in_a_string_is_not_an_include),
        WITH_A_FILE(test_a_file_that_is_not_text_is_refused),
        WITH_A_FILE(test_a_file_that_cannot_be_opened_says_why),
        WITH_A_FILE(test_an_unreadable_file_says_permission_denied),
    };

    return cmocka_run_group_tests_name("io/conffile", all, NULL, NULL);
}
