/* SPDX-License-Identifier: MIT */
/*
 * io/ssh_known.h - what a known_hosts file says of one host.
 * Invariant: a line that is not understood makes nothing trusted; a key that a @revoked line names
 *            is never trusted, whatever the other lines say. Certificates are not: @cert-authority
 *            lines are passed over.
 * Threads:   a struct belongs to one thread.
 * Source     sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: patterns, hashed names, markers
 */
#ifndef CUTOVER_IO_SSH_KNOWN_H
#define CUTOVER_IO_SSH_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct ssh_known_key {
    char type[48]; /* "ssh-ed25519" */
    unsigned char *blob;
    size_t blob_len;
    unsigned line;
    bool is_revoked;
};

struct ssh_known {
    struct ssh_known_key *keys; /* of that host, in the file's order */
    size_t count;
};

/* Take the lines about that host out of the text of a file. ERR_MEMORY/NONE. */
MUST_CHECK int ssh_known_parse(struct ssh_known *out, const char *text, size_t len,
                               const char *host, unsigned port, struct err *err);
/* The same from a file, of at most 4 MiB. ERR_CONFIG/NONE it cannot be read. */
MUST_CHECK int ssh_known_read(struct ssh_known *out, const char *path, const char *host,
                              unsigned port, struct err *err);
void ssh_known_release(struct ssh_known *known);

/* Is there a key of that type ("ssh-rsa") that is not revoked? */
bool ssh_known_has(const struct ssh_known *known, const char *type);

/* Of several lines the strongest counts: the order here. */
enum ssh_known_verdict {
    SSH_KNOWN_NO = 0,  /* nothing is said of this host */
    SSH_KNOWN_CHANGED, /* this host, other keys */
    SSH_KNOWN_SAME,    /* this very key */
    SSH_KNOWN_REVOKED,
};

/* What the file says of this key. out_line (may be NULL): the line that decided, 0 for none. */
enum ssh_known_verdict ssh_known_judge(const struct ssh_known *known, const void *blob,
                                       size_t blob_len, unsigned *out_line);

#endif
