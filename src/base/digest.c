/* SPDX-License-Identifier: MIT */
/* SHA-256 and random ids. */
#include "base/digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/random.h>

static void to_hex(const unsigned char *bytes, size_t digits, char *out)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < digits; i++)
        out[i] = hex[i % 2 ? bytes[i / 2] & 15 : bytes[i / 2] >> 4];
    out[digits] = '\0';
}

int digest_sha256_hex(const void *bytes, size_t len, char out[DIGEST_HEX_LEN + 1], struct err *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;

    if (!EVP_Digest(bytes, len, digest, &digest_len, EVP_sha256(), NULL) || digest_len != 32)
        return err_set(err, ERR_BUG, EFFECT_NONE, "libcrypto refused to compute SHA-256");
    to_hex(digest, DIGEST_HEX_LEN, out);
    return 0;
}

int digest_hmac_hex(const struct secret *key, const void *bytes, size_t len,
                    char out[DIGEST_HEX_LEN + 1], struct err *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;

    if (!HMAC(EVP_sha256(), secret_bytes(key), (int)secret_len(key), bytes, len, digest,
              &digest_len) ||
        digest_len != 32)
        return err_set(err, ERR_BUG, EFFECT_NONE, "libcrypto refused to compute an HMAC");
    to_hex(digest, DIGEST_HEX_LEN, out);
    return 0;
}

int digest_random_hex(char *out, size_t digits, struct err *err)
{
    unsigned char bytes[64];
    size_t wanted = (digits + 1) / 2;

    if (wanted > sizeof bytes)
        return err_set(err, ERR_BUG, EFFECT_NONE, "%zu random digits are too many", digits);
    if (getrandom(bytes, wanted, 0) != (ssize_t)wanted)
        return err_set(err, ERR_IO, EFFECT_NONE, "no random bytes: %s", strerror(errno));
    to_hex(bytes, digits, out);
    return 0;
}

bool digest_equal(const char a[DIGEST_HEX_LEN + 1], const char b[DIGEST_HEX_LEN + 1])
{
    return CRYPTO_memcmp(a, b, DIGEST_HEX_LEN) == 0;
}
