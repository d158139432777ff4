/* SPDX-License-Identifier: MIT */
/* Passwords and tokens: loaded from references, zeroed on release, never printable. */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_CAP_BYTES 4096

void secret_wipe(void *memory, size_t len)
{
    explicit_bzero(memory, len);
}

void secret_release(struct secret *secret)
{
    if (secret->opaque_bytes) {
        secret_wipe(secret->opaque_bytes, secret->opaque_len);
        free(secret->opaque_bytes);
    }
    *secret = (struct secret){0};
}

const char *secret_bytes(const struct secret *secret)
{
    return secret->opaque_bytes ? secret->opaque_bytes : "";
}

size_t secret_len(const struct secret *secret)
{
    return secret->opaque_len;
}

static int secret_copy(struct secret *out, const char *bytes, size_t len, struct err *err)
{
    char *copy = malloc(len + 1);

    if (!copy)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for a secret");
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    secret_release(out);
    *out = (struct secret){.opaque_bytes = copy, .opaque_len = len};
    return 0;
}

int secret_set(struct secret *out, const char *text, struct err *err)
{
    return secret_copy(out, text, strlen(text), err);
}

static void fd_close(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* only read from */
}

/* Refuse anything but a private regular file: a secret that others can read is not one. */
static int check_private(int fd, const char *path, struct err *err)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "cannot inspect secret file %s: %s", path,
                       strerror(errno));
    if (!S_ISREG(status.st_mode))
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "secret file %s is not a regular file", path);
    if (status.st_mode & (S_IRWXG | S_IRWXO)) {
        err_set(err, ERR_CONFIG, EFFECT_NONE,
                "secret file %s may be read by others (mode %04o); expected 0600", path,
                (unsigned)(status.st_mode & 07777));
        return err_hint(err, "chmod 600 %s", path);
    }
    return 0;
}

static int load_file(struct secret *out, const char *path, bool has_lines, struct err *err)
{
    char bytes[SECRET_CAP_BYTES + 1];
    CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "cannot open secret file %s: %s", path,
                       strerror(errno));
    int rc = check_private(fd, path, err);
    if (rc)
        return rc;

    ssize_t len = read(fd, bytes, sizeof bytes);
    if (len < 0)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "cannot read secret file %s: %s", path,
                       strerror(errno));
    if (len > SECRET_CAP_BYTES)
        rc = err_set(err, ERR_CONFIG, EFFECT_NONE, "secret file %s is larger than %d bytes", path,
                     SECRET_CAP_BYTES);
    if (len > 0 && bytes[len - 1] == '\n')
        len--;
    if (!rc && (len == 0 || memchr(bytes, '\0', (size_t)len) ||
                (!has_lines && memchr(bytes, '\n', (size_t)len))))
        rc = err_set(err, ERR_CONFIG, EFFECT_NONE, "secret file %s must hold %s", path,
                     has_lines ? "lines of text" : "exactly one line");
    if (!rc)
        rc = secret_copy(out, bytes, (size_t)len, err);
    secret_wipe(bytes, sizeof bytes);
    return rc;
}

static int load(struct secret *out, const char *reference, const char *base_dir, bool has_lines,
                struct err *err)
{
    if (strncmp(reference, "env:", 4) == 0) {
        const char *value = getenv(reference + 4);
        if (!value || !*value)
            return err_set(err, ERR_CONFIG, EFFECT_NONE, "environment variable %s is not set",
                           reference + 4);
        return secret_set(out, value, err);
    }
    if (strncmp(reference, "file:", 5) != 0 || !reference[5]) {
        err_set(err, ERR_CONFIG, EFFECT_NONE,
                "a secret is a reference: \"file:PATH\" or \"env:NAME\"; the value itself is not "
                "accepted here");
        return err_hint(err, "put it into a file with mode 0600 and write \"file:PATH\"");
    }

    char path[PATH_MAX];
    const char *name = reference + 5;
    int length = name[0] == '/' ? snprintf(path, sizeof path, "%s", name)
                                : snprintf(path, sizeof path, "%s/%s", base_dir, name);
    if (length < 0 || length >= (int)sizeof path)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "the path of a secret file is too long");
    return load_file(out, path, has_lines, err);
}

int secret_load(struct secret *out, const char *reference, const char *base_dir, struct err *err)
{
    return load(out, reference, base_dir, false, err);
}

int secret_load_lines(struct secret *out, const char *reference, const char *base_dir,
                      struct err *err)
{
    return load(out, reference, base_dir, true, err);
}
