/* SPDX-License-Identifier: MIT */
/* Objects that no list says enough of: each that both sides have is asked on its own. */
#include <stdio.h>
#include <string.h>

#include "sql/quote.h"
#include "verify/objects_inner.h"

static const struct object_list sequence = {
    .kind = "sequence",
    .traits = {{"next_value", "next value", same_counter, false, false},
               {"minimum_value", "minimum", same_bytes, false, false},
               {"maximum_value", "maximum", same_bytes, false, false},
               {"start_value", "start", same_bytes, false, false},
               {"increment", "increment", same_bytes, false, false},
               {"cache_size", "cache", same_bytes, false, false},
               {"cycle_option", "cycle", same_bytes, false, false}},
};

/* Does an answer have a row whose TABLE_NAME is this one? */
static bool has_name(const struct db_result *result, const char *name)
{
    for (size_t row = 0; row < result->row_count; row++) {
        const char *other = db_result_get(result, row, "TABLE_NAME");
        if (other && !strcmp(other, name))
            return true;
    }
    return false;
}

static int ask_both(struct objects_look *look, enum sql_id id, const char *database,
                    const char *name, struct both *out, struct err *err)
{
    CLEANUP(buf_release) struct buf quoted;
    buf_init(&quoted, 2048);
    sql_quote_table(database, name, &quoted);
    int rc = buf_check(&quoted, err);
    const struct sql_arg of = {"name", buf_text(&quoted)};
    if (!rc)
        rc = end_query(&look->pair->source, id, &of, 1, &out->source, err);
    if (!rc)
        rc = objects_wait(look, err);
    if (!rc)
        rc = end_query(&look->pair->replica, id, &of, 1, &out->replica, err);
    return rc;
}

static int list_both(struct objects_look *look, enum sql_id id, const char *database,
                     struct both *out, struct err *err)
{
    const struct sql_arg of = {"database", database};
    int rc = end_query(&look->pair->source, id, &of, 1, &out->source, err);
    return rc ? rc : end_query(&look->pair->replica, id, &of, 1, &out->replica, err);
}

static int compare_sequence(struct objects_look *look, const char *database, const char *name,
                            struct err *err)
{
    CLEANUP(both_release) struct both values = {0};
    char label[160];
    (void)snprintf(label, sizeof(label), "%s.%s", database, name);
    int rc = ask_both(look, SQL_OBJECTS_SEQUENCE, database, name, &values, err);
    return rc ? rc : objects_compare_list(look, &sequence, label, &values, NULL, err);
}

/* "CREATE ALGORITHM=MERGE DEFINER=..." */
static void algorithm_of(const struct db_result *result, char out[32])
{
    static const char clause[] = "ALGORITHM=";
    const char *text = result->row_count ? db_result_get(result, 0, "Create View") : NULL;
    const char *at = text ? strstr(text, clause) : NULL;
    at = at ? at + strlen(clause) : "";
    (void)snprintf(out, 32, "%.*s", (int)strcspn(at, " "), at);
}

static int compare_algorithm(struct objects_look *look, const char *database, const char *name,
                             struct err *err)
{
    CLEANUP(both_release) struct both shown = {0};
    struct finding finding = {.difference = {.kind = DIFFERENCE_SCHEMA, .key = "view"}};
    struct difference *difference = &finding.difference;
    char source[32], replica[32];
    int rc = ask_both(look, SQL_SEED_SHOW_VIEW, database, name, &shown, err);
    if (rc)
        return rc;
    algorithm_of(&shown.source, source);
    algorithm_of(&shown.replica, replica);
    if (!strcmp(source, replica))
        return 0;
    (void)snprintf(difference->table, sizeof(difference->table), "%s.%s", database, name);
    (void)snprintf(difference->column, sizeof(difference->column), "%s", "algorithm");
    (void)snprintf(difference->source_value, sizeof(difference->source_value), "%s", source);
    (void)snprintf(difference->replica_value, sizeof(difference->replica_value), "%s", replica);
    return objects_note(look, &finding, err);
}

int objects_compare_singles(struct objects_look *look, const char *database, struct err *err)
{
    CLEANUP(both_release) struct both names = {0};
    const struct server_version *version = &look->pair->source.version;
    bool has_sequences = sql_for(SQL_OBJECTS_SEQUENCES, version) != NULL;
    int rc = list_both(look, has_sequences ? SQL_OBJECTS_SEQUENCES : SQL_OBJECTS_VIEWS, database,
                       &names, err);
    for (size_t row = 0; !rc && row < names.source.row_count; row++) {
        const char *name = db_result_get(&names.source, row, "TABLE_NAME");
        if (!name || !has_name(&names.replica, name))
            continue; /* told as a table or view that is absent */
        rc = has_sequences ? compare_sequence(look, database, name, err)
                           : compare_algorithm(look, database, name, err);
        if (rc)
            return err_wrap(err, "reading %s.%s", database, name);
    }
    return rc;
}
