/* SPDX-License-Identifier: MIT */
/*
 * Our own reader of known_hosts: libssh2's knows no @revoked marker and no patterns, and cannot say
 * which types of keys a hashed line is about.
 */
#include "io/ssh_known.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

#define FILE_CAP_BYTES (4U << 20)
#define NAME_SIZE 300
#define LINE_SIZE 16384

/* "host", or "[host]:port" when it is not the usual one; in small letters. */
static void name_of(const char *host, unsigned port, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, port == 22 ? "%s" : "[%s]:%u", host, port);
    for (char *c = out; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}

/* Shell patterns of * and ? only; both may be long, hence no recursion. */
static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL, *resume = NULL;

    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            resume = name;
        } else if (*pattern == '?' || tolower((unsigned char)*pattern) == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

/* "|1|salt|hash", both in base64: HMAC-SHA-1 of the name by the salt. */
static bool is_hash_of(char *hashed, const char *name)
{
    unsigned char salt[64], want[64], got[DIGEST_SHA1_LEN];
    size_t salt_len, want_len;
    char *cut = strchr(hashed, '|');

    if (!cut)
        return false;
    *cut = '\0';
    return digest_base64_decode(hashed, salt, sizeof salt, &salt_len) &&
           digest_base64_decode(cut + 1, want, sizeof want, &want_len) &&
           want_len == DIGEST_SHA1_LEN &&
           digest_hmac_sha1(salt, salt_len, name, strlen(name), got) &&
           memcmp(want, got, DIGEST_SHA1_LEN) == 0;
}

static bool names_host(char *names, const char *name)
{
    bool is_named = false;
    char *rest = NULL;

    if (strncmp(names, "|1|", 3) == 0)
        return is_hash_of(names + 3, name);
    for (char *one = strtok_r(names, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
        if (*one == '!' && matches(one + 1, name))
            return false;
        if (*one != '!' && matches(one, name))
            is_named = true;
    }
    return is_named;
}

static int keep(struct ssh_known *known, const struct ssh_known_key *key, struct err *err)
{
    struct ssh_known_key *keys = realloc(known->keys, (known->count + 1) * sizeof *keys);

    if (!keys)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for host keys");
    known->keys = keys;
    keys[known->count++] = *key;
    return 0;
}

/* [marker] names type key [comment]. `line` is taken apart. */
static int take_line(struct ssh_known *known, char *line, unsigned number, const char *name,
                     struct err *err)
{
    static const char blanks[] = " \t\r";
    struct ssh_known_key key = {.line = number};
    unsigned char blob[LINE_SIZE];
    char *rest = NULL;

    char *names = strtok_r(line, blanks, &rest);
    if (!names || *names == '#')
        return 0;
    if (*names == '@') {
        key.is_revoked = strcmp(names, "@revoked") == 0;
        names = strtok_r(NULL, blanks, &rest);
        if (!key.is_revoked)
            return 0;
    }
    const char *type = strtok_r(NULL, blanks, &rest);
    const char *text = strtok_r(NULL, blanks, &rest);
    if (!names || !type || !text || strlen(type) >= sizeof key.type || !names_host(names, name) ||
        !digest_base64_decode(text, blob, sizeof blob, &key.blob_len) || key.blob_len == 0)
        return 0;
    (void)snprintf(key.type, sizeof key.type, "%s", type);
    key.blob = malloc(key.blob_len);
    if (!key.blob)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for host keys");
    memcpy(key.blob, blob, key.blob_len);
    int rc = keep(known, &key, err);
    if (rc)
        free(key.blob);
    return rc;
}

int ssh_known_parse(struct ssh_known *out, const char *text, size_t len, const char *host,
                    unsigned port, struct err *err)
{
    CLEANUP(ssh_known_release) struct ssh_known known = {0};
    char name[NAME_SIZE], line[LINE_SIZE];
    unsigned number = 0;

    name_of(host, port, name);
    for (const char *at = text, *end = text + len; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t line_len = (size_t)((stop ? stop : end) - at);
        number++;
        if (line_len < sizeof line) { /* a longer one is no key of a host */
            memcpy(line, at, line_len);
            line[line_len] = '\0';
            int rc = take_line(&known, line, number, name, err);
            if (rc)
                return rc;
        }
        at += line_len + 1;
    }
    *out = known;
    known = (struct ssh_known){0};
    return 0;
}

static void close_file(FILE **file)
{
    if (*file)
        (void)fclose(*file); /* only read from */
}

static void free_text(char **text)
{
    free(*text);
}

int ssh_known_read(struct ssh_known *out, const char *path, const char *host, unsigned port,
                   struct err *err)
{
    CLEANUP(close_file) FILE *file = fopen(path, "re");
    CLEANUP(free_text) char *text = file ? malloc(FILE_CAP_BYTES) : NULL;

    if (!file) {
        (void)err_set(err, ERR_CONFIG, EFFECT_NONE, "cannot read known_hosts %s: %s", path,
                      strerror(errno));
        return err_hint(err,
                        "ssh-keyscan -p %u %s prints what to put there, once it was compared "
                        "with the host's own",
                        port, host);
    }
    if (!text)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory to read %s", path);
    size_t len = fread(text, 1, FILE_CAP_BYTES, file);
    if (ferror(file) || len == FILE_CAP_BYTES)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "cannot read known_hosts %s: %s", path,
                       len == FILE_CAP_BYTES ? "it is larger than 4 MiB" : strerror(errno));
    return ssh_known_parse(out, text, len, host, port, err);
}

void ssh_known_release(struct ssh_known *known)
{
    for (size_t i = 0; i < known->count; i++)
        free(known->keys[i].blob);
    free(known->keys);
    *known = (struct ssh_known){0};
}

bool ssh_known_has(const struct ssh_known *known, const char *type)
{
    for (size_t i = 0; i < known->count; i++)
        if (!known->keys[i].is_revoked && strcmp(known->keys[i].type, type) == 0)
            return true;
    return false;
}

static enum ssh_known_verdict judge_line(const struct ssh_known_key *key, const void *blob,
                                         size_t blob_len)
{
    bool is_same = key->blob_len == blob_len && memcmp(key->blob, blob, blob_len) == 0;

    if (key->is_revoked)
        return is_same ? SSH_KNOWN_REVOKED : SSH_KNOWN_NO;
    return is_same ? SSH_KNOWN_SAME : SSH_KNOWN_CHANGED;
}

enum ssh_known_verdict ssh_known_judge(const struct ssh_known *known, const void *blob,
                                       size_t blob_len, unsigned *out_line)
{
    enum ssh_known_verdict verdict = SSH_KNOWN_NO;
    unsigned line = 0;

    for (size_t i = 0; i < known->count; i++) {
        enum ssh_known_verdict said = judge_line(&known->keys[i], blob, blob_len);
        if (said > verdict) {
            verdict = said;
            line = known->keys[i].line;
        }
    }
    if (out_line)
        *out_line = line;
    return verdict;
}
