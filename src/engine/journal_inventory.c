/* SPDX-License-Identifier: MIT */
/* Inventories in the journal. */
#include "engine/journal_inventory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "domain/inventory.h"
#include "engine/journal_file.h"

#define JOURNAL_WITH_INVENTORIES 5

static void free_text(char **text)
{
    free(*text);
}

int journal_inventory_add(struct journal *journal, const json_t *document, int64_t *out_id,
                          struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *statement = NULL;
    CLEANUP(free_text) char *text = json_canonical(document);

    if (!text)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the inventory");
    int rc = journal_prepare(journal, SQL_JOURNAL_INVENTORY_ADD, &statement, err);
    if (rc)
        return rc;
    store_bind_text(statement, 1, json_text_or(document, "service", ""));
    store_bind_int(statement, 2, json_int_or(document, "taken_us", 0));
    store_bind_text(statement, 3, text);
    rc = journal_write(journal, statement, err);
    if (!rc)
        *out_id = store_last_id(journal->store);
    return rc;
}

static int absent(int64_t id, struct err *err)
{
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "there is no inventory %" PRId64, id);
    return err_hint(err, "\"cutover inventory --list\" has those that were recorded");
}

int journal_inventory_get(struct journal *journal, const char *service, int64_t id, json_t **out,
                          struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;

    if (journal->version < JOURNAL_WITH_INVENTORIES)
        return absent(id, err);
    int rc = journal_prepare(journal, SQL_JOURNAL_INVENTORY_GET, &ask, err);
    if (rc)
        return rc;
    store_bind_text(ask, 1, service);
    store_bind_int(ask, 2, id);
    rc = store_step(ask, err);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return absent(id, err);
    const char *text = store_column_text(ask, 0);
    return json_parse(text, strlen(text), out, err);
}

static json_t *bytes_of(const json_t *document, enum side side)
{
    return inventory_is_read(document, side) ? json_integer(inventory_bytes(document, side))
                                             : json_null();
}

static int append(struct store_statement *row, json_t *list, struct err *err)
{
    CLEANUP(json_release) json_t *document = NULL;
    const char *text = store_column_text(row, 1);

    int rc = json_parse(text, strlen(text), &document, err);
    if (rc)
        return rc;
    json_t *item =
        json_pack("{s:I,s:s,s:o,s:o}", "id", (json_int_t)store_column_int(row, 0), "taken",
                  json_text_or(document, "taken", "?"), "old_bytes", bytes_of(document, SIDE_OLD),
                  "new_bytes", bytes_of(document, SIDE_NEW));
    return json_array_append_new(list, item)
               ? err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the list of inventories")
               : 0;
}

int journal_inventory_list(struct journal *journal, const char *service, json_t **out,
                           struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;
    CLEANUP(json_release) json_t *list = json_array();
    int rc = 0;

    if (journal->version >= JOURNAL_WITH_INVENTORIES) {
        rc = journal_prepare(journal, SQL_JOURNAL_INVENTORY_LIST, &ask, err);
        if (rc)
            return rc;
        store_bind_text(ask, 1, service);
        while ((rc = store_step(ask, err)) == 1) {
            rc = append(ask, list, err);
            if (rc)
                break;
        }
    }
    if (!rc)
        *out = json_incref(list);
    return rc;
}
