/* SPDX-License-Identifier: MIT */
/*
 * io/ssh_tunnel.h - a unix socket on this host whose connections come out on another one, by SSH.
 * Owns:      the socket, a thread, and the session that the thread opens when somebody connects,
 *            and again after it was lost.
 * Invariant: one tunnel holds up no other. A connection that does not come about is told why, in
 *            the words of a database server (io/db_excuse.h); one that was open when the session
 *            died is closed. What one side does not read the other cannot send: memory is bounded.
 * Threads:   start and stop belong to one thread; who connects is any.
 * Not here:  the folder of the socket, which must let in nobody else.
 */
#ifndef CUTOVER_IO_SSH_TUNNEL_H
#define CUTOVER_IO_SSH_TUNNEL_H

#include "base/attr.h"
#include "base/err.h"
#include "io/ssh.h"

struct ssh_tunnel;

struct ssh_tunnel_options { /* all borrowed until the tunnel was stopped */
    const struct ssh_settings *ssh;
    const char *host; /* where sshd connects to */
    unsigned port;
    const char *socket_path;
};

/*
 * The socket is there when this returns; the session is opened when it is first needed.
 * Errors  ERR_IO/NONE the socket; ERR_MEMORY/NONE
 */
MUST_CHECK int ssh_tunnel_start(struct ssh_tunnel **out, const struct ssh_tunnel_options *options,
                                struct err *err);
/*
 * Ends its connections and removes the socket. NULL allowed; a second and a half at most, and what
 * a resolver takes that is being asked.
 */
void ssh_tunnel_stop(struct ssh_tunnel *tunnel);

#endif
