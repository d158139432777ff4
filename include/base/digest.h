/* SPDX-License-Identifier: MIT */
/*
 * base/digest.h - SHA-256 (libcrypto) for plan hashes and the event chain, random ids, base64.
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
#define DIGEST_SHA1_LEN 20

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

/* HMAC-SHA-1: the names in known_hosts are hashed so, and nothing of ours. False: refused. */
bool digest_hmac_sha1(const void *key, size_t key_len, const void *bytes, size_t len,
                      unsigned char out[DIGEST_SHA1_LEN]);

/* Base64 of the bytes with no padding, cut at out_size, as ssh prints fingerprints. Returns out. */
char *digest_base64(const void *bytes, size_t len, char *out, size_t out_size);
/* False when it is no base64, or longer than out_size. */
bool digest_base64_decode(const char *text, unsigned char *out, size_t out_size, size_t *out_len);

#endif
