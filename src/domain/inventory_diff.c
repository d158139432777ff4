/* SPDX-License-Identifier: MIT */
/* What differs between two sides, or between two days. */
#include <stdio.h>
#include <string.h>

#include "domain/inventory.h"

#define DAY_US 86400000000LL
#define HOUR_US 3600000000LL

/* Variables that are a server's own: a name, or what it begins with when it ends with '*'. */
static const char *const own_variables[] = {
    "hostname",
    "port",
    "socket",
    "server_id",
    "server_uuid",
    "datadir",
    "basedir",
    "tmpdir",
    "slave_load_tmpdir",
    "replica_load_tmpdir",
    "pid_file",
    "report_host",
    "report_port",
    "bind_address",
    "log_error",
    "log_bin_basename",
    "log_bin_index",
    "relay_log*",
    "general_log_file",
    "slow_query_log_file",
    "ssl_*",
    "gtid_*",
    "innodb_data_home_dir",
    "innodb_log_group_home_dir",
    "innodb_undo_directory",
    "lc_messages_dir",
    "character_sets_dir",
    "plugin_dir",
    "version*",
    "admin_port",
    "mysqlx_port",
    "mysqlx_socket",
    "mysqlx_ssl_*",
    "read_only",
    "super_read_only",
    "auto_increment_offset",
    "innodb_version",
    "caching_sha2_password_*_key_path",
    "sha256_password_*_key_path",
    "license",
    "system_time_zone",
    "wsrep_node_*",
    "wsrep_data_home_dir",
    "aria_log_dir_path",
    "tls_*",
    "uptime",
    "innodb_buffer_pool_filename",
};

/* Those that no day has in common with the next. */
static const char *const moving_variables[] = {
    "gtid_binlog_pos", "gtid_binlog_state", "gtid_current_pos", "gtid_slave_pos",
    "gtid_executed",   "gtid_purged",       "timestamp",
};

static bool is_like(const char *name, const char *pattern)
{
    const char *star = strchr(pattern, '*');
    if (star == NULL)
        return strcasecmp(name, pattern) == 0;
    size_t head = (size_t)(star - pattern), tail = strlen(star + 1), len = strlen(name);
    return len >= head + tail && strncasecmp(name, pattern, head) == 0 &&
           strcasecmp(name + len - tail, star + 1) == 0;
}

static bool is_listed(const char *name, const char *const *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_like(name, patterns[i]))
            return true;
    return false;
}

struct comparison {
    const json_t *before, *after; /* documents */
    enum side before_side, after_side;
    bool is_between_sides;
    json_t *changes, *unread;
};

/* "/etc/my.cnf [mysqld] server-id" is about server_id. */
static const char *variable_of(const char *name, char *out, size_t out_size)
{
    const char *blank = strrchr(name, ' ');
    (void)snprintf(out, out_size, "%s", blank == NULL ? name : blank + 1); /* cut: like none */
    for (char *c = out; *c != '\0'; c++)
        *c = (char)(*c == '-' ? '_' : *c);
    return out;
}

static bool is_left_out(const struct comparison *c, const char *section, const char *name)
{
    char option[128];
    bool is_file = strcmp(section, "host configuration") == 0;
    if (!is_file && strcmp(section, "variables") != 0 && strcmp(section, "set") != 0 &&
        strcmp(section, "host restart") != 0)
        return false;
    if (is_file)
        name = variable_of(name, option, sizeof(option));
    return c->is_between_sides ? is_listed(name, own_variables, ARRAY_LEN(own_variables))
                               : is_listed(name, moving_variables, ARRAY_LEN(moving_variables));
}

static int add(const struct comparison *c, const char *section, const char *name,
               const json_t *before, const json_t *after, struct err *err)
{
    json_t *change = json_pack("{s:s,s:s,s:O?,s:O?}", "section", section, "name", name, "before",
                               before, "after", after);
    if (change != NULL && !c->is_between_sides &&
        json_object_set_new(change, "side",
                            json_string(c->before_side == SIDE_OLD ? "old" : "new")) != 0)
        json_release(&change);
    /* takes over the change, also when it fails; refuses NULL */
    return json_array_append_new(c->changes, change) == 0
               ? 0
               : err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what differs");
}

static int compare_section(const struct comparison *c, const char *section, struct err *err)
{
    const json_t *before = inventory_section_of(c->before, c->before_side, section);
    const json_t *after = inventory_section_of(c->after, c->after_side, section);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)before, name, value) /* reads only */
    {
        const json_t *other = json_object_get(after, name);
        if (is_left_out(c, section, name) || (other != NULL && json_equal(value, other)))
            continue;
        int rc = add(c, section, name, value, other, err);
        if (rc != 0)
            return rc;
    }
    json_object_foreach((json_t *)after, name, value) /* reads only */
    {
        if (is_left_out(c, section, name) || json_object_get(before, name) != NULL)
            continue;
        int rc = add(c, section, name, NULL, value, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* What was not read in one of the two is not compared; and that is told. */
static bool is_unread(const struct comparison *c, const char *section, const char **out_why,
                      enum side *out_side)
{
    const char *before = inventory_unread(c->before, c->before_side, section);
    const char *after = inventory_unread(c->after, c->after_side, section);
    *out_side = before != NULL ? c->before_side : c->after_side;
    *out_why = before != NULL ? before : after;
    return before != NULL || after != NULL;
}

static int note_unread(const struct comparison *c, const char *section, enum side side,
                       const char *why, struct err *err)
{
    json_t *note = json_pack("{s:s,s:s,s:s}", "section", section, "side",
                             side == SIDE_OLD ? "old" : "new", "why", why);
    /* takes over the note, also when it fails; refuses NULL */
    return json_array_append_new(c->unread, note) == 0
               ? 0
               : err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what was not read");
}

/* Inventories from before there were hosts in them have no such section, and say nothing of it. */
static bool is_older(const struct comparison *c, const char *section)
{
    return strncmp(section, "host", 4) == 0 &&
           (inventory_section_of(c->before, c->before_side, section) == NULL) !=
               (inventory_section_of(c->after, c->after_side, section) == NULL);
}

static int compare_all(const struct comparison *c, struct err *err)
{
    size_t count = 0;
    const struct inventory_section *sections = inventory_sections(&count);
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        const char *section = sections[i].name, *why;
        enum side side;
        if (sections[i].is_size || (c->is_between_sides && sections[i].is_own))
            continue;
        if (is_unread(c, section, &why, &side))
            rc = note_unread(c, section, side, why, err);
        else if (is_older(c, section))
            rc = note_unread(c, section, c->before_side, "not in one of the two", err);
        else
            rc = compare_section(c, section, err);
    }
    return rc;
}

static int unread(const json_t *document, enum side side, struct err *err)
{
    return err_set(err, ERR_REFUSED, EFFECT_NONE, "%s was not read at %s: %.250s", side_title(side),
                   json_text_or(document, "taken", "?"),
                   json_text_or(inventory_side(document, side), "error", "?"));
}

int inventory_diff_sides(const json_t *document, json_t **out, struct err *err)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (!inventory_is_read(document, side))
            return unread(document, side, err);
    CLEANUP(json_release) json_t *changes = json_array();
    CLEANUP(json_release) json_t *unread_sections = json_array();
    const struct comparison c = {document, document, SIDE_OLD,       SIDE_NEW,
                                 true,     changes,  unread_sections};
    int rc = compare_all(&c, err);
    if (rc != 0)
        return rc;
    *out = json_pack("{s:O,s:O}", "changes", changes, "unread", unread_sections);
    return *out != NULL ? 0 : err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what differs");
}

static json_t *per_day(int64_t bytes, int64_t us)
{
    return us >= HOUR_US ? json_integer((json_int_t)((double)bytes * DAY_US / (double)us))
                         : json_null();
}

/* What a disk lost is what it lost to everything: tables, logs, and whatever else lies there. */
static json_t *disk_of(int64_t from, int64_t to, int64_t us)
{
    bool is_filling = us >= HOUR_US && from > to;
    json_t *days =
        is_filling
            ? json_integer((json_int_t)((double)to * (double)us / ((double)(from - to) * DAY_US)))
            : json_null();
    return json_pack("{s:I,s:I,s:o,s:o}", "free_before", (json_int_t)from, "free_after",
                     (json_int_t)to, "lost_per_day", per_day(from - to, us), "full_in_days", days);
}

/* Those that both days were told of, under their names; NULL when out of memory. */
static json_t *disks_of(const json_t *before, const json_t *after, enum side side, int64_t us)
{
    static const char free_bytes[] = ": free bytes";
    CLEANUP(json_release) json_t *disks = json_object();
    const json_t *later = inventory_section_of(after, side, "host room");
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)inventory_section_of(before, side, "host room"), name,
                        value) /* reads only */
    {
        const char *tail = strstr(name, free_bytes);
        const json_t *now = json_object_get(later, name);
        char disk[80];
        if (tail == NULL || !json_is_integer(now))
            continue;
        (void)snprintf(disk, sizeof(disk), "%.*s", (int)(tail - name), name);
        if (json_object_set_new(
                disks, disk, disk_of(json_integer_value(value), json_integer_value(now), us)) != 0)
            return NULL;
    }
    return json_incref(disks);
}

static json_t *growth_of(const json_t *before, const json_t *after, enum side side)
{
    int64_t from = inventory_bytes(before, side), to = inventory_bytes(after, side);
    int64_t us = json_int_or(after, "taken_us", 0) - json_int_or(before, "taken_us", 0);
    return json_pack("{s:I,s:I,s:o,s:o}", "before", (json_int_t)from, "after", (json_int_t)to,
                     "bytes_per_day", per_day(to - from, us), "disks",
                     disks_of(before, after, side, us));
}

/* Of each way that was measured both times, or was to be. */
static json_t *paths_of(const json_t *before, const json_t *after, enum side side)
{
    CLEANUP(json_release) json_t *paths = json_object();
    const json_t *later = inventory_section_of(after, side, "paths");
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)inventory_section_of(before, side, "paths"), name,
                        value) /* reads only */
    {
        json_t *now = json_object_get(later, name);
        if (now != NULL &&
            json_object_set_new(paths, name,
                                json_pack("{s:O,s:O}", "before", value, "after", now)) != 0)
            return NULL;
    }
    return json_incref(paths);
}

int inventory_diff_days(const json_t *before, const json_t *after, json_t **out, struct err *err)
{
    CLEANUP(json_release) json_t *changes = json_array();
    CLEANUP(json_release) json_t *unread_sections = json_array();
    CLEANUP(json_release) json_t *growth = json_object();
    CLEANUP(json_release) json_t *paths = json_object();
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct comparison c = {before, after, side, side, false, changes, unread_sections};
        bool was_read = inventory_is_read(before, side);
        if (!was_read && !inventory_is_read(after, side))
            continue;
        if (!was_read || !inventory_is_read(after, side))
            return unread(was_read ? after : before, side, err);
        int rc = compare_all(&c, err);
        if (rc != 0)
            return rc;
        const char *name = side == SIDE_OLD ? "old" : "new";
        if (json_object_set_new(growth, name, growth_of(before, after, side)) != 0 ||
            json_object_set_new(paths, name, paths_of(before, after, side)) != 0)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what differs");
    }
    *out = json_pack("{s:O,s:O,s:O,s:O}", "changes", changes, "unread", unread_sections, "growth",
                     growth, "paths", paths);
    return *out != NULL ? 0 : err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what differs");
}
