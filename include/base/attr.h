/* SPDX-License-Identifier: MIT */
/*
 * base/attr.h - compiler attributes and the few macros everyone may use.
 * Threads: nothing here has state.
 */
#ifndef CUTOVER_BASE_ATTR_H
#define CUTOVER_BASE_ATTR_H

#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt_index, first_index) __attribute__((format(printf, fmt_index, first_index)))
#define CLEANUP(release_function) __attribute__((cleanup(release_function)))
#define UNUSED __attribute__((unused))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* A yes or no read from the world. Zero is "we do not know", and unknown is never good news. */
enum tri { TRI_UNKNOWN = 0, TRI_NO, TRI_YES };

static inline enum tri tri_of(int is_true)
{
    return is_true ? TRI_YES : TRI_NO;
}

static inline const char *tri_text(enum tri value)
{
    return value == TRI_YES ? "yes" : value == TRI_NO ? "no" : "unknown";
}

#endif
