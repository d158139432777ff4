/* SPDX-License-Identifier: MIT */
/*
 * io/ssh.h - a session on another host: commands that end with us, and of which the end is known.
 * Owns:      libssh2 (with io/ssh_inner.h), or one `ssh` process a command; callers see neither.
 * Invariant: no session without a host key that known_hosts has. A command's words reach the host
 *            as they were given (io/ssh_quote.h). Every call ends by its deadline; after ERR_LOST
 *            or ERR_TIMEOUT the session is dead and every call answers ERR_LOST/NONE. A command
 *            whose session ends is ended there, too: at once, or by its own clock.
 * Threads:   a session belongs to one thread. Call ssh_library_init() once in main.
 * Not here:  files, forwarding (io/ssh_tunnel.h), a person: nothing is ever asked at a terminal.
 */
#ifndef CUTOVER_IO_SSH_H
#define CUTOVER_IO_SSH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

enum ssh_transport {
    SSH_LIBRARY = 0, /* libssh2: no RSA keys with a modern sshd */
    SSH_PROGRAM,     /* the `ssh` of this host, a connection for each command */
};

/* Who is reached, and how. All borrowed; they must outlive the session. */
struct ssh_settings {
    const char *host;
    unsigned port; /* 0 = 22 */
    const char *user;
    const char *identity;            /* file of the private key; NULL or "" = none */
    const struct secret *passphrase; /* of that key; NULL = none */
    bool agent;                      /* the keys of SSH_AUTH_SOCK count, too */
    const char *known_hosts;         /* a file in OpenSSH's format */
    const struct ssh_settings *jump; /* a host in between, or NULL; its own jump is not looked at */
    enum ssh_transport transport;
    const atomic_bool *cancelled; /* NULL, or true once opening the session is no use any more */
};

struct ssh;

MUST_CHECK int ssh_library_init(struct err *err);
void ssh_library_end(void);

/*
 * Connect, verify the host, log in.
 *
 * deadline_ms  absolute, clock_mono_ms(); the resolver's own limits come on top
 * Errors  ERR_REFUSED/NONE the host key is unknown, another one, or revoked, or no key of ours is
 *         taken: the hint says what to type; ERR_LOST/NONE, ERR_TIMEOUT/NONE not reached;
 *         ERR_CONFIG/NONE a file that the settings name cannot be used
 */
MUST_CHECK int ssh_open(struct ssh **out, const struct ssh_settings *settings, int64_t deadline_ms,
                        struct err *err);
void ssh_close(struct ssh *ssh);   /* NULL allowed; waits for nobody longer than half a second */
void ssh_closep(struct ssh **ssh); /* for CLEANUP */

const char *ssh_where(const struct ssh *ssh); /* "user@host:port", lives as long as ssh */
bool ssh_is_dead(const struct ssh *ssh);

struct ssh_command {
    const char *const *argv; /* ends with NULL; argv[0] is looked up in the host's PATH */
    /*
     * Its standard input; then it sees the end of it. When the session dies it may see that end
     * earlier: what changes something checks the length first.
     */
    const void *input;
    size_t input_len;
    size_t output_cap_bytes; /* of each stream; 0 = 1 MiB; more is ERR_MEMORY/UNKNOWN */
    /* Given standard output as it comes, which is then not kept; not 0 ends the command. */
    int (*take)(void *context, const char *bytes, size_t len, struct err *err);
    void *context;
    int64_t deadline_ms; /* absolute, clock_mono_ms() */
};

/* How it ended. Zeroed memory may be released. */
struct ssh_result {
    int exit_status; /* 0..255; only when signal_name is "" */
    /* "KILL": it was killed. Exit status 128 + N is read so, too, as by any shell. */
    char signal_name[16];
    struct buf out, errors;
};
void ssh_result_release(struct ssh_result *result);

/*
 * Run one command to its end. That it ran is success, whatever its exit status; see ssh_check().
 * Errors  ERR_TIMEOUT/UNKNOWN its deadline passed: it is ended there, the session is dead;
 *         ERR_LOST/NONE it was never started; ERR_LOST/UNKNOWN the session died meanwhile;
 *         ERR_MEMORY/UNKNOWN it said more than the cap
 */
MUST_CHECK int ssh_exec(struct ssh *ssh, const struct ssh_command *command, struct ssh_result *out,
                        struct err *err);

/* 0 when it ended with status 0; else ERR_SERVER/UNKNOWN with its last words. `what` names it. */
MUST_CHECK int ssh_check(const struct ssh *ssh, const struct ssh_result *result, const char *what,
                         struct err *err);

#endif
