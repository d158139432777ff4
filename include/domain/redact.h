/* SPDX-License-Identifier: MIT */
/*
 * domain/redact.h - what is recorded of a host has no secrets in it. Where it is not certain that
 *                   a word is none, it is left out.
 * Threads: pure.
 */
#ifndef CUTOVER_DOMAIN_REDACT_H
#define CUTOVER_DOMAIN_REDACT_H

#include <stdbool.h>

#include "base/buf.h"

#define REDACTED "(not recorded)"

/* Does an option of this name hold a secret, whatever its value is? "sst-auth" does. */
bool redact_is_secret(const char *name);

/* A line of shell, a command line or a SQL statement without what may be a secret. */
void redact_line(const char *text, struct buf *out);

#endif
