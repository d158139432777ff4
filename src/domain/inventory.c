/* SPDX-License-Identifier: MIT */
/* The document, and what it must not hold. */
#include "domain/inventory.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static const struct inventory_section sections[] = {
    {"nodes", "Servers", true, false},
    {"channels", "Replication channels and filters", true, false},
    {"variables", "Variables", false, false},
    {"set", "Variables that somebody set, and where", false, false},
    {"tables", "Tables, and the columns of views", false, false},
    {"views", "Views", false, false},
    {"triggers", "Triggers", false, false},
    {"routines", "Routines", false, false},
    {"events", "Events", false, false},
    {"accounts", "Accounts", false, false},
    {"grants", "Privileges", false, false},
    {"plugins", "Loaded plugins and functions", false, false},
    {"host", "Host: system", false, false},
    {"host packages", "Host: packages", false, false},
    {"host disks", "Host: disks", false, false},
    {"host limits", "Host: limits of the server's process", false, false},
    {"host clock", "Host: who sets its clock", false, false},
    {"host ports", "Host: who listens", false, false},
    {"host firewall", "Host: firewall", false, false},
    {"host schedule", "Host: what touches a database at times", false, false},
    {"host certificates", "Host: certificates", true, false},
    {"host configuration", "Host: option files", false, false},
    {"host restart", "Host: what a restart would go by", false, false},
    {"host room", "Host: room and clock", true, true},
    {"host logs", "Host: binary logs", true, true},
    {"paths", "Ways between hosts", true, true},
    {"sizes", "Sizes", true, true},
};

const struct inventory_section *inventory_sections(size_t *out_count)
{
    *out_count = ARRAY_LEN(sections);
    return sections;
}

/* --- secrets ---------------------------------------------------------------------------------- */

/* A number, a switch or nothing says how passwords are treated, and is none. */
static bool is_plain(const char *value)
{
    return value[0] == '\0' || strspn(value, "0123456789.-") == strlen(value) ||
           strcasecmp(value, "ON") == 0 || strcasecmp(value, "OFF") == 0 ||
           strcasecmp(value, "YES") == 0 || strcasecmp(value, "NO") == 0;
}

bool inventory_is_secret(const char *variable, const char *value)
{
    static const char *const always[] = {"report_password", "wsrep_sst_auth",
                                         "wsrep_provider_options"};
    static const char *const hints[] = {"password", "passwd", "secret", "token", "credential"};
    if (value[0] == '\0')
        return false;
    for (size_t i = 0; i < ARRAY_LEN(always); i++)
        if (strcasecmp(variable, always[i]) == 0)
            return true;
    if (is_plain(value))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(hints); i++)
        if (strcasestr(variable, hints[i]) != NULL || strcasestr(value, hints[i]) != NULL)
            return true;
    return strcasestr(value, "identified by") != NULL;
}

/* --- building --------------------------------------------------------------------------------- */

static int no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the inventory");
}

json_t *inventory_new(const char *service, int64_t taken_us)
{
    char taken[32];
    return json_pack("{s:i,s:s,s:s,s:I,s:{s:{s:b,s:s,s:{}},s:{s:b,s:s,s:{}}}}", "inventory",
                     INVENTORY_FORM, "service", service, "taken", clock_iso8601(taken_us, taken),
                     "taken_us", (json_int_t)taken_us, "sides", "old", "is_read", false, "error",
                     "not asked", "sections", "new", "is_read", false, "error", "not asked",
                     "sections");
}

json_t *inventory_side(const json_t *document, enum side side)
{
    return json_object_get(json_object_get(document, "sides"), side == SIDE_OLD ? "old" : "new");
}

const json_t *inventory_section_of(const json_t *document, enum side side, const char *section)
{
    return json_object_get(json_object_get(inventory_side(document, side), "sections"), section);
}

bool inventory_is_read(const json_t *document, enum side side)
{
    return json_bool_or(inventory_side(document, side), "is_read", 0) != 0;
}

int inventory_begin_section(json_t *side, const char *section, struct err *err)
{
    json_t *all = json_object_get(side, "sections");
    if (json_object_get(all, section) != NULL ||
        json_object_set_new(all, section, json_object()) == 0)
        return 0;
    return no_memory(err);
}

static int put(json_t *side, const char *section, const char *name, json_t *value, struct err *err)
{
    if (value == NULL)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s %.100s is not valid UTF-8", section,
                       name);
    int rc = inventory_begin_section(side, section, err);
    if (rc != 0) {
        json_decref(value);
        return rc;
    }
    return json_object_set_new(json_object_get(json_object_get(side, "sections"), section), name,
                               value) == 0
               ? 0
               : no_memory(err);
}

int inventory_put(json_t *side, const char *section, const char *name, const char *value,
                  struct err *err)
{
    bool is_hidden = strcmp(section, "variables") == 0 && inventory_is_secret(name, value);
    return put(side, section, name, json_string(is_hidden ? INVENTORY_HIDDEN : value), err);
}

int inventory_put_number(json_t *side, const char *section, const char *name, int64_t number,
                         struct err *err)
{
    return put(side, section, name, json_integer(number), err);
}

int inventory_put_unread(json_t *side, const char *section, const char *why, struct err *err)
{
    json_t *all = json_object_get(side, "unread");
    if (all == NULL && json_object_set_new(side, "unread", json_object()) == 0)
        all = json_object_get(side, "unread");
    return json_object_set_new(all, section, json_string(why)) == 0 ? 0 : no_memory(err);
}

const char *inventory_unread(const json_t *document, enum side side, const char *section)
{
    const json_t *why =
        json_object_get(json_object_get(inventory_side(document, side), "unread"), section);
    return json_string_value(why);
}

int inventory_end_side(json_t *side, const struct err *why, struct err *err)
{
    bool is_read = why == NULL;
    if (!is_read && json_object_set_new(side, "sections", json_object()) != 0)
        return no_memory(err);
    return json_object_set_new(side, "is_read", json_boolean(is_read)) == 0 &&
                   json_object_set_new(side, "error", json_string(is_read ? "" : why->msg)) == 0
               ? 0
               : no_memory(err);
}

int64_t inventory_bytes(const json_t *document, enum side side)
{
    const json_t *sizes = inventory_section_of(document, side, "sizes");
    int64_t bytes = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)sizes, name, value) /* reads only */
        bytes += json_integer_value(value);
    return bytes;
}
