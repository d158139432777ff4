/* SPDX-License-Identifier: MIT */
/* A row of an answer as name, value, name, value, ..., for domain/table_shape.h. */
#ifndef CUTOVER_TESTS_ROW_BY_HAND_H
#define CUTOVER_TESTS_ROW_BY_HAND_H

#include <string.h>

#include "domain/table_shape.h"

static inline const char *row_by_hand_get(const void *context, const char *column)
{
    const char *const *at = context;
    for (; at[0]; at += 2)
        if (!strcmp(at[0], column))
            return at[1];
    return NULL;
}

#define ROW_BY_HAND(...)                                                                           \
    &(struct row_reader)                                                                           \
    {                                                                                              \
        .get = row_by_hand_get, .context = (const char *const[])                                   \
        {                                                                                          \
            __VA_ARGS__, NULL, NULL                                                                \
        }                                                                                          \
    }

#endif
