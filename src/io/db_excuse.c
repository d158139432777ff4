/* SPDX-License-Identifier: MIT */
/* A refusal in the words of a server: problem and hint in one text, parted by a line break. */
#include "io/db_excuse.h"

#include <stdio.h>
#include <string.h>

#define HEAD_BYTES 7 /* length (3), number (1), 0xFF, error number (2) */
#define MARK_ERROR 0xFF
#define NATIVE 1105 /* unknown error: the libraries take none of their own from a server */
#define MARK "SSH tunnel: "
/* Of the 511 that a library keeps; Connector/C puts a sentence of its own before it. */
#define WHERE_BYTES 50
#define PROBLEM_BYTES 180
#define HINT_BYTES 140

size_t db_excuse_write(const struct err *why, unsigned char out[DB_EXCUSE_SIZE])
{
    char text[DB_EXCUSE_SIZE - HEAD_BYTES];

    (void)snprintf(text, sizeof text, MARK "%.*s%s%.*s\n%.*s", WHERE_BYTES, why->where,
                   why->where[0] ? ": " : "", PROBLEM_BYTES, why->msg, HINT_BYTES, why->hint);
    size_t len = strlen(text), body = len + HEAD_BYTES - 4;
    out[0] = (unsigned char)(body & 0xFF);
    out[1] = (unsigned char)(body >> 8);
    out[2] = 0;
    out[3] = 0;
    out[4] = MARK_ERROR;
    out[5] = NATIVE & 0xFF;
    out[6] = NATIVE >> 8;
    memcpy(out + HEAD_BYTES, text, len);
    return HEAD_BYTES + len;
}

bool db_excuse_read(const char *text, char *out_problem, size_t problem_size, char *out_hint,
                    size_t hint_size)
{
    const char *from = strstr(text, MARK);

    if (!from)
        return false;
    size_t len = strcspn(from, "\n");
    (void)snprintf(out_problem, problem_size, "%.*s", (int)len, from);
    (void)snprintf(out_hint, hint_size, "%s", from[len] ? from + len + 1 : "");
    return true;
}
