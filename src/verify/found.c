/* SPDX-License-Identifier: MIT */
/* Differences, kept until it is known that they count. */
#include "verify/found.h"

#include <stdlib.h>

#define FIRST_ROOM 16

void found_add(struct found *found, const struct difference *difference, size_t count)
{
    found->count += count;
    if (!difference || found->kept == VERIFY_DIFFERENCE_CAP)
        return;
    if (found->kept == found->room) {
        size_t room = found->room ? 2 * found->room : FIRST_ROOM;
        struct difference *items = realloc(found->items, room * sizeof(*items));
        if (!items)
            return;
        found->items = items;
        found->room = room;
    }
    found->items[found->kept++] = *difference;
}

void found_clear(struct found *found)
{
    found->count = found->kept = 0;
}

void found_release(struct found *found)
{
    free(found->items);
    *found = (struct found){0};
}
