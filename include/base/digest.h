/* SPDX-License-Identifier: MIT */
/*
 * base/digest.h - SHA-256 (libcrypto) for plan hashes and the event chain, random ids.
 * Threads: stateless.
 */
#ifndef CUTOVER_BASE_DIGEST_H
#define CUTOVER_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"

#define DIGEST_HEX_LEN 64

/* Hex SHA-256 of the bytes into out. ERR_BUG/NONE when libcrypto refuses. */
MUST_CHECK int digest_sha256_hex(const void *bytes, size_t len, char out[DIGEST_HEX_LEN + 1],
                                 struct err *err);

/* Hex HMAC-SHA-256 of the bytes by the key into out. ERR_BUG/NONE when libcrypto refuses. */
MUST_CHECK int digest_hmac_hex(const struct secret *key, const void *bytes, size_t len,
                               char out[DIGEST_HEX_LEN + 1], struct err *err);

/* `digits` random hex digits from the kernel into out (digits + 1 bytes). ERR_IO/NONE. */
MUST_CHECK int digest_random_hex(char *out, size_t digits, struct err *err);

/* Are two hex digests the same? Takes as long for any two. */
bool digest_equal(const char a[DIGEST_HEX_LEN + 1], const char b[DIGEST_HEX_LEN + 1]);

#endif
