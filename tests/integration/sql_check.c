/* SPDX-License-Identifier: MIT */
/*
 * Prints the catalog as one server sees it, as JSON: {name: {"text": ..., "reads": {key: column}}}.
 * A statement that this server does not have is left out. "reads" is null when columns are named by
 * their keys.
 *
 * sql_check VERSION      what SELECT VERSION() says
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "sql/catalog.h"
#include "sql/variants.h"

static json_t *reads_of(enum sql_id id, const struct server_version *version)
{
    const char *text = sql_for(id, version);
    const struct sql_read *read = NULL;
    for (size_t i = 0; i < sql_variant_count; i++)
        if (sql_variants[i].text == text)
            read = sql_variants[i].reads;
    if (read == NULL)
        return json_null();
    json_t *reads = json_object();
    for (; read->key != NULL; read++) {
        const char *column = sql_column(id, version, read->key);
        (void)json_object_set_new(reads, read->key, column ? json_string(column) : json_null());
    }
    return reads;
}

int main(int argc, char **argv)
{
    struct server_version version;
    struct err err = {0};
    if (argc != 2 || version_parse(argv[1], &version, &err) != 0) {
        (void)fprintf(stderr, "usage: sql_check VERSION\n%s\n", err.msg);
        return EXIT_FAILURE;
    }
    json_t *catalog = json_object();
    for (int id = 0; id < SQL_ID_COUNT; id++) {
        const char *text = sql_for((enum sql_id)id, &version);
        if (text != NULL)
            (void)json_object_set_new(catalog, sql_id_name((enum sql_id)id),
                                      json_pack("{s:s, s:o}", "text", text, "reads",
                                                reads_of((enum sql_id)id, &version)));
    }
    (void)json_dumpf(catalog, stdout, 0);
    json_decref(catalog);
    return EXIT_SUCCESS;
}
