/* SPDX-License-Identifier: MIT */
/*
 * waivers = ( { check = "pair.way_back"; by = "Jane Doe"; why = "...";
 *               until = "2026-12-01T06:00:00Z"; } );
 *
 * verify = { accept = ( { what = "character set of title"; of = "blog.posts"; by = "Jane Doe";
 *                         why = "..."; until = "2026-12-01T06:00:00Z"; } ); };
 *
 * Whether a waiver has ended is judged against the clock of the moment that is being judged, not
 * while reading: the same file means the same, whenever it is read.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "domain/preflight.h"
#include "playbook/member.h"
#include "playbook/service_waivers.h"

#define CHECK_CAP 256

/* What is no check and may be waived all the same: see docs/drill.md. */
static const char *const permissions[] = {"drill.faults", "drill.fence"};

static int check_name(const struct conf_node *node, const char *name, struct err *err)
{
    const char *known[CHECK_CAP + 1] = {0};
    const struct check_row *row;
    for (size_t i = 0; i < ARRAY_LEN(permissions); i++) {
        if (strcmp(permissions[i], name) == 0) {
            return 0;
        }
    }
    for (size_t i = 0; i < CHECK_CAP && (row = preflight_at(i)) != NULL; i++) {
        known[i] = row->id;
        if (strcmp(row->id, name) != 0) {
            continue;
        }
        return row->is_final
                   ? conf_error(node, err, "check \"%s\" cannot be waived: %s", name, row->why)
                   : 0;
    }
    const char *nearest = conf_suggest(name, known);
    return conf_error(node, err, "there is no check \"%s\"%s%s%s", name,
                      nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
                      nearest != NULL ? "\"?" : "");
}

/* Only one form: who waives something must not be misread by an offset or a day. */
static int read_moment(const struct conf_node *group, int64_t *out_us, struct err *err)
{
    char text[64];
    char again[64] = "";
    struct tm moment = {0};
    int rc = member_text(group, "until", text, sizeof(text), err);
    if (rc != 0) {
        return rc;
    }
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &moment);
    time_t seconds = timegm(&moment);
    if (end != NULL && *end == '\0') {
        (void)strftime(again, sizeof(again), "%Y-%m-%dT%H:%M:%SZ", &moment);
    }
    if (strcmp(text, again) != 0) { /* the 31st of February comes back as a day of March */
        return conf_error(conf_child(group, "until"), err,
                          "until is \"%s\"; expected a moment in UTC, such as "
                          "\"2026-12-01T06:00:00Z\"",
                          text);
    }
    *out_us = (int64_t)seconds * 1000000;
    return 0;
}

static int read_waiver(const struct conf_node *group, struct waiver *out, struct err *err)
{
    static const char *const known[] = {"check", "by", "why", "until", NULL};
    if (conf_kind(group) != CONF_GROUP) {
        return conf_error(group, err,
                          "a waiver is written { check = \"...\"; by = \"...\"; why = \"...\"; "
                          "until = \"2026-12-01T06:00:00Z\"; }");
    }
    int rc = conf_only(group, known, err);
    rc = rc != 0 ? rc : member_text(group, "check", out->check, sizeof(out->check), err);
    rc = rc != 0 ? rc : check_name(conf_child(group, "check"), out->check, err);
    rc = rc != 0 ? rc : member_text(group, "by", out->by, sizeof(out->by), err);
    rc = rc != 0 ? rc : member_text(group, "why", out->why, sizeof(out->why), err);
    return rc != 0 ? rc : read_moment(group, &out->until_us, err);
}

static int read_acceptance(const struct conf_node *group, struct acceptance *out, struct err *err)
{
    static const char *const known[] = {"what", "of", "by", "why", "until", NULL};
    if (conf_kind(group) != CONF_GROUP) {
        return conf_error(group, err,
                          "what is accepted is written { what = \"...\"; of = \"...\"; by = "
                          "\"...\"; why = \"...\"; until = \"2026-12-01T06:00:00Z\"; }");
    }
    int rc = conf_only(group, known, err);
    rc = rc != 0 ? rc : member_text(group, "what", out->what, sizeof(out->what), err);
    rc = rc != 0 ? rc : member_text(group, "of", out->of, sizeof(out->of), err);
    rc = rc != 0 ? rc : member_text(group, "by", out->by, sizeof(out->by), err);
    rc = rc != 0 ? rc : member_text(group, "why", out->why, sizeof(out->why), err);
    return rc != 0 ? rc : read_moment(group, &out->until_us, err);
}

static int read_accepted(const struct conf_node *root, struct service *out, struct err *err)
{
    const struct conf_node *list = NULL, *group = conf_child(root, "verify");
    int rc = group == NULL ? 0 : member_list(group, "accept", &list, err);
    if (rc != 0 || list == NULL || conf_count(list) == 0) {
        return rc;
    }
    out->accepted = calloc(conf_count(list), sizeof(*out->accepted));
    if (out->accepted == NULL) {
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what is accepted");
    }
    for (size_t i = 0; rc == 0 && i < conf_count(list); i++) {
        rc = read_acceptance(conf_at(list, i), &out->accepted[i], err);
        out->accepted_count += rc == 0;
    }
    return rc;
}

int service_waivers_read(const struct conf_node *root, struct service *out, struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = member_list(root, "waivers", &list, err);
    if (rc != 0) {
        return rc;
    }
    if (list == NULL || conf_count(list) == 0) {
        return read_accepted(root, out, err);
    }
    out->waivers = calloc(conf_count(list), sizeof(*out->waivers));
    if (out->waivers == NULL) {
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the waivers");
    }
    for (size_t i = 0; rc == 0 && i < conf_count(list); i++) {
        rc = read_waiver(conf_at(list, i), &out->waivers[i], err);
        out->waiver_count += rc == 0;
    }
    return rc != 0 ? rc : read_accepted(root, out, err);
}
