/* SPDX-License-Identifier: MIT */
/*
 * io/db_excuse.h - why there is no database behind a connection, said by who stands in between in
 *                  the one way that a client library hears: as a server that refuses at once.
 * Threads: pure.
 * Source   MySQL manual, "ERR_Packet"
 */
#ifndef CUTOVER_IO_DB_EXCUSE_H
#define CUTOVER_IO_DB_EXCUSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define DB_EXCUSE_SIZE 512

/* The packet to send, of at most DB_EXCUSE_SIZE bytes; its length. */
size_t db_excuse_write(const struct err *why, unsigned char out[DB_EXCUSE_SIZE]);

/*
 * Is it that what the library says a connection failed with? Then in two: what happened, and what
 * to do ("" = not said).
 */
bool db_excuse_read(const char *text, char *out_problem, size_t problem_size, char *out_hint,
                    size_t hint_size);

#endif
