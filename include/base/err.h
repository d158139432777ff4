/* SPDX-License-Identifier: MIT */
/*
 * base/err.h - one error, with what it did to the world.
 * Invariant: a function that fails fills its `struct err` once, where the cause is known; callers
 *            add context with err_wrap() and pass the same code up. Layers below cli never log a
 *            failure.
 * Threads:   a struct err belongs to one thread.
 */
#ifndef CUTOVER_BASE_ERR_H
#define CUTOVER_BASE_ERR_H

#include "base/attr.h"

/* What kind of failure. Functions return 0 or one of these (all negative). */
enum err_code {
    ERR_NONE = 0,
    ERR_USAGE = -1,    /* the command line is wrong */
    ERR_CONFIG = -2,   /* a file a person wrote is wrong: where names file and line */
    ERR_REFUSED = -3,  /* a check, gate or precondition says no; nothing was changed by this call */
    ERR_LOST = -4,     /* connection gone, or never came up */
    ERR_TIMEOUT = -5,  /* a deadline passed */
    ERR_SERVER = -6,   /* a server answered with an error; native holds its number */
    ERR_PROTOCOL = -7, /* an answer that makes no sense */
    ERR_CONFLICT = -8, /* the world is not what the plan was compiled against */
    ERR_BUSY = -9,     /* another controller holds the lease */
    ERR_STOPPED = -10, /* a person or a signal asked us to stop */
    ERR_IO = -11,      /* a local file: disk full, permission */
    ERR_MEMORY = -12,  /* allocation failed or a cap was reached */
    ERR_DATA = -13,    /* the two sides differ */
    ERR_BUG = -14,     /* an invariant of this program is broken */
};

/* Did the world change? UNKNOWN must be looked up, never repeated blindly. */
enum err_effect { EFFECT_NONE = 0, EFFECT_UNKNOWN, EFFECT_APPLIED };

struct err {
    enum err_code code;
    enum err_effect effect;
    unsigned native; /* mysql_errno, CURLcode, SQLite code, HTTP status; 0 when there is none */
    char where[160]; /* host:port, file:line, "step 4.2 fence" */
    char msg[512];   /* what is true now, one sentence, no secret */
    char hint[320];  /* what to type or mend next; may be empty */
};

/*
 * Fill `err` and return `code`, so that an origin reads `return err_set(err, ...)`. NULL err is
 * allowed.
 */
int err_set(struct err *err, enum err_code code, enum err_effect effect, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/*
 * Put context in front of the message: "draining db-old:3306: lost connection". Returns err->code.
 */
int err_wrap(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Say where (kept when already set) and what to do next (replaced). Both return err->code. */
int err_where(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
int err_hint(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "refused", "lost", ...: stable names for JSON and the journal. Static strings. */
const char *err_code_name(enum err_code code);
const char *err_effect_name(enum err_effect effect);

#endif
