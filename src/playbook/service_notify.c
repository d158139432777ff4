/* SPDX-License-Identifier: MIT */
/*
 * notify = ( { url = "https://hooks.example.com/cutover"; events = [ "run.*", "step.failed" ];
 *              secret = "file:secrets/hook"; },
 *            { exec = "/usr/local/bin/page-me"; timeout = "10s"; } );
 */
#include "playbook/service_notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "playbook/member.h"

#define NOTIFY_CAP 8
#define TIMEOUT_MS 5000
#define TIMEOUT_MOST_MS 60000

/* Without user and path, which may both be a password. */
static void take_host(const char *url, char *out, size_t out_size)
{
    const char *host = strstr(url, "://") + strlen("://");
    size_t len = strcspn(host, "/?#");
    for (size_t i = 0; i < len; i++) {
        if (host[i] == '@') {
            host += i + 1;
            len -= i + 1;
            i = 0;
        }
    }
    (void)snprintf(out, out_size, "%.*s", (int)len, host); /* cut, not lost */
}

static int read_url(const struct conf_node *group, const char *folder, struct service_notify *out,
                    struct err *err)
{
    char text[PATH_MAX];
    int rc = member_text(group, "url", text, sizeof(text), err);
    if (rc != 0)
        return rc;
    if (strncmp(text, "file:", 5) == 0 || strncmp(text, "env:", 4) == 0)
        rc = member_secret(group, "url", folder, &out->url, err);
    else
        rc = secret_set(&out->url, text, err);
    if (rc != 0)
        return rc;
    const char *url = secret_bytes(&out->url);
    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
        return conf_error(conf_child(group, "url"), err,
                          "url begins with https:// or http://, or is a reference to one: "
                          "\"file:PATH\", \"env:NAME\"");
    take_host(url, out->label, sizeof(out->label));
    return 0;
}

static int read_exec(const struct conf_node *group, struct service_notify *out, struct err *err)
{
    int rc = member_text(group, "exec", out->exec, sizeof(out->exec), err);
    if (rc != 0)
        return rc;
    if (out->exec[0] != '/' || access(out->exec, X_OK) != 0)
        return conf_error(conf_child(group, "exec"), err,
                          "exec \"%s\" is not the absolute path of a program that can be executed",
                          out->exec);
    (void)snprintf(out->label, sizeof(out->label), "%.127s", strrchr(out->exec, '/') + 1);
    return 0;
}

static int read_events(const struct conf_node *group, struct service_notify *out, struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = member_list(group, "events", &list, err);
    if (rc != 0 || list == NULL)
        return rc;
    if (conf_count(list) == 0)
        return conf_error(list, err, "events that name none tell of nothing; leave it out for all");
    return node_texts(list, "events", &out->events, &out->event_count, err);
}

static int read_one(const struct conf_node *group, const char *folder, struct service_notify *out,
                    struct err *err)
{
    static const char *const known[] = {"url", "exec", "events", "secret", "timeout", NULL};
    if (conf_kind(group) != CONF_GROUP)
        return conf_error(group, err,
                          "who is told is written { url = \"https://...\"; } or { exec = "
                          "\"/...\"; }");
    int rc = conf_only(group, known, err);
    if (rc != 0)
        return rc;
    bool has_url = conf_child(group, "url") != NULL;
    if (has_url == (conf_child(group, "exec") != NULL))
        return conf_error(group, err, "give either url or exec");
    if (!has_url && conf_child(group, "secret") != NULL)
        return conf_error(conf_child(group, "secret"), err,
                          "a secret signs what is sent to a url; a program needs none");
    out->timeout_ms = TIMEOUT_MS;
    rc = has_url ? read_url(group, folder, out, err) : read_exec(group, out, err);
    if (rc == 0)
        rc = read_events(group, out, err);
    if (rc == 0 && conf_child(group, "secret") != NULL)
        rc = member_secret(group, "secret", folder, &out->secret, err);
    if (rc == 0)
        rc = member_duration(group, "timeout", &out->timeout_ms, err);
    if (rc == 0 && out->timeout_ms > TIMEOUT_MOST_MS)
        rc = conf_error(conf_child(group, "timeout"), err, "timeout is at most a minute");
    return rc;
}

int service_notify_read(const struct conf_node *root, const char *folder, struct service *out,
                        struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = member_list(root, "notify", &list, err);
    if (rc != 0 || list == NULL || conf_count(list) == 0)
        return rc;
    if (conf_count(list) > NOTIFY_CAP)
        return conf_error(list, err, "more than %d who are told", NOTIFY_CAP);
    out->notified = calloc(conf_count(list), sizeof(*out->notified));
    if (out->notified == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for who is told");
    for (size_t i = 0; rc == 0 && i < conf_count(list); i++) {
        out->notified_count = i + 1; /* also what was read in part is to be freed */
        rc = read_one(conf_at(list, i), folder, &out->notified[i], err);
    }
    return rc;
}
