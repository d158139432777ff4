/* SPDX-License-Identifier: MIT */
/*
 * Proves verify/walk.h against a real server, in TAP: every table of a database is walked in text
 * and in packets, in pieces of a few rows, and both forms must see the same rows and, byte for
 * byte, the same keys. Its account reads the database.
 *
 * walk_check HOST PORT USER PASSWORD_FILE DATABASE
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/db_packets.h"
#include "verify/schema.h"
#include "verify/walk.h"

#define PIECE_ROWS 7

static int tests, failures;

static void check(bool is_ok, const char *table, const char *what)
{
    printf("%sok %d - %s %s\n", is_ok ? "" : "not ", ++tests, table, what);
    failures += !is_ok;
}

static void must(int rc, const char *what, const struct err *err)
{
    if (rc == 0)
        return;
    printf("Bail out! %s: %s\n", what, err->msg);
    exit(1);
}

static void connect_end(char **argv, struct verify_end *end)
{
    struct err err = {0};
    char reference[4200], version[64];
    static struct secret password;
    static struct tls_options tls;
    struct db_target target = {.host = argv[1],
                               .port = (unsigned)strtoul(argv[2], NULL, 10),
                               .user = argv[3],
                               .password = &password,
                               .tls = &tls,
                               .connect_timeout_ms = 5000,
                               .read_timeout_ms = 20000};

    (void)snprintf(reference, sizeof reference, "file:%s", argv[4]);
    must(secret_load(&password, reference, "/", &err), "password", &err);
    must(db_connect(&target, &end->db, &err), "connecting", &err);
    must(db_query_text(end->db, "SELECT VERSION()", version, sizeof version, NULL, &err),
         "asking the version", &err);
    must(version_parse(version, &end->version, &err), version, &err);
    must(end_exec(end, SQL_VERIFY_SESSION, &err), "setting the session", &err);
}

static bool is_same_key(const struct key_point *a, const struct key_point *b)
{
    if (a->is_set != b->is_set || (a->is_set && a->count != b->count))
        return false;
    for (size_t i = 0; a->is_set && i < a->count; i++)
        if (a->parts[i].len != b->parts[i].len ||
            memcmp(buf_text(&a->parts[i]), buf_text(&b->parts[i]), a->parts[i].len) != 0)
            return false;
    return true;
}

static void show_key(const char *form, const struct key_point *key)
{
    printf("#  %s:", form);
    for (size_t i = 0; key->is_set && i < key->count; i++)
        printf(" '%s'", buf_text(&key->parts[i]));
    printf("\n");
}

static struct walk in_text(const struct walk *walk)
{
    struct walk text = *walk;

    text.is_in_packets = false; /* its texts stay those of the original */
    return text;
}

/* From piece to piece, each form by its own keys. */
static void check_pieces(const struct walk *walk, struct pair *pair, uint64_t rows)
{
    struct key_point after[2] = {0}, last[2] = {0};
    const struct walk text = in_text(walk);
    const struct walk *walks[] = {walk, &text};
    struct chunk_sum sum[2];
    struct err err = {0};
    uint64_t seen[2] = {0};
    bool is_same = true;

    do {
        for (int form = 0; form < 2; form++) {
            const struct walk_read read = {.range = {.after = &after[form]}, .limit = PIECE_ROWS};
            must(walk_run(walks[form], &pair->source, &read, &sum[form], &last[form], &err),
                 walk->table->label, &err);
            seen[form] += sum[form].rows;
        }
        is_same = is_same_key(&last[0], &last[1]);
        if (!is_same) {
            show_key("packets", &last[0]);
            show_key("text", &last[1]);
        }
        for (int form = 0; form < 2 && last[form].is_set; form++)
            must(key_point_copy(&after[form], &last[form], &err), "copying a key", &err);
    } while (is_same && sum[1].rows == PIECE_ROWS);
    check(is_same, walk->table->label, "has the same keys in both forms");
    check(seen[0] == rows && seen[1] == rows, walk->table->label, "misses no row in pieces");
    for (int form = 0; form < 2; form++) {
        key_point_release(&after[form]);
        key_point_release(&last[form]);
    }
}

/* In statements of a few rows and of growing ones: the same sum, and the same end. */
static void check_slices(const struct walk *walk, struct pair *pair)
{
    const struct walk text = in_text(walk);
    const struct walk *walks[] = {walk, &text};
    struct err err = {0};

    for (int form = 0; form < 2; form++)
        for (uint64_t limit = PIECE_ROWS; limit; limit = limit == PIECE_ROWS ? WALK_NO_LIMIT : 0) {
            const struct walk_read read = {.limit = limit};
            struct key_point last[2] = {0};
            struct chunk_sum sum[2];
            pair->source.slice = (struct slice){.rows = 1};
            must(walk_run(walks[form], &pair->source, &read, &sum[0], &last[0], &err),
                 walk->table->label, &err);
            must(walk_run_sliced(walks[form], &pair->source, &read, &sum[1], &last[1], &err),
                 walk->table->label, &err);
            check(chunk_sum_equal(&sum[0], &sum[1]), walk->table->label, "has one sum in slices");
            check(is_same_key(&last[0], &last[1]), walk->table->label, "ends alike in slices");
            key_point_release(&last[0]);
            key_point_release(&last[1]);
        }
}

static int nothing(void *context, const char *const *values, const unsigned long *lengths,
                   struct row_hash hash, struct err *err)
{
    (void)context, (void)values, (void)lengths, (void)hash, (void)err; /* it is text that counts */
    return 0;
}

static void check_table(const struct table_shape *table, struct pair *pair)
{
    CLEANUP(walk_release) struct walk walk = {0};
    struct walk_read read = {.limit = WALK_NO_LIMIT};
    struct chunk_sum source, replica, text;
    struct err err = {0};

    must(walk_init(&walk, table, table, &err), table->label, &err);
    must(walk_choose_form(&walk, pair, &err), table->label, &err);
    check(walk.is_in_packets == db_packets_is_able(), table->label, "is read in packets");
    must(walk_run(&walk, &pair->source, &read, &source, NULL, &err), table->label, &err);
    must(walk_run(&walk, &pair->replica, &read, &replica, NULL, &err), table->label, &err);
    check(chunk_sum_equal(&source, &replica), table->label, "reads alike twice");
    read.on_row = nothing;
    must(walk_run(&walk, &pair->source, &read, &text, NULL, &err), table->label, &err);
    check(text.rows == source.rows && text.rows > 0, table->label, "has as many rows in text");
    printf("#   %s %" PRIu64 " rows, key %s\n", table->label, text.rows,
           walk.key ? walk.key->name : "none");
    if (walk.key) {
        check_pieces(&walk, pair, text.rows);
        check_slices(&walk, pair);
    }
}

int main(int argc, char **argv)
{
    struct pair pair = {.is_still = true};
    struct table_catalog catalog = {0};
    char *databases[] = {argc > 5 ? argv[5] : NULL};
    struct service service = {.databases = databases, .database_count = 1};
    struct err err = {0};

    if (argc < 6 || db_library_init(&err) != 0)
        return 1;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    connect_end(argv, &pair.source);
    connect_end(argv, &pair.replica);
    must(schema_load(&service, &pair.source, &catalog, &err), "reading the schema", &err);
    for (size_t i = 0; i < catalog.count; i++)
        check_table(&catalog.tables[i], &pair);
    printf("1..%d\n", tests);
    table_catalog_release(&catalog);
    pair_release(&pair);
    db_library_end();
    return failures ? 1 : 0;
}
