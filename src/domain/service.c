/* SPDX-License-Identifier: MIT */
/* Lookups in, and the end of, what a person configured. */
#include "domain/service.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct node *service_primary(const struct service *service, enum side side)
{
    for (size_t i = 0; i < service->node_count; i++)
        if (service->nodes[i].is_primary && service->nodes[i].side == side)
            return &service->nodes[i];
    return NULL;
}

const struct node *service_node(const struct service *service, const char *name)
{
    for (size_t i = 0; i < service->node_count; i++)
        if (strcmp(service->nodes[i].name, name) == 0)
            return &service->nodes[i];
    return NULL;
}

static const char *const environments[] = {[ENVIRONMENT_PRODUCTION] = "production",
                                           [ENVIRONMENT_STAGING] = "staging",
                                           [ENVIRONMENT_LAB] = "lab"};

const char *environment_name(enum environment environment)
{
    return environments[environment];
}

bool service_keep_record(struct service *service, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < service->dns.record_count; i++)
        if (strcasecmp(service->dns.records[i].name, name) == 0)
            service->dns.records[kept++] = service->dns.records[i];
    service->dns.record_count = kept;
    return kept > 0;
}

const struct waiver *service_waiver(const struct service *service, const char *check,
                                    int64_t wall_us)
{
    for (size_t i = 0; i < service->waiver_count; i++)
        if (strcmp(service->waivers[i].check, check) == 0 && wall_us < service->waivers[i].until_us)
            return &service->waivers[i];
    return NULL;
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

static void release_ssh(struct node_ssh *ssh)
{
    if (ssh == NULL)
        return;
    secret_release(&ssh->passphrase);
    free_texts(ssh->stop, ssh->stop_count);
    free_texts(ssh->start, ssh->start_count);
    free(ssh);
}

const struct side_worker *service_worker(const struct service *service, enum side side,
                                         const char *name)
{
    for (size_t i = 0; i < service->worker_count; i++)
        if (service->workers[i].side == side && strcmp(service->workers[i].name, name) == 0)
            return &service->workers[i];
    return NULL;
}

void worker_release(struct side_worker *worker)
{
    release_ssh(worker->at.ssh);
    free_texts(worker->stop, worker->stop_count);
    free_texts(worker->start, worker->start_count);
    free_texts(worker->is_running, worker->is_running_count);
    *worker = (struct side_worker){0};
}

void application_release(struct application *application)
{
    secret_release(&application->account.password);
    for (size_t i = 0; i < application->host_count; i++)
        release_ssh(application->hosts[i].ssh);
    *application = (struct application){0};
}

void service_release(struct service *service)
{
    if (service->tunnels)
        service->end_tunnels(service->tunnels);
    free_texts(service->databases, service->database_count);
    free_texts(service->dns.authoritative, service->dns.authoritative_count);
    free_texts(service->dns.resolvers, service->dns.resolver_count);
    free(service->dns.records);
    free_texts(service->fence.accounts, service->fence.account_count);
    free_texts(service->fence.except, service->fence.except_count);
    free_texts(service->serve.hosts, service->serve.host_count);
    for (size_t i = 0; i < service->notified_count; i++) {
        free_texts(service->notified[i].events, service->notified[i].event_count);
        secret_release(&service->notified[i].url);
        secret_release(&service->notified[i].secret);
    }
    free(service->notified);
    for (size_t i = 0; i < service->node_count; i++)
        release_ssh(service->nodes[i].ssh);
    for (size_t i = 0; i < service->worker_count; i++)
        worker_release(&service->workers[i]);
    for (size_t i = 0; i < service->application_count; i++)
        application_release(&service->applications[i]);
    free(service->applications);
    free(service->waivers);
    free(service->accepted);
    secret_release(&service->controller.password);
    secret_release(&service->monitor.password);
    secret_release(&service->replication.password);
    secret_release(&service->dns.token);
    secret_release(&service->serve.tokens);
    memset(service, 0, sizeof(*service));
}

const char *link_channel(enum side replica_side)
{
    return replica_side == SIDE_NEW ? "cutover_forward" : "cutover_reverse";
}
