/* SPDX-License-Identifier: MIT */
/*
 * base/secret.h - a password or token that cannot be printed by accident.
 * Invariant: the bytes are reachable only through secret_bytes(); released memory is zeroed first.
 * Threads:   read-only after loading.
 */
#ifndef CUTOVER_BASE_SECRET_H
#define CUTOVER_BASE_SECRET_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct secret {
    char *opaque_bytes; /* use secret_bytes() */
    size_t opaque_len;
};

/*
 * Load from a reference: "file:PATH" (relative to base_dir, must be a regular file that neither
 * group nor others can read or write, at most 4 KiB; one trailing newline is dropped) or
 * "env:NAME".
 * Errors  ERR_CONFIG/NONE names the reference, never the content.
 */
MUST_CHECK int secret_load(struct secret *out, const char *reference, const char *base_dir,
                           struct err *err);
/* The same for a file of several lines. */
MUST_CHECK int secret_load_lines(struct secret *out, const char *reference, const char *base_dir,
                                 struct err *err);
MUST_CHECK int secret_set(struct secret *out, const char *text, struct err *err);
void secret_release(struct secret *secret);

/* NUL-terminated, never NULL ("" when unset). Only io/ hands it to a library. */
const char *secret_bytes(const struct secret *secret);
size_t secret_len(const struct secret *secret);

/* Overwrite memory in a way the compiler may not drop. */
void secret_wipe(void *memory, size_t len);

#endif
