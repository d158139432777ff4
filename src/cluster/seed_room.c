/* SPDX-License-Identifier: MIT */
/* The disk of a node's data directory, as df and du have it. */
#include "cluster/seed_room.h"

#include <string.h>

#include "cluster/seed_host.h"

#define ASK_MS 60000
#define MARGIN_PERCENT 110

static const char *value_of(const struct db_result *rows, const char *name)
{
    for (size_t i = 0; i < rows->row_count; i++)
        if (strcmp(result_text(rows, i, "Variable_name"), name) == 0)
            return result_text(rows, i, "Value");
    return "";
}

static int ask_host(struct session *recipient, uint64_t *out_free, uint64_t *out_used,
                    struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    CLEANUP(ssh_result_release) struct ssh_result look = {0};
    int rc = session_query(recipient, SQL_SEED_FOLDERS, NULL, 0, &rows, err);

    if (rc != 0)
        return rc;
    const char *const words[] = {"look", value_of(&rows, "datadir"),
                                 value_of(&rows, "log_bin_basename"), NULL};
    rc = seed_host_ask(recipient->node, words, ASK_MS, &look, err);
    if (rc != 0)
        return rc;
    *out_free = seed_host_number(&look, "free");
    *out_used = seed_host_number(&look, "used");
    return 0;
}

int seed_room_check(struct session *recipient, uint64_t bytes, bool is_replaced, bool *out_is_known,
                    struct err *err)
{
    uint64_t free_bytes = 0, used = 0, needed = bytes / 100 * MARGIN_PERCENT;

    *out_is_known = recipient->node->ssh != NULL;
    if (!*out_is_known)
        return 0;
    int rc = ask_host(recipient, &free_bytes, &used, err);
    if (rc != 0)
        return rc;
    uint64_t room = free_bytes + (is_replaced ? used : 0);
    if (room >= needed)
        return 0;
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                  "the disk of %s has room for %.3f GB%s; what comes needs %.3f GB",
                  recipient->node->name, (double)room / 1e9,
                  is_replaced ? ", with what it holds now" : "", (double)needed / 1e9);
    return err_hint(err, "free some, or give its data directory a larger disk");
}
