/* SPDX-License-Identifier: MIT */
/*
 * verify/objects_same.h - do two texts about one object mean the same, written by two servers?
 * Rule:    what only versions print in another way is no difference; what cannot be told is not
 *          called equal.
 * Threads: pure.
 */
#ifndef CUTOVER_VERIFY_OBJECTS_SAME_H
#define CUTOVER_VERIFY_OBJECTS_SAME_H

#include <stdbool.h>
#include <stddef.h>

#define SHOWN_SIZE 128

enum sameness {
    OBJECT_SAME,
    OBJECT_DIFFERENT,
    OBJECT_UNSURE, /* two versions may print one and the same thing like this */
};

struct same_context {
    bool is_one_series; /* both servers are of one series, and print alike */
    /* The privileges that each server knows, in any case; NULL: all. */
    bool (*is_known)(const void *context, bool at_source, const char *privilege, size_t len);
    const void *context;
};

/* The two texts as a person is shown them. */
struct shown {
    char source[SHOWN_SIZE], replica[SHOWN_SIZE];
};

/* a is of the source, b of the replica. shown is filled already, from where they differ. */
typedef enum sameness same_fn(const struct same_context *context, const char *a, const char *b,
                              struct shown *shown);

same_fn same_bytes;
same_fn same_charset;
same_fn same_type;
same_fn same_rule;         /* RESTRICT and NO ACTION are one rule to InnoDB */
same_fn same_modes;        /* sql_mode */
same_fn same_expression;   /* names may be quoted or not */
same_fn same_body;         /* of a program; a semicolon at its end is the client's */
same_fn same_definition;   /* of a view, as the server prints it */
same_fn same_event_status; /* it must fire on the source, and only there */
same_fn same_counter;      /* "1000 (step 2)": the replica's may be ahead, not behind */
same_fn same_privileges;   /* "DELETE, SELECT (grantable)" */
same_fn same_secret;       /* a digest; of a salted hash it does not tell */
same_fn same_access;       /* a role's bits */

void shown_fill(const char *a, const char *b, struct shown *out);

/* Does a name fit a pattern of GRANT: % and _ stand for anything, \ takes that away? */
bool is_like(const char *pattern, const char *name);

#endif
