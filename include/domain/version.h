/* SPDX-License-Identifier: MIT */
/*
 * domain/version.h - which server speaks: flavour and version, read from SELECT VERSION().
 * Threads: pure.
 */
#ifndef CUTOVER_DOMAIN_VERSION_H
#define CUTOVER_DOMAIN_VERSION_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

enum flavour { FLAVOUR_UNKNOWN = 0, FLAVOUR_MARIADB, FLAVOUR_MYSQL };

struct server_version {
    enum flavour flavour;
    unsigned major, minor, patch;
};

/*
 * "10.11.19-MariaDB-log", "8.4.3", "5.5.5-10.6.12-MariaDB" (replication prefix is skipped).
 * ERR_PROTOCOL/NONE.
 */
MUST_CHECK int version_parse(const char *text, struct server_version *out, struct err *err);

/* major * 10000 + minor * 100 + patch: 10.11.19 -> 101119. */
unsigned version_number(const struct server_version *version);
/* Can it write a setting down for its next start (SET PERSIST)? */
bool version_persists(const struct server_version *version);
const char *flavour_name(enum flavour flavour);

#endif
