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

bool digest_hmac_sha1(const void *key, size_t key_len, const void *bytes, size_t len,
                      unsigned char out[DIGEST_SHA1_LEN])
{
    unsigned digest_len = DIGEST_SHA1_LEN;

    return HMAC(EVP_sha1(), key, (int)key_len, bytes, len, out, &digest_len) &&
           digest_len == DIGEST_SHA1_LEN;
}

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *digest_base64(const void *bytes, size_t len, char *out, size_t out_size)
{
    const unsigned char *at = bytes;
    size_t digits = (len * 8 + 5) / 6, done = 0;

    for (; done < digits && done + 1 < out_size; done++) {
        size_t bit = done * 6, byte = bit / 8;
        unsigned pair = (unsigned)at[byte] << 8 | (byte + 1 < len ? at[byte + 1] : 0U);
        out[done] = BASE64[pair >> (10 - bit % 8) & 63];
    }
    out[done] = '\0';
    return out;
}

bool digest_base64_decode(const char *text, unsigned char *out, size_t out_size, size_t *out_len)
{
    size_t digits = strspn(text, BASE64), padding = strspn(text + digits, "=");
    size_t len = digits * 6 / 8;
    unsigned bits = 0;

    if (text[digits + padding] != '\0' || padding > 2 || (digits + padding) % 4 != 0 ||
        len > out_size)
        return false;
    for (size_t i = 0; i < digits; i++) {
        bits = bits << 6 | (unsigned)(strchr(BASE64, text[i]) - BASE64);
        if (i * 6 / 8 != (i * 6 + 6) / 8)
            out[i * 6 / 8] = (unsigned char)(bits >> ((i * 6 + 6) % 8));
    }
    if (bits & ((1U << (digits * 6 - len * 8)) - 1)) /* the same bytes have one text only */
        return false;
    *out_len = len;
    return true;
}
