/* SPDX-License-Identifier: MIT */
/*
 * domain/support.h - which servers this program is made for, as one table of release series.
 * Invariant: of a known flavour, every version number is in exactly one row.
 * Threads:   static const data; pure.
 */
#ifndef CUTOVER_DOMAIN_SUPPORT_H
#define CUTOVER_DOMAIN_SUPPORT_H

#include <stddef.h>

#include "domain/version.h"

enum support {
    SUPPORT_REFUSED = 0,
    SUPPORT_UNTRIED, /* newer than anything we know: treated as the newest that we know */
    SUPPORT_TEXT,    /* our statements are checked against its manual, on a scripted server */
    SUPPORT_REAL,    /* the tests migrate real servers of this series */
};

struct support_row {
    const char *name; /* "MySQL 8.4" */
    enum flavour flavour;
    unsigned from, below; /* version_number() */
    enum support support;
    const char *why;
    const char *source;
};

const struct support_row *support_table(size_t *out_count);

/* NULL when the flavour is unknown. */
const struct support_row *support_of(const struct server_version *version);
const char *support_name(enum support support); /* "tested for real" */

/*
 * Servers that speak the protocol and are something else, or something more: recognised by what one
 * of their variables says.
 */
struct support_kind {
    const char *name;
    const char *variable; /* "version_comment" */
    const char *mark;     /* its value contains this; "" is any value but an empty one */
    enum support support;
    const char *why;
    const char *source;
};

const struct support_kind *support_kind_table(size_t *out_count);
/* The first row that recognises this value of this variable; NULL when it tells nothing. */
const struct support_kind *support_kind_of(const char *variable, const char *value);

#endif
