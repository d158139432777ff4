/* SPDX-License-Identifier: MIT */
/*
 * io/ssh_quote.h - the one place that makes a command line for another host's shell.
 * Invariant: what a POSIX shell makes of it are the words that were given, byte for byte.
 * Threads:   stateless.
 */
#ifndef CUTOVER_IO_SSH_QUOTE_H
#define CUTOVER_IO_SSH_QUOTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Append one word, quoted. */
void ssh_quote(struct buf *out, const char *word);

/*
 * Append a command line that runs `argv` on a leash: the first input_len bytes of its standard
 * input are the command's, and when that input ends before the command does, it is ended (SIGTERM,
 * and SIGKILL three seconds later) with everything it started in its process group. The same
 * happens after limit_s seconds, whatever becomes of the connection.
 *
 * It exits as the command does; 128 + N when that was killed by signal N, 127 when there is no such
 * command. Needs sh, head, cat and coreutils' timeout there.
 */
void ssh_quote_guarded(struct buf *out, const char *const *argv, size_t input_len, int64_t limit_s);

#endif
