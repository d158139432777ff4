/* SPDX-License-Identifier: MIT */
/* What works beside the database, as a person wrote it down. */
#include "playbook/service_workers.h"

#include <stdio.h>
#include <string.h>

#include "playbook/member.h"
#include "playbook/service_ssh.h"

#define TIMEOUT_MS 120000
#define WORDS_MOST 16
#define EXAMPLE "{ name = \"blog-cron\"; unit = \"cron.service\"; }"

static bool is_plain(const char *name)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
           strlen(name);
}

/* The node's group of the file, for its own ssh words; NULL when the host is no node's. */
static const struct conf_node *group_of_host(const struct conf_node *cluster, const char *host)
{
    const struct conf_node *primary = conf_child(cluster, "primary");
    const struct conf_node *replicas = conf_child(cluster, "replicas");
    struct err none = {0};
    char name[256];

    if (member_text(primary, "host", name, sizeof name, &none) == 0 && strcmp(name, host) == 0)
        return primary;
    for (size_t i = 0; replicas != NULL && i < conf_count(replicas); i++)
        if (member_text(conf_at(replicas, i), "host", name, sizeof name, &none) == 0 &&
            strcmp(name, host) == 0)
            return conf_at(replicas, i);
    return NULL;
}

static int read_host(const struct conf_node *cluster, const struct conf_node *group,
                     const char *folder, const struct service *service, struct side_worker *out,
                     struct err *err)
{
    struct node *at = &out->at;
    int rc = 0;

    (void)snprintf(at->host, sizeof at->host, "%s", service_primary(service, out->side)->host);
    if (conf_child(group, "on") != NULL)
        rc = member_text(group, "on", at->host, sizeof at->host, err);
    if (rc != 0)
        return rc;
    at->side = out->side;
    (void)snprintf(at->name, sizeof at->name, "%s", at->host);
    const struct conf_node *node = group_of_host(cluster, at->host);
    rc = service_ssh_read(cluster, conf_child(group, "ssh") != NULL || node == NULL ? group : node,
                          folder, at, err);
    if (rc != 0 || at->ssh != NULL)
        return rc;
    return conf_error(group, err,
                      "%s: no group ssh says how to log in to %s: write one here, or in %s",
                      out->name, at->host, side_name(out->side));
}

static int read_commands(const struct conf_node *group, struct side_worker *out, struct err *err)
{
    int rc = 0;

    if (conf_child(group, "unit") != NULL)
        rc = member_text(group, "unit", out->unit, sizeof out->unit, err);
    if (rc == 0 && out->unit[0] == '-')
        rc = conf_error(conf_child(group, "unit"), err, "\"%s\" is no unit of systemd", out->unit);
    rc = rc != 0 ? rc : member_words(group, "stop", &out->stop, &out->stop_count, err);
    rc = rc != 0 ? rc : member_words(group, "start", &out->start, &out->start_count, err);
    rc = rc != 0 ? rc
                 : member_words(group, "is_running", &out->is_running, &out->is_running_count, err);
    if (rc != 0)
        return rc;
    if (out->stop_count > WORDS_MOST || out->start_count > WORDS_MOST ||
        out->is_running_count > WORDS_MOST)
        return conf_error(group, err, "%s: a command of more than %d words; write a script",
                          out->name, WORDS_MOST);
    bool has_all = out->stop_count > 0 && out->start_count > 0 && out->is_running_count > 0;
    if (out->unit[0] != '\0' || has_all)
        return 0;
    return conf_error(group, err,
                      "%s: unit is missing, or all of stop, start and is_running: " EXAMPLE,
                      out->name);
}

static int read_worker(const struct conf_node *cluster, const struct conf_node *group,
                       const char *folder, struct service *service, struct side_worker *out,
                       struct err *err)
{
    static const char *const known[] = {"name",  "on",         "ssh",     "unit", "stop",
                                        "start", "is_running", "timeout", NULL};
    if (conf_kind(group) != CONF_GROUP)
        return conf_error(group, err, "a service is written " EXAMPLE);
    int rc = conf_only(group, known, err);
    rc = rc != 0 ? rc : member_text(group, "name", out->name, sizeof out->name, err);
    if (rc != 0)
        return rc;
    if (!is_plain(out->name))
        return conf_error(group, err, "the name \"%s\" has more than letters, digits, . _ and -",
                          out->name);
    if (service_worker(service, out->side, out->name) != NULL)
        return conf_error(group, err, "%s is listed twice", out->name);
    rc = read_commands(group, out, err);
    rc = rc != 0 ? rc : member_duration(group, "timeout", &out->timeout_ms, err);
    return rc != 0 ? rc : read_host(cluster, group, folder, service, out, err);
}

int service_workers_read(const struct conf_node *cluster, enum side side, const char *folder,
                         struct service *service, struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = member_list(cluster, "services", &list, err);

    for (size_t i = 0; rc == 0 && list != NULL && i < conf_count(list); i++) {
        struct side_worker worker = {.side = side, .timeout_ms = TIMEOUT_MS};
        if (service->worker_count == SERVICE_WORKER_CAP)
            return conf_error(list, err, "more than %d services", SERVICE_WORKER_CAP);
        rc = read_worker(cluster, conf_at(list, i), folder, service, &worker, err);
        if (rc == 0)
            service->workers[service->worker_count++] = worker;
        else
            worker_release(&worker);
    }
    return rc;
}
