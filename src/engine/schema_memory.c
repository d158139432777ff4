/* SPDX-License-Identifier: MIT */
/* Shapes of tables as one JSON text in the journal's memory. */
#include "engine/schema_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "verify/schema.h"

#define MEMORY_SIZE ((size_t)32 << 20)
#define SHAPE_CAP_BYTES ((size_t)4 << 20)
#define HASH_LEN 16

static const char *memory_name(enum side side)
{
    return side == SIDE_OLD ? "schema.old" : "schema.new";
}

static int hash_shape(const struct table_shape *table, char out[DIGEST_HEX_LEN + 1],
                      struct err *err)
{
    CLEANUP(buf_release) struct buf text = {0};

    buf_init(&text, SHAPE_CAP_BYTES);
    table_shape_text(table, &text);
    int rc = buf_check(&text, err);
    if (!rc)
        rc = digest_sha256_hex(buf_text(&text), text.len, out, err);
    out[rc ? 0 : HASH_LEN] = '\0';
    return rc;
}

/* {"blog.posts": "0123456789abcdef", ...} of this moment. */
static int read_shapes(const struct service *service, enum side side, json_t **out, struct err *err)
{
    CLEANUP(table_catalog_release) struct table_catalog catalog = {0};
    CLEANUP(json_release) json_t *tables = json_object();
    struct verify_end end = {0};
    char hash[DIGEST_HEX_LEN + 1];

    int rc = end_open(service, service_primary(service, side), &end, err);
    if (!rc)
        rc = schema_load(service, &end, &catalog, err);
    db_freep(&end.db);
    for (size_t i = 0; i < catalog.count && !rc; i++) {
        rc = hash_shape(&catalog.tables[i], hash, err);
        if (!rc && json_object_set_new(tables, catalog.tables[i].label, json_string(hash)))
            rc = err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the shapes of tables");
    }
    if (!rc) {
        *out = tables;
        tables = NULL;
    }
    return rc;
}

int schema_memory_put(struct journal *journal, const struct service *service, enum side side,
                      struct err *err)
{
    CLEANUP(json_release) json_t *json = NULL;
    json_t *tables = NULL;

    int rc = read_shapes(service, side, &tables, err);
    if (rc)
        return rc;
    json = json_pack("{s:I,s:o}", "at_us", (json_int_t)clock_wall_us(), "tables", tables);
    char *text = json ? json_canonical(json) : NULL;
    if (!text)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the shapes of tables");
    rc = journal_memory_put(journal, service->name, memory_name(side), text, err);
    free(text);
    return rc;
}

static int read_memory(struct journal *journal, const struct service *service, enum side side,
                       json_t **out, struct err *err)
{
    char *text = malloc(MEMORY_SIZE);
    if (!text)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the shapes of tables");
    int rc = journal_memory_get(journal, service->name, memory_name(side), text, MEMORY_SIZE, err);
    if (!rc && text[0])
        rc = json_parse(text, strlen(text), out, err);
    free(text);
    return rc;
}

static void note_change(struct schema_change *change, const char *label)
{
    size_t len = strlen(change->names);

    if (len < sizeof change->names)
        (void)snprintf(change->names + len, sizeof change->names - len, "%s%s", len ? ", " : "",
                       label);
    change->changed++;
}

/* Of those in `these`: absent in `others`, or, once is enough, different there. */
static void compare_with(json_t *these, const json_t *others, bool counts_different,
                         struct schema_change *out)
{
    const char *label;
    json_t *hash;

    json_object_foreach(these, label, hash)
    {
        const json_t *other = json_object_get(others, label);
        if (!other || (counts_different && !json_equal(hash, other)))
            note_change(out, label);
    }
}

int schema_memory_compare(struct journal *journal, const struct service *service, enum side side,
                          struct schema_change *out, struct err *err)
{
    CLEANUP(json_release) json_t *kept = NULL;
    CLEANUP(json_release) json_t *now = NULL;
    struct schema_change change = {0};

    int rc = read_memory(journal, service, side, &kept, err);
    if (!rc && kept)
        rc = read_shapes(service, side, &now, err);
    if (rc)
        return rc;
    if (kept) {
        json_t *then = json_object_get(kept, "tables");
        change.is_there = true;
        change.at_us = json_int_or(kept, "at_us", 0);
        compare_with(now, then, true, &change);
        compare_with(then, now, false, &change);
    }
    *out = change;
    return 0;
}
