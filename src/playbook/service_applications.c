/* SPDX-License-Identifier: MIT */
/* Who uses the databases, as a person wrote it down. */
#include "playbook/service_applications.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "playbook/member.h"
#include "playbook/service_ssh.h"

#define EXAMPLE                                                                                    \
    "{ name = \"blog\"; user = \"app\"; password = \"file:secrets/app\"; "                         \
    "hosts = ( { host = \"web1.example\"; ssh = { ... }; } ); }"
#define HOST_EXAMPLE "{ host = \"web1.example\"; ssh = { user = \"deploy\"; ... }; }"

static bool is_plain(const char *name)
{
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
           strlen(name);
}

static int read_host(const struct conf_node *application, const struct conf_node *group,
                     const char *folder, struct application *out, struct err *err)
{
    static const char *const known[] = {"host", "ssh", NULL};
    struct node *host = &out->hosts[out->host_count];

    if (conf_kind(group) != CONF_GROUP)
        return conf_error(group, err, "a host is written " HOST_EXAMPLE);
    if (out->host_count == APPLICATION_HOST_CAP)
        return conf_error(group, err, "%s: more than %d hosts", out->name, APPLICATION_HOST_CAP);
    *host = (struct node){0};
    int rc = conf_only(group, known, err);
    rc = rc != 0 ? rc : member_text(group, "host", host->host, sizeof host->host, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < out->host_count; i++)
        if (strcasecmp(out->hosts[i].host, host->host) == 0)
            return conf_error(group, err, "%s: %s is listed twice", out->name, host->host);
    memcpy(host->name, host->host, sizeof host->host);
    rc = service_ssh_read(application, group, folder, host, err);
    if (rc != 0)
        return rc;
    if (host->ssh == NULL)
        return conf_error(group, err,
                          "%s: no group ssh says how to log in to %s: write one here, or beside "
                          "hosts",
                          out->name, host->host);
    out->host_count++;
    return 0;
}

static int read_hosts(const struct conf_node *group, const char *folder, struct application *out,
                      struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = member_list(group, "hosts", &list, err);

    if (rc != 0)
        return rc;
    if (list == NULL || conf_count(list) == 0)
        return conf_error(list != NULL ? list : group, err,
                          "%s: hosts must name at least one: ( " HOST_EXAMPLE " )", out->name);
    for (size_t i = 0; rc == 0 && i < conf_count(list); i++)
        rc = read_host(group, conf_at(list, i), folder, out, err);
    return rc;
}

static int read_application(const struct conf_node *group, const char *folder,
                            const struct service *service, struct application *out, struct err *err)
{
    static const char *const known[] = {"name", "user",  "password", "replicas",
                                        "ssh",  "hosts", NULL};

    if (conf_kind(group) != CONF_GROUP)
        return conf_error(group, err, "an application is written " EXAMPLE);
    int rc = conf_only(group, known, err);
    rc = rc != 0 ? rc : member_text(group, "name", out->name, sizeof out->name, err);
    if (rc != 0)
        return rc;
    if (!is_plain(out->name))
        return conf_error(group, err, "the name \"%s\" has more than letters, digits, . _ and -",
                          out->name);
    for (size_t i = 0; i < service->application_count; i++)
        if (strcmp(service->applications[i].name, out->name) == 0)
            return conf_error(group, err, "%s is listed twice", out->name);
    rc = member_text(group, "user", out->account.user, sizeof out->account.user, err);
    rc = rc != 0 ? rc : member_secret(group, "password", folder, &out->account.password, err);
    if (rc == 0 && conf_child(group, "replicas") != NULL)
        rc = conf_bool(group, "replicas", &out->reads_replicas, err);
    return rc != 0 ? rc : read_hosts(group, folder, out, err);
}

int service_applications_read(const struct conf_node *root, const char *folder,
                              struct service *service, struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = member_list(root, "applications", &list, err);

    if (rc != 0 || list == NULL || conf_count(list) == 0)
        return rc;
    service->applications = calloc(conf_count(list), sizeof *service->applications);
    if (service->applications == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the configuration");
    for (size_t i = 0; rc == 0 && i < conf_count(list); i++) {
        struct application *next = &service->applications[service->application_count];
        rc = read_application(conf_at(list, i), folder, service, next, err);
        service->application_count++; /* half of one is released with the rest */
    }
    return rc;
}
