/* SPDX-License-Identifier: MIT */
/*
 * What real servers logged (binlog/KIND.bin, written by tests/integration/record_binlog.py), and
 * what is told of it; events that are damaged, cut short or unknown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/unpack.h"
#include "row_by_hand.h"
#include "verify/binlog_event.h"
#include "verify/change_reader.h"

/* --- the tables of the recordings ------------------------------------------------------------- */

static const struct {
    const char *table, *name, *data_type, *type, *charset;
    bool is_key;
} columns[] = {
    {"k", "id", "int", "int(11)", NULL, true},
    {"k", "v", "varchar", "varchar(300)", "utf8mb4", false},
    {"k", "n", "int", "int(11)", NULL, false},
    {"keyless", "a", "int", "int(11)", NULL, false},
    {"wide", "f", "float", "float", NULL, false},
    {"wide", "a", "bigint", "bigint(20) unsigned", NULL, true},
    {"wide", "b", "decimal", "decimal(12,4)", NULL, true},
    {"wide", "t", "text", "text", "utf8mb4", false},
    {"wide", "c", "datetime", "datetime(3)", NULL, true},
    {"wide", "d", "binary", "binary(4)", NULL, true},
    {"wide", "e", "char", "char(5)", "utf8mb4", true},
    {"wide", "g", "time", "time(3)", NULL, true},
    {"wide", "h", "timestamp", "timestamp(6)", NULL, true},
    {"wide", "i", "smallint", "smallint(6) unsigned zerofill", NULL, true},
};
static const char *const tables[] = {"k", "keyless", "wide"};

static void make_catalog(struct table_catalog *catalog)
{
    struct err err = {0};

    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        assert_int_equal(table_catalog_add_table(catalog,
                                                 ROW_BY_HAND("TABLE_SCHEMA", "rec", "TABLE_NAME",
                                                             tables[i], "TABLE_TYPE", "BASE TABLE"),
                                                 &err),
                         0);
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        assert_int_equal(
            table_catalog_add_column(
                catalog,
                ROW_BY_HAND("TABLE_SCHEMA", "rec", "TABLE_NAME", columns[i].table, "COLUMN_NAME",
                            columns[i].name, "DATA_TYPE", columns[i].data_type, "COLUMN_TYPE",
                            columns[i].type, "CHARACTER_SET_NAME", columns[i].charset,
                            "IS_NULLABLE", columns[i].is_key ? "NO" : "YES"),
                &err),
            0);
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        if (columns[i].is_key)
            assert_int_equal(
                table_catalog_add_index_part(catalog,
                                             ROW_BY_HAND("TABLE_SCHEMA", "rec", "TABLE_NAME",
                                                         columns[i].table, "INDEX_NAME", "PRIMARY",
                                                         "COLUMN_NAME", columns[i].name,
                                                         "NON_UNIQUE", "0", "INDEX_TYPE", "BTREE"),
                                             &err),
                0);
}

/* --- reading ---------------------------------------------------------------------------------- */

struct recording {
    unsigned char bytes[65536];
    size_t len;
};

static void load(const char *kind, struct recording *out)
{
    char path[512];
    const char *slash = strrchr(__FILE__, '/');
    (void)snprintf(path, sizeof(path), "%.*s/binlog/%s.bin", (int)(slash - __FILE__), __FILE__,
                   kind);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    out->len = fread(out->bytes, 1, sizeof(out->bytes), file);
    assert_int_equal(fclose(file), 0);
    assert_true(out->len > 1000);
}

static void print(const struct change *change, struct buf *out)
{
    static const char *const actions[] = {"insert", "update", "delete"};
    static const char *const kinds[] = {"row", "table", "schema", "commit"};

    if (change->kind == CHANGE_COMMIT) {
        buf_puts(out, ";\n");
        return;
    }
    buf_printf(out, "%s %s.%s",
               change->kind == CHANGE_ROW ? actions[change->action] : kinds[change->kind],
               change->database, change->name);
    for (size_t i = 0; change->kind == CHANGE_ROW && i < change->key->count; i++) {
        buf_putc(out, ' ');
        for (size_t b = 0; b < change->key->parts[i].len; b++) {
            unsigned char byte = (unsigned char)buf_text(&change->key->parts[i])[b];
            if (byte < ' ')
                buf_printf(out, "\\%u", byte);
            else
                buf_putc(out, (char)byte);
        }
    }
    buf_putc(out, '\n');
}

struct scene {
    struct table_catalog catalog;
    struct change_reader *reader;
    struct buf told;
};

static void open_scene(struct scene *scene, uint32_t server_id, bool is_own_only)
{
    static const struct position nowhere;
    struct err err = {0};
    *scene = (struct scene){0};
    buf_init(&scene->told, 1 << 20);
    make_catalog(&scene->catalog);
    const struct change_reader_options options = {.from = &nowhere,
                                                  .catalog = &scene->catalog,
                                                  .server_id = server_id,
                                                  .is_own_only = is_own_only};
    assert_int_equal(change_reader_new(&options, &scene->reader, &err), 0);
}

static void close_scene(struct scene *scene)
{
    change_reader_free(scene->reader);
    table_catalog_release(&scene->catalog);
    buf_release(&scene->told);
}

static int feed(struct scene *scene, const unsigned char *bytes, size_t len, struct err *err)
{
    struct change change;
    int rc = change_reader_feed(scene->reader, bytes, len, err);

    while (!rc && (rc = change_reader_take(scene->reader, &change, err)) > 0) {
        print(&change, &scene->told);
        rc = 0;
    }
    return rc;
}

static int feed_all(struct scene *scene, const unsigned char *bytes, size_t size, struct err *err)
{
    size_t at = 0;
    int rc = 0;

    while (!rc && at + BINLOG_HEADER_LEN <= size) {
        size_t len = binlog_event_len(bytes + at);
        assert_true(len >= BINLOG_HEADER_LEN && at + len <= size);
        rc = feed(scene, bytes + at, len, err);
        at += len;
    }
    return rc;
}

/* --- the recordings --------------------------------------------------------------------------- */

#define STORY                                                                                      \
    "insert rec.k 1\ninsert rec.k -2\n;\n"                                                         \
    "update rec.k 1\n;\n"                                                                          \
    "delete rec.k 1\ninsert rec.k 5\n;\n"                                                          \
    "delete rec.k -2\n;\n"                                                                         \
    "insert rec.wide 18446744073709551615 -12.3400 2026-01-02 03:04:05.678 \\1\\0\\0\\0 abc "      \
    "-01:02:03.004 2026-01-02 03:04:05.678901 000042\n;\n"                                         \
    "table rec.keyless\n;\n"                                                                       \
    "insert rec.k 6\ntable rec.keyless\n;\n"                                                       \
    ";\n" /* prepared */                                                                           \
    "insert rec.k 7\n;\n"                                                                          \
    ";\n;\n" /* prepared, rolled back */                                                           \
    "schema rec.made\n;\n"                                                                         \
    "schema rec.made\nschema rec.other\n;\n"                                                       \
    "schema rec.other\n;\n"                                                                        \
    "table rec.keyless\n;\n"                                                                       \
    "update rec.k 5\n;\n"                                                                          \
    "update rec.k 5\n;\n"

static void check_story(const char *kind)
{
    struct recording recording;
    struct scene scene;
    struct err err = {0};

    load(kind, &recording);
    open_scene(&scene, 101, true);
    int rc = feed_all(&scene, recording.bytes, recording.len, &err);
    assert_string_equal(err.msg, "");
    assert_int_equal(rc, 0);
    assert_string_equal(buf_text(&scene.told), STORY);
    close_scene(&scene);
}

static void a_story_is_told_from_the_log_of_mariadb_10_5(void **state UNUSED)
{
    check_story("mariadb-10.5");
}

static void a_story_is_told_from_the_log_of_mariadb_10_11(void **state UNUSED)
{
    check_story("mariadb-10.11");
}

static void a_story_is_told_from_the_log_of_mariadb_11_8(void **state UNUSED)
{
    check_story("mariadb-11.8");
}

static void a_story_is_told_from_the_log_of_mysql(void **state UNUSED)
{
    check_story("mysql");
}

static void what_others_wrote_is_left_out_but_its_commits_count(void **state UNUSED)
{
    struct recording recording;
    struct scene scene;
    struct err err = {0};
    char position[512];

    load("mariadb-10.11", &recording);
    open_scene(&scene, 999, true);
    assert_int_equal(feed_all(&scene, recording.bytes, recording.len, &err), 0);
    assert_null(strstr(buf_text(&scene.told), "rec."));
    position_show(change_reader_position(scene.reader), position, sizeof(position));
    assert_non_null(strstr(position, "1-101-"));
    close_scene(&scene);
}

static void the_position_of_mysql_has_the_tag_at_the_end(void **state UNUSED)
{
    struct recording recording;
    struct scene scene;
    struct err err = {0};
    char position[512];

    load("mysql", &recording);
    open_scene(&scene, 101, false);
    assert_int_equal(feed_all(&scene, recording.bytes, recording.len, &err), 0);
    position_show(change_reader_position(scene.reader), position, sizeof(position));
    assert_non_null(strstr(position, ":tag:1"));
    close_scene(&scene);
}

static void another_catalog_in_the_middle_holds_from_the_next_event_on(void **state UNUSED)
{
    struct recording recording;
    struct scene scene;
    struct table_catalog empty = {0};
    struct err err = {0};

    load("mysql", &recording);
    open_scene(&scene, 101, false);
    change_reader_use(scene.reader, &empty);
    assert_int_equal(feed_all(&scene, recording.bytes, recording.len, &err), 0);
    assert_null(strstr(buf_text(&scene.told), "insert rec.k"));
    assert_non_null(strstr(buf_text(&scene.told), "schema rec.made"));
    close_scene(&scene);
}

/* --- what must not be believed ---------------------------------------------------------------- */

static void a_damaged_event_is_an_error(void **state UNUSED)
{
    struct recording recording;
    struct err err = {0};
    size_t refused = 0;

    load("mariadb-10.11", &recording);
    size_t first = binlog_event_len(recording.bytes);
    for (size_t at = first + BINLOG_HEADER_LEN; at < recording.len; at += 97) {
        struct scene scene;
        open_scene(&scene, 101, false);
        recording.bytes[at] ^= 0x10;
        size_t from = 0;
        int rc = 0;
        while (!rc && from < recording.len) {
            size_t len = binlog_event_len(recording.bytes + from);
            if (len < BINLOG_HEADER_LEN || from + len > recording.len)
                break; /* the length itself was hit: the sender's packet would say another */
            rc = feed(&scene, recording.bytes + from, len, &err);
            from += len;
        }
        refused += rc == ERR_PROTOCOL;
        recording.bytes[at] ^= 0x10;
        close_scene(&scene);
    }
    assert_true(refused >= (recording.len - first) / 97 * 8 / 10);
}

static void an_event_that_is_cut_anywhere_is_an_error(void **state UNUSED)
{
    struct recording recording;
    load("mysql", &recording);

    size_t at = 0;
    while (at < recording.len) {
        size_t len = binlog_event_len(recording.bytes + at);
        for (size_t cut = 0; cut < len; cut += 7) {
            struct scene scene;
            struct err err = {0};
            open_scene(&scene, 101, false);
            assert_int_equal(feed(&scene, recording.bytes + at, cut, &err), ERR_PROTOCOL);
            close_scene(&scene);
        }
        at += len;
    }
}

/* Frame a body as an event without a checksum. */
static size_t frame(unsigned type, unsigned flags, const void *body, size_t body_len,
                    unsigned char *out)
{
    size_t len = BINLOG_HEADER_LEN + body_len;
    memset(out, 0, BINLOG_HEADER_LEN);
    out[0] = 1;
    out[4] = (unsigned char)type;
    out[5] = 101;
    for (unsigned i = 0; i < 4; i++)
        out[9 + i] = (unsigned char)(len >> (8 * i));
    out[17] = (unsigned char)flags;
    memcpy(out + BINLOG_HEADER_LEN, body, body_len);
    return len;
}

static void an_unknown_event_is_an_error_unless_it_says_that_it_may_be_ignored(void **state UNUSED)
{
    unsigned char event[64];
    struct scene scene;
    struct err err = {0};

    open_scene(&scene, 101, false);
    assert_int_equal(feed(&scene, event, frame(99, 0x80, "?", 1, event), &err), 0);
    assert_int_equal(feed(&scene, event, frame(99, 0, "?", 1, event), &err), ERR_PROTOCOL);
    assert_non_null(strstr(err.msg, "type 99"));
    close_scene(&scene);
}

static void an_incident_is_a_change_of_everything(void **state UNUSED)
{
    unsigned char event[64];
    struct scene scene;
    struct err err = {0};

    open_scene(&scene, 999, true);
    assert_int_equal(feed(&scene, event, frame(EVENT_INCIDENT, 0, "\1\0\0", 3, event), &err), 0);
    assert_string_equal(buf_text(&scene.told), "table .\n");
    close_scene(&scene);
}

static void rows_of_a_table_that_was_never_named_are_an_error(void **state UNUSED)
{
    unsigned char event[64];
    struct scene scene;
    struct err err = {0};

    open_scene(&scene, 101, false);
    size_t len = frame(EVENT_WRITE_ROWS_V1, 0, "\7\0\0\0\0\0\0\0\1\377\0\0\0\0\0", 15, event);
    assert_int_equal(feed(&scene, event, len, &err), ERR_PROTOCOL);
    close_scene(&scene);
}

static void transactions_without_a_gtid_are_refused(void **state UNUSED)
{
    unsigned char event[64];
    struct scene scene;
    struct err err = {0};

    open_scene(&scene, 101, false);
    assert_int_equal(feed(&scene, event, frame(EVENT_ANONYMOUS_GTID, 0, "", 0, event), &err),
                     ERR_REFUSED);
    close_scene(&scene);
}

/* --- statements ------------------------------------------------------------------------------- */

/* A statement as a query event of MariaDB, in utf8mb4, with the default database d. */
static void tell_statement(const char *sql, unsigned collation, struct buf *told)
{
    unsigned char event[2048], body[1024] = {0};
    struct scene scene;
    struct err err = {0};
    size_t len = 13;

    body[8] = 1;  /* length of the database's name */
    body[11] = 7; /* length of the variables */
    body[len++] = 4;
    body[len++] = (unsigned char)collation;
    body[len++] = (unsigned char)(collation >> 8);
    len += 4;
    body[len++] = 'd';
    body[len++] = '\0';
    memcpy(body + len, sql, strlen(sql));
    open_scene(&scene, 101, false);
    assert_int_equal(
        feed(&scene, event, frame(EVENT_QUERY, 0, body, len + strlen(sql), event), &err), 0);
    buf_reset(told);
    buf_puts(told, buf_text(&scene.told));
    close_scene(&scene);
}

static void statements_are_told_by_the_names_in_them_or_more(void **state UNUSED)
{
    static const struct {
        const char *sql, *told;
    } rows[] = {
        {"CREATE TABLE t (a INT)", "schema d.t\n"},
        {"create or replace table `a`.`b``c` like x", "schema a.b`c\n"},
        {"CREATE TEMPORARY TABLE t (a INT)", ""},
        {"DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `t`", ""},
        {"DROP TABLE IF EXISTS `a`,b.`c` /* generated by server */", "schema d.a\nschema b.c\n"},
        {"ALTER TABLE t RENAME TO e.u", "schema d.t\nschema e.u\n"},
        {"ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", "schema d.t\nschema d.u\n"},
        {"ALTER TABLE t RENAME u, ADD a INT", "schema d.t\nschema d.u\n"},
        {"RENAME TABLE a TO b, c.d TO e.f", "schema d.a\nschema d.b\nschema c.d\nschema e.f\n"},
        {"TRUNCATE t", "table d.t\n"},
        {"TRUNCATE TABLE `a`.t", "table a.t\n"},
        {"DROP DATABASE IF EXISTS x", "schema x.\n"},
        {"ALTER DATABASE CHARACTER SET latin1", "schema d.\n"},
        {"CREATE UNIQUE INDEX i USING BTREE ON a.t (x)", "schema a.t\n"},
        {"CREATE DEFINER=`table`@`%` PROCEDURE p() BEGIN DROP TABLE x; END", "schema d.p\n"},
        {"CREATE ALGORITHM=MERGE DEFINER=`r`@`h` SQL SECURITY DEFINER VIEW v AS SELECT 1 AS a",
         "schema d.v\n"},
        {"CREATE DEFINER=CURRENT_USER() TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1",
         "schema d.g\n"},
        {"GRANT ALL ON *.* TO x", ""},
        {"CREATE USER x", ""},
        {"SET PASSWORD FOR x = 'y'", ""},
        {"SET STATEMENT max_statement_time=1 FOR INSERT INTO t VALUES (1)", "schema .\n"},
        {"# Dummy event replacing event type 160", ""},
        {"-- a comment\nINSERT INTO t VALUES (1)", "table .\n"},
        {"CREATE TABLE `never ended", "schema .\n"},
        {"FROBNICATE t", "table .\n"},
        {"CREATE THING t", "schema .\n"},
    };
    CLEANUP(buf_release) struct buf told;

    buf_init(&told, 65536);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tell_statement(rows[i].sql, 45, &told);
        if (strcmp(buf_text(&told), rows[i].told) != 0)
            print_error("%s\n", rows[i].sql);
        assert_string_equal(buf_text(&told), rows[i].told);
    }
}

static void a_name_in_letters_that_nobody_knows_makes_it_everything(void **state UNUSED)
{
    CLEANUP(buf_release) struct buf told;

    buf_init(&told, 65536);
    tell_statement("DROP TABLE caf\xE9", 8, &told);
    assert_string_equal(buf_text(&told), "schema .\n");
    tell_statement("DROP TABLE caf\xC3\xA9", 45, &told);
    assert_string_equal(buf_text(&told), "schema d.caf\xC3\xA9\n");
}

/* --- numbers ---------------------------------------------------------------------------------- */

static void a_set_with_tags_is_encoded_as_the_server_does(void **state UNUSED)
{
    struct gtid_set set;
    struct err err = {0};
    CLEANUP(buf_release) struct buf out;
    static const char plain[] = "\1\0\0\0\0\0\0\0"
                                "\x3e\x11\xfa\x47\x71\xca\x11\xe1\x9e\x33\xc8\x0a\xa9\x42\x95\x62"
                                "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0";

    buf_init(&out, 4096);
    assert_int_equal(gtid_set_parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5", &set, &err), 0);
    binlog_set_encode(&set, &out);
    assert_int_equal(out.len, sizeof(plain) - 1);
    assert_memory_equal(buf_text(&out), plain, sizeof(plain) - 1);
    buf_reset(&out);
    assert_int_equal(gtid_set_parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:tag:7", &set, &err),
                     0);
    binlog_set_encode(&set, &out);
    assert_memory_equal(buf_text(&out), "\1\2\0\0\0\0\0\1", 8);
    assert_int_equal(out.len, 8 + (16 + 1 + 8 + 16) + (16 + 1 + 3 + 8 + 16));
}

static void a_compressed_part_that_lies_about_its_length_is_refused(void **state UNUSED)
{
    static const unsigned char lie[] = {0x84, 0x7f, 0xff, 0xff, 0xff, 0x78, 0x9c};
    struct bytes packed = {.at = lie, .end = lie + sizeof(lie)};
    struct binlog_scratch scratch = {0};
    struct err err = {0};

    assert_int_equal(binlog_unpack(&packed, &scratch, &err), ERR_PROTOCOL);
    binlog_scratch_release(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_story_is_told_from_the_log_of_mariadb_10_5),
        cmocka_unit_test(a_story_is_told_from_the_log_of_mariadb_10_11),
        cmocka_unit_test(a_story_is_told_from_the_log_of_mariadb_11_8),
        cmocka_unit_test(a_story_is_told_from_the_log_of_mysql),
        cmocka_unit_test(what_others_wrote_is_left_out_but_its_commits_count),
        cmocka_unit_test(the_position_of_mysql_has_the_tag_at_the_end),
        cmocka_unit_test(another_catalog_in_the_middle_holds_from_the_next_event_on),
        cmocka_unit_test(a_damaged_event_is_an_error),
        cmocka_unit_test(an_event_that_is_cut_anywhere_is_an_error),
        cmocka_unit_test(an_unknown_event_is_an_error_unless_it_says_that_it_may_be_ignored),
        cmocka_unit_test(an_incident_is_a_change_of_everything),
        cmocka_unit_test(rows_of_a_table_that_was_never_named_are_an_error),
        cmocka_unit_test(transactions_without_a_gtid_are_refused),
        cmocka_unit_test(statements_are_told_by_the_names_in_them_or_more),
        cmocka_unit_test(a_name_in_letters_that_nobody_knows_makes_it_everything),
        cmocka_unit_test(a_set_with_tags_is_encoded_as_the_server_does),
        cmocka_unit_test(a_compressed_part_that_lies_about_its_length_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
