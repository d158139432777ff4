/* SPDX-License-Identifier: MIT */
/* One name for two arithmetics; which one, the servers' flavour says. */
#include "domain/position.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- text ------------------------------------------------------------------------------------- */

int position_parse(enum flavour flavour, const char *text, struct position *out, struct err *err)
{
    struct position position = {.flavour = flavour};
    int rc = 0;
    switch (flavour) {
    case FLAVOUR_MARIADB:
        rc = gtid_list_parse(text, &position.list, err);
        break;
    case FLAVOUR_MYSQL:
        rc = gtid_set_parse(text, &position.set, err);
        break;
    case FLAVOUR_UNKNOWN:
        rc = err_set(err, ERR_BUG, EFFECT_NONE, "a position of a server of unknown flavour");
        break;
    }
    if (rc != 0)
        return rc;
    *out = position;
    return 0;
}

int position_parse_any(const char *text, struct position *out, struct err *err)
{
    if (text[strspn(text, " \t\r\n")] == '\0') {
        *out = (struct position){0};
        return 0;
    }
    return position_parse(strchr(text, ':') != NULL ? FLAVOUR_MYSQL : FLAVOUR_MARIADB, text, out,
                          err);
}

int position_text(const struct position *position, char *out, size_t out_size, struct err *err)
{
    switch (position->flavour) {
    case FLAVOUR_MARIADB:
        return gtid_list_text(&position->list, out, out_size, err);
    case FLAVOUR_MYSQL:
        return gtid_set_text(&position->set, out, out_size, err);
    case FLAVOUR_UNKNOWN:
        break;
    }
    if (out_size == 0)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no room for the text of a position");
    out[0] = '\0';
    return 0;
}

void position_show(const struct position *position, char *out, size_t out_size)
{
    char text[POSITION_TEXT_SIZE];
    if (position_text(position, text, sizeof(text), NULL) != 0)
        (void)snprintf(text, sizeof(text), "a position too long to print");
    if (text[0] == '\0')
        (void)snprintf(text, sizeof(text), "none");
    size_t len = strlen(text);
    if (len >= out_size && out_size > 3)
        memcpy(text + out_size - 4, "...", 4);
    (void)snprintf(out, out_size, "%s", text);
}

int origin_parse(enum flavour flavour, const char *text, struct origin *out, struct err *err)
{
    struct origin origin = {.flavour = flavour};
    char *end = NULL;
    errno = 0;
    unsigned long domain = strtoul(text, &end, 10);
    bool is_domain =
        text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && domain <= UINT32_MAX;
    if (flavour == FLAVOUR_MARIADB && is_domain) {
        origin.domain = (uint32_t)domain;
    } else if (flavour != FLAVOUR_MYSQL || !gtid_uuid_parse(text, origin.uuid)) {
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                       "\"%.60s\" is neither a GTID domain nor a server_uuid of %s", text,
                       flavour_name(flavour));
    }
    *out = origin;
    return 0;
}

bool origin_equal(const struct origin *a, const struct origin *b)
{
    if (a->flavour != b->flavour)
        return false;
    switch (a->flavour) {
    case FLAVOUR_MARIADB:
        return a->domain == b->domain;
    case FLAVOUR_MYSQL:
        return memcmp(a->uuid, b->uuid, sizeof(a->uuid)) == 0;
    case FLAVOUR_UNKNOWN:
        break;
    }
    return false;
}

void origin_text(const struct origin *origin, char out[GTID_UUID_TEXT_SIZE])
{
    out[0] = '\0';
    if (origin->flavour == FLAVOUR_MARIADB)
        (void)snprintf(out, GTID_UUID_TEXT_SIZE, "%" PRIu32, origin->domain);
    else if (origin->flavour == FLAVOUR_MYSQL)
        gtid_uuid_text(origin->uuid, out);
}

/* --- comparing -------------------------------------------------------------------------------- */

bool position_is_empty(const struct position *position)
{
    switch (position->flavour) {
    case FLAVOUR_MARIADB:
        return position->list.count == 0;
    case FLAVOUR_MYSQL:
        return position->set.source_count == 0;
    case FLAVOUR_UNKNOWN:
        break;
    }
    return true;
}

bool position_equal(const struct position *a, const struct position *b)
{
    if (position_is_empty(a) || position_is_empty(b))
        return position_is_empty(a) && position_is_empty(b);
    if (a->flavour != b->flavour)
        return false;
    return a->flavour == FLAVOUR_MARIADB ? gtid_list_equal(&a->list, &b->list)
                                         : gtid_set_equal(&a->set, &b->set);
}

bool position_covers(const struct position *applied, const struct position *wanted)
{
    return position_distance(applied, wanted) == 0;
}

uint64_t position_distance(const struct position *applied, const struct position *wanted)
{
    static const struct position nothing[] = {[FLAVOUR_MARIADB] = {.flavour = FLAVOUR_MARIADB},
                                              [FLAVOUR_MYSQL] = {.flavour = FLAVOUR_MYSQL}};
    if (position_is_empty(wanted))
        return 0;
    if (position_is_empty(applied))
        applied = &nothing[wanted->flavour];
    if (applied->flavour != wanted->flavour)
        return UINT64_MAX;
    return wanted->flavour == FLAVOUR_MARIADB ? gtid_list_distance(&applied->list, &wanted->list)
                                              : gtid_set_missing(&applied->set, &wanted->set);
}

/* --- parts ------------------------------------------------------------------------------------ */

void position_of(const struct position *position, const struct origin *origin, struct position *out)
{
    struct position part = {.flavour = position->flavour};
    if (position->flavour == origin->flavour && position->flavour == FLAVOUR_MARIADB)
        gtid_list_filter(&position->list, origin->domain, &part.list);
    if (position->flavour == origin->flavour && position->flavour == FLAVOUR_MYSQL)
        gtid_set_of_uuid(&position->set, origin->uuid, &part.set);
    *out = part;
}

void position_without(const struct position *position, const struct origin *origin,
                      struct position *out)
{
    struct position part = *position;
    if (position->flavour == origin->flavour && position->flavour == FLAVOUR_MARIADB) {
        part.list.count = 0;
        for (size_t i = 0; i < position->list.count; i++)
            if (position->list.items[i].domain != origin->domain)
                part.list.items[part.list.count++] = position->list.items[i];
    }
    if (position->flavour == origin->flavour && position->flavour == FLAVOUR_MYSQL)
        gtid_set_without_uuid(&position->set, origin->uuid, &part.set);
    *out = part;
}

void position_of_server(const struct position *state, const struct origin *origin,
                        uint32_t server_id, struct position *out)
{
    struct position part = {.flavour = state->flavour};
    if (state->flavour != FLAVOUR_MARIADB) {
        position_of(state, origin, out);
        return;
    }
    for (size_t i = 0; i < state->list.count; i++)
        if (state->list.items[i].server == server_id)
            part.list.items[part.list.count++] = state->list.items[i];
    *out = part;
}

uint64_t position_reach(const struct position *position, const struct origin *origin)
{
    if (position->flavour != origin->flavour)
        return 0;
    if (position->flavour == FLAVOUR_MARIADB)
        return gtid_list_sequence(&position->list, origin->domain);
    struct position own;
    position_of(position, origin, &own);
    return own.flavour == FLAVOUR_MYSQL ? gtid_set_count(&own.set) : 0;
}

void position_missing(const struct position *applied, const struct position *wanted,
                      struct position *out)
{
    struct position missing = *wanted;
    if (wanted->flavour == FLAVOUR_MARIADB && applied->flavour == FLAVOUR_MARIADB) {
        missing.list.count = 0;
        for (size_t i = 0; i < wanted->list.count; i++)
            if (gtid_list_sequence(&applied->list, wanted->list.items[i].domain) <
                wanted->list.items[i].sequence)
                missing.list.items[missing.list.count++] = wanted->list.items[i];
    }
    if (wanted->flavour == FLAVOUR_MYSQL && applied->flavour == FLAVOUR_MYSQL &&
        gtid_set_subtract(&wanted->set, &applied->set, &missing.set, NULL) != 0)
        missing = *wanted; /* too many pieces to name: more is asked for than is missing */
    *out = missing;
}

int position_join(const struct position *received, const struct position *applied,
                  struct position *out, struct err *err)
{
    if (received->flavour == FLAVOUR_MYSQL && applied->flavour == FLAVOUR_MYSQL) {
        out->flavour = FLAVOUR_MYSQL;
        return gtid_set_join(&received->set, &applied->set, &out->set, err);
    }
    *out = *received;
    return 0;
}

void position_errant(const struct position *state, const struct position *source_state,
                     struct position *out)
{
    if (state->flavour == FLAVOUR_MARIADB && source_state->flavour == FLAVOUR_MARIADB) {
        struct position errant = {.flavour = FLAVOUR_MARIADB};
        gtid_list_errant(&state->list, &source_state->list, &errant.list);
        *out = errant;
        return;
    }
    position_missing(source_state, state, out);
}
