/* SPDX-License-Identifier: MIT */
/*
 * Prints what the catalog holds for some servers, for tests/integration/test_dialects.py to send to scripted ones.
 *
 * dialect_check VERSION...     each VERSION as the server would say it, "8.0.34", "10.6.22-MariaDB"
 * dialect_check --texts        every text of every variant
 *
 * One line of JSON for each statement and server: version, id, text (null: this server has no such statement), and the
 * columns that a SHOW statement is read by.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "domain/support.h"
#include "domain/version.h"
#include "sql/catalog.h"
#include "sql/variants.h"

/* Every key that a text of this statement names, and the column that this server has for it. */
static json_t *columns_json(enum sql_id id, const struct server_version *version)
{
    json_t *columns = json_object();
    for (size_t i = 0; i < sql_variant_count; i++) {
        const struct sql_read *read = sql_variants[i].id == id ? sql_variants[i].reads : NULL;
        for (; read != NULL && read->key != NULL; read++) {
            const char *column = sql_column(id, version, read->key);
            json_object_set_new(columns, read->key,
                                column == NULL ? json_null() : json_string(column));
        }
    }
    return columns;
}

static int print_line(json_t *line)
{
    CLEANUP(json_release) json_t *owned = line;
    char *text = json_dumps(owned, JSON_COMPACT);
    if (text == NULL)
        return 1;
    puts(text);
    free(text);
    return 0;
}

static int print_catalog(const char *version_text)
{
    struct server_version version;
    struct err err = {0};
    if (version_parse(version_text, &version, &err) != 0) {
        (void)fprintf(stderr, "%s: %s\n", version_text, err.msg);
        return 1;
    }
    const struct support_row *row = support_of(&version);
    for (int id = 0; id < (int)SQL_ID_COUNT; id++) {
        enum sql_id statement = (enum sql_id)id;
        if (sql_journal(statement) != NULL)
            continue;
        const char *text = sql_for(statement, &version);
        json_t *line = json_pack("{s:s, s:s, s:s, s:s?, s:o}", "version", version_text, "support",
                                 row == NULL ? "unknown" : support_name(row->support), "id",
                                 sql_id_name(statement), "text", text, "columns",
                                 columns_json(statement, &version));
        if (print_line(line) != 0)
            return 1;
    }
    return 0;
}

static int print_texts(void)
{
    for (size_t i = 0; i < sql_variant_count; i++) {
        const struct sql_variant *variant = &sql_variants[i];
        if (strcmp(variant->variant, "journal") == 0)
            continue;
        json_t *line = json_pack("{s:s, s:s, s:s}", "id", variant->name, "variant",
                                 variant->variant, "text", variant->text);
        if (print_line(line) != 0)
            return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--texts") == 0)
        return print_texts();
    for (int i = 1; i < argc; i++)
        if (print_catalog(argv[i]) != 0)
            return 1;
    return 0;
}
