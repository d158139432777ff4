/* SPDX-License-Identifier: MIT */
/* XA transactions that wait for their decision. */
#include "verify/prepared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void drop(struct prepared *prepared, size_t i)
{
    told_release(&prepared->items[i].told);
    prepared->count--;
    memmove(&prepared->items[i], &prepared->items[i + 1],
            (prepared->count - i) * sizeof(prepared->items[0]));
}

int prepared_put(struct prepared *prepared, const char *xid, struct told_list *told,
                 struct err *err)
{
    if (!prepared->items)
        prepared->items = calloc(PREPARED_CAP, sizeof(prepared->items[0]));
    if (!prepared->items)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for XA transactions");
    if (prepared->count == PREPARED_CAP)
        drop(prepared, 0);
    (void)snprintf(prepared->items[prepared->count].xid, BINLOG_XID_SIZE, "%s", xid);
    prepared->items[prepared->count].told = *told;
    prepared->count++;
    *told = (struct told_list){0};
    return 0;
}

bool prepared_take(struct prepared *prepared, const char *xid, struct told_list *out_told)
{
    for (size_t i = 0; i < prepared->count; i++) {
        if (strcmp(prepared->items[i].xid, xid) != 0)
            continue;
        told_release(out_told);
        *out_told = prepared->items[i].told;
        prepared->items[i].told = (struct told_list){0};
        drop(prepared, i);
        return true;
    }
    return false;
}

void prepared_release(struct prepared *prepared)
{
    while (prepared->count)
        drop(prepared, prepared->count - 1);
    free(prepared->items);
    *prepared = (struct prepared){0};
}
