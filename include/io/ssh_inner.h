/* SPDX-License-Identifier: MIT */
/*
 * io/ssh_inner.h - what the files of io/ssh share: a session of libssh2, never blocking by itself.
 * Owns:      libssh2; nobody else includes its header.
 * Invariant: a call that answers LIBSSH2_ERROR_EAGAIN is repeated with the same arguments once
 *            ssh_wait() has returned true; when it returned false the deadline has passed.
 * Threads:   those of io/ssh.h.
 */
#ifndef CUTOVER_IO_SSH_INNER_H
#define CUTOVER_IO_SSH_INNER_H

#include <libssh2.h>

#include "io/child.h"
#include "io/ssh.h"

struct ssh {
    const struct ssh_settings *settings;
    char where[160];
    int fd; /* -1: the program, or through `jump` */
    LIBSSH2_SESSION *session;
    struct ssh *jump; /* whose channel `path` carries this session */
    LIBSSH2_CHANNEL *path;
    bool is_dead;
};

/* Wait for the network, at most a second. False: the deadline has passed. */
bool ssh_wait(struct ssh *ssh, int64_t deadline_ms);
/* What poll() has to look at for this session to go on. */
struct pollfd ssh_poll(struct ssh *ssh);

/*
 * What libssh2 answered, as an error of ours: EAGAIN is a deadline that has passed. The session is
 * dead from here on. `doing` continues "cannot ": "open a channel".
 */
int ssh_fail(struct ssh *ssh, int answer, enum err_effect effect, const char *doing,
             struct err *err);

unsigned ssh_port(const struct ssh_settings *settings);

/* The host key against known_hosts; and log in. Errors of ssh_open(). */
MUST_CHECK int ssh_prefer_known(struct ssh *ssh, struct err *err); /* before the handshake */
MUST_CHECK int ssh_verify_host(struct ssh *ssh, struct err *err);
MUST_CHECK int ssh_log_in(struct ssh *ssh, int64_t deadline_ms, struct err *err);

/* One forwarded connection through an open session. */
MUST_CHECK int ssh_open_path(struct ssh *ssh, const char *host, unsigned port, int64_t deadline_ms,
                             LIBSSH2_CHANNEL **out, struct err *err);

/* One attempt at it, which does not wait: 0, or what libssh2 answered. */
int ssh_ask_path(struct ssh *ssh, const char *host, unsigned port, LIBSSH2_CHANNEL **out);
/* It answered CHANNEL_FAILURE: ERR_REFUSED/NONE, and the session is well. */
int ssh_path_refused(const struct ssh *ssh, const char *host, unsigned port, struct err *err);
bool ssh_is_cancelled(const struct ssh_settings *settings);

/* The same with the `ssh` program. */
MUST_CHECK int ssh_program_open(struct ssh *ssh, int64_t deadline_ms, struct err *err);
MUST_CHECK int ssh_program_exec(struct ssh *ssh, const struct ssh_command *command,
                                struct ssh_result *out, struct err *err);

/*
 * A process that forwards `socket_path`, here, to host:port, there, until its input ends. Its
 * streams do not block, and are the caller's.
 */
struct ssh_forward {
    const char *socket_path, *host;
    unsigned port;
};
MUST_CHECK int ssh_program_forward(const struct ssh_settings *settings,
                                   const struct ssh_forward *forward, struct child *child,
                                   int streams[3], struct err *err);

/* What a stream said: to its taker, or kept up to the cap. */
MUST_CHECK int ssh_keep_output(const struct ssh *ssh, const struct ssh_command *command,
                               bool is_errors, const char *bytes, size_t len,
                               struct ssh_result *result, struct err *err);
/* The status a shell gave: 128 + N is a signal. */
void ssh_take_status(int status, struct ssh_result *result);
/* Seconds after which the command ends over there, a little after we have given up. */
int64_t ssh_limit_s(const struct ssh_command *command);

#endif
