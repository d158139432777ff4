/* SPDX-License-Identifier: MIT */
/*
 * io/db_tls.h - the TLS session beneath a connection, as far as the client library lets it be
 *               reached: Connector/C, where that was built with the OpenSSL that we have.
 */
#ifndef CUTOVER_IO_DB_TLS_H
#define CUTOVER_IO_DB_TLS_H

#include "io/db_inner.h"

/*
 * For one connection of many: what its buffers take (33 KiB) is given back whenever nothing is
 * under way, and a record is read with one call instead of two. Out of reach, or without TLS,
 * nothing changes.
 */
void db_tls_thin(MYSQL *mysql);

#endif
