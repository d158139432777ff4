/* SPDX-License-Identifier: MIT */
/* Reading a server's own words about its version. */
#include "domain/version.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* MariaDB 10.x pretends to be 5.5.5 to old replicas; the true version follows. */
#define REPLICATION_PREFIX "5.5.5-"

#define PART_MAX 99 /* version_number() gives minor and patch two digits each */

static bool read_part(const char **cursor, unsigned *out)
{
    if (!isdigit((unsigned char)**cursor))
        return false;
    char *end = NULL;
    unsigned long value = strtoul(*cursor, &end, 10);
    if (value > PART_MAX)
        return false;
    *out = (unsigned)value;
    *cursor = end;
    return true;
}

static bool read_dot(const char **cursor)
{
    if (**cursor != '.')
        return false;
    (*cursor)++;
    return true;
}

int version_parse(const char *text, struct server_version *out, struct err *err)
{
    struct server_version version = {0};
    bool is_mariadb = strcasestr(text, "mariadb") != NULL;
    const char *cursor = text;
    if (is_mariadb && strncmp(cursor, REPLICATION_PREFIX, strlen(REPLICATION_PREFIX)) == 0)
        cursor += strlen(REPLICATION_PREFIX);

    if (!read_part(&cursor, &version.major) || !read_dot(&cursor) ||
        !read_part(&cursor, &version.minor) || !read_dot(&cursor) ||
        !read_part(&cursor, &version.patch))
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                       "server version \"%.64s\" is not of the form 10.11.4-MariaDB", text);
    version.flavour = is_mariadb ? FLAVOUR_MARIADB : FLAVOUR_MYSQL;
    *out = version;
    return 0;
}

unsigned version_number(const struct server_version *version)
{
    return version->major * 10000 + version->minor * 100 + version->patch;
}

bool version_persists(const struct server_version *version)
{
    return version->flavour == FLAVOUR_MYSQL && version->major >= 8;
}

const char *flavour_name(enum flavour flavour)
{
    switch (flavour) {
    case FLAVOUR_MARIADB:
        return "MariaDB";
    case FLAVOUR_MYSQL:
        return "MySQL";
    case FLAVOUR_UNKNOWN:
        break;
    }
    return "unknown";
}
