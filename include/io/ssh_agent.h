/* SPDX-License-Identifier: MIT */
/*
 * io/ssh_agent.h - the keys of the agent at SSH_AUTH_SOCK, asked with a deadline: one that waits
 *                  for a person, or hangs, holds nothing up. Part of io/ssh.
 * Threads:   an agent belongs to one thread.
 * Source     draft-miller-ssh-agent, 4.4 and 4.5
 */
#ifndef CUTOVER_IO_SSH_AGENT_H
#define CUTOVER_IO_SSH_AGENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "io/ssh_inner.h"

struct ssh_agent;

/* Errors  ERR_CONFIG/NONE there is none; ERR_TIMEOUT/NONE, ERR_PROTOCOL/NONE it does not answer */
MUST_CHECK int ssh_agent_open(struct ssh_agent **out, int64_t deadline_ms, struct err *err);
void ssh_agent_closep(struct ssh_agent **agent); /* for CLEANUP */

size_t ssh_agent_count(const struct ssh_agent *agent);
/* The public half of a key, with which the agent will sign from now on. Lives as long as agent. */
const unsigned char *ssh_agent_select(struct ssh_agent *agent, size_t index, size_t *out_len);

/* For libssh2_userauth_publickey(); *abstract is the agent. */
LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(ssh_agent_sign);

#endif
