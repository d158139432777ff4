/* SPDX-License-Identifier: MIT */
/* Lookups in, and the end of, what a person configured. */
#include "domain/service.h"

#include <stdlib.h>
#include <string.h>

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

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

void service_release(struct service *service)
{
    free_texts(service->databases, service->database_count);
    free_texts(service->dns.authoritative, service->dns.authoritative_count);
    free_texts(service->dns.resolvers, service->dns.resolver_count);
    free(service->dns.records);
    free(service->waivers);
    free(service->accepted);
    secret_release(&service->controller.password);
    secret_release(&service->monitor.password);
    secret_release(&service->replication.password);
    secret_release(&service->dns.token);
    memset(service, 0, sizeof(*service));
}

const char *link_channel(enum side replica_side)
{
    return replica_side == SIDE_NEW ? "cutover_forward" : "cutover_reverse";
}
