/* SPDX-License-Identifier: MIT */
/* What was, beside what is. The first difference that matters is the answer. */
#include "domain/drift.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Uptime comes in whole seconds, and its answer needs a moment. */
#define START_TOLERANCE_MS 2500

static bool has_restarted(const struct drift_node *was, const struct drift_node *now)
{
    return was->started_ms != 0 && now->started_ms != 0 &&
           now->started_ms - was->started_ms > START_TOLERANCE_MS;
}

static const char *state_name(const struct drift_node *node)
{
    if (node->is_open)
        return "off: it takes writes";
    return node->is_sealed ? "on, for administrators too" : "on";
}

static enum drift_kind answer(struct drift *out, enum drift_kind kind, const char *what,
                              const char *was, const char *is)
{
    out->kind = kind;
    out->what = what;
    (void)snprintf(out->was, sizeof(out->was), "%s", was); /* fits */
    (void)snprintf(out->is, sizeof(out->is), "%s", is);    /* fits */
    return kind;
}

static enum drift_kind compare_link(const struct drift_node *was, const struct drift_node *now,
                                    struct drift *out)
{
    if (was->has_link && !now->has_link)
        return answer(out, DRIFT_LINK_GONE, "its link", was->link, "gone");
    if (!was->has_link && now->has_link)
        return answer(out, DRIFT_LINK_MADE, "its link", "none", now->link);
    if (strcmp(was->link, now->link) != 0)
        return answer(out, DRIFT_LINK_CHANGED, "its link's settings", was->link, now->link);
    if (strcmp(was->others, now->others) != 0)
        return answer(out, DRIFT_CHANNELS, "its other channels",
                      was->others[0] != '\0' ? was->others : "none",
                      now->others[0] != '\0' ? now->others : "none");
    /* A restart starts links, or leaves that to a person: skip_slave_start. */
    if (!was->is_halted && now->is_halted && !out->is_restarted)
        return answer(out, DRIFT_LINK_HALTED, "its link", "running",
                      "stopped by hand: it has no error");
    return DRIFT_NONE;
}

enum drift_kind drift_of_node(const struct drift_node *was, const struct drift_node *now,
                              struct drift *out)
{
    *out = (struct drift){.what = ""};
    if (!was->is_seen || !now->is_seen)
        return DRIFT_NONE;
    out->is_restarted = has_restarted(was, now);
    if (!was->is_open && now->is_open)
        return answer(out, DRIFT_OPENED, "read_only", state_name(was), state_name(now));
    if (!out->is_restarted && was->is_open && !now->is_open)
        return answer(out, DRIFT_CLOSED, "read_only", state_name(was), state_name(now));
    if (!out->is_restarted && was->is_sealed && !now->is_sealed)
        return answer(out, DRIFT_UNSEALED, "super_read_only", state_name(was), state_name(now));
    return compare_link(was, now, out);
}

static void record_text(const struct drift_record *record, char *out, size_t out_size)
{
    if (record->is_proxied)
        (void)snprintf(out, out_size, "%s, proxied", record->content);
    else
        (void)snprintf(out, out_size, "%s, TTL %u", record->content, record->ttl_s);
}

enum drift_kind drift_of_record(const struct drift_record *was, const struct drift_record *now,
                                struct drift *out)
{
    char before[300], after[300];
    *out = (struct drift){.what = ""};
    if (was->content[0] == '\0' || now->content[0] == '\0')
        return DRIFT_NONE;
    if (strcasecmp(was->content, now->content) == 0 && was->is_proxied == now->is_proxied &&
        (was->is_proxied || was->ttl_s == now->ttl_s))
        return DRIFT_NONE;
    record_text(was, before, sizeof(before));
    record_text(now, after, sizeof(after));
    return answer(out, DRIFT_RECORD, "the record", before, after);
}

const char *drift_name(enum drift_kind kind)
{
    static const char *const names[] = {
        [DRIFT_NONE] = "",
        [DRIFT_OPENED] = "opened",
        [DRIFT_CLOSED] = "closed",
        [DRIFT_UNSEALED] = "unsealed",
        [DRIFT_LINK_GONE] = "link-gone",
        [DRIFT_LINK_MADE] = "link-made",
        [DRIFT_LINK_HALTED] = "link-halted",
        [DRIFT_LINK_CHANGED] = "link-changed",
        [DRIFT_CHANNELS] = "channels",
        [DRIFT_RECORD] = "record",
    };
    return names[kind];
}
