/* SPDX-License-Identifier: MIT */
/* One error, with what it did to the world. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WHERE_CAP 4400 /* the longest path there is, and a line number */

int err_set(struct err *err, enum err_code code, enum err_effect effect, const char *fmt, ...)
{
    if (err) {
        va_list args;

        memset(err, 0, sizeof *err);
        err->code = code;
        err->effect = effect;
        va_start(args, fmt);
        (void)vsnprintf(err->msg, sizeof err->msg, fmt, args); /* a long message is cut, not lost */
        va_end(args);
    }
    return code;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
    if (!err)
        return ERR_BUG;

    char context[sizeof err->msg];
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(context, sizeof context, fmt, args);
    va_end(args);
    if (length < 0)
        return err->code;

    char joined[sizeof context + sizeof err->msg + 2];
    (void)snprintf(joined, sizeof joined, "%s: %s", context, err->msg);
    (void)snprintf(err->msg, sizeof err->msg, "%.*s", (int)sizeof err->msg - 1, joined);
    return err->code;
}

int err_where(struct err *err, const char *fmt, ...)
{
    if (!err)
        return ERR_BUG;
    if (err->where[0])
        return err->code;

    char text[WHERE_CAP];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);

    size_t len = strlen(text), room = sizeof err->where - 1;
    if (len <= room)
        memcpy(err->where, text, len + 1);
    else /* the end says most: the file's own name and the line */
        (void)snprintf(err->where, sizeof err->where, "...%s", text + len - room + 3);
    return err->code;
}

int err_hint(struct err *err, const char *fmt, ...)
{
    if (!err)
        return ERR_BUG;

    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(err->hint, sizeof err->hint, fmt, args);
    va_end(args);
    return err->code;
}

static const struct {
    enum err_code code;
    const char *name;
} names[] = {
    {ERR_NONE, "none"},       {ERR_USAGE, "usage"},       {ERR_CONFIG, "config"},
    {ERR_REFUSED, "refused"}, {ERR_LOST, "lost"},         {ERR_TIMEOUT, "timeout"},
    {ERR_SERVER, "server"},   {ERR_PROTOCOL, "protocol"}, {ERR_CONFLICT, "conflict"},
    {ERR_BUSY, "busy"},       {ERR_STOPPED, "stopped"},   {ERR_IO, "io"},
    {ERR_MEMORY, "memory"},   {ERR_DATA, "data"},         {ERR_BUG, "bug"},
};

const char *err_code_name(enum err_code code)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].code == code)
            return names[i].name;
    return "unknown";
}

const char *err_effect_name(enum err_effect effect)
{
    switch (effect) {
    case EFFECT_NONE:
        return "none";
    case EFFECT_UNKNOWN:
        return "unknown";
    case EFFECT_APPLIED:
        return "applied";
    }
    return "unknown";
}
