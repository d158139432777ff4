/* SPDX-License-Identifier: MIT */
/*
 * An account is user@host, and which host a server sees nobody knows before a connection was made:
 * NAT, a second interface, IPv6. So the hosts make it, several at a time: one that says nothing
 * costs its own time.
 */
#include "cluster/application_logins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/host.h"
#include "cluster/session.h"
#include "cluster/tunnels.h"

#define AT_ONCE 8               /* a thread each */
#define CONNECT_MS 15000        /* with the login to the host */
#define FIRST_OF_A_CLIENT 2000U /* both libraries' own error numbers; all others are a server's */
#define LAST_OF_A_CLIENT 2999U

/* The logins from one host of an application, one after the other: they stand side by side. */
struct trip {
    const struct service *service;
    struct survey_login *logins;
    size_t count;
};

static bool is_servers(unsigned native)
{
    return native != 0 && (native < FIRST_OF_A_CLIENT || native > LAST_OF_A_CLIENT);
}

static void try_one(const struct service *service, struct survey_login *login)
{
    static const struct session_limits limits = {.connect_ms = CONNECT_MS};
    CLEANUP(tunnels_endp) struct tunnels *tunnels = NULL;
    CLEANUP(session_release) struct session session = {0};
    struct node from_there = {0};
    struct err cause = {0};
    int rc = tunnels_between(login->from, login->to, &from_there, &tunnels, &cause);

    if (rc == 0)
        rc = session_open_as(service, &from_there, &login->application->account, &limits, &session,
                             &cause);
    login->works = rc == 0 ? TRI_YES : is_servers(cause.native) ? TRI_NO : TRI_UNKNOWN;
    (void)snprintf(login->answer, sizeof login->answer, "%.310s", rc == 0 ? "" : cause.msg);
}

static void try_trip(void *context, int64_t deadline_ms)
{
    struct trip *trip = context;
    (void)deadline_ms; /* each try has a limit of its own */

    for (size_t i = 0; i < trip->count; i++)
        try_one(trip->service, &trip->logins[i]);
}

static bool is_used(const struct application *application, const struct node *node)
{
    return node->is_primary || application->reads_replicas;
}

static void list_trip(const struct service *service, const struct application *application,
                      const struct node *from, struct survey *out, struct trip *trip)
{
    *trip = (struct trip){.service = service, .logins = &out->logins[out->login_count]};
    for (size_t i = 0; i < service->node_count; i++)
        if (is_used(application, &service->nodes[i]))
            trip->logins[trip->count++] = (struct survey_login){
                .application = application, .from = from, .to = &service->nodes[i]};
    out->login_count += trip->count;
}

int application_logins_try(const struct service *service, struct survey *out, struct err *err)
{
    size_t trip_count = 0, made = 0;

    for (size_t i = 0; i < service->application_count; i++)
        trip_count += service->applications[i].host_count;
    if (trip_count == 0)
        return 0;
    struct trip *trips = calloc(trip_count, sizeof *trips);
    struct host_task *tasks = calloc(trip_count, sizeof *tasks);
    out->logins = calloc(trip_count * service->node_count, sizeof *out->logins);
    if (trips == NULL || tasks == NULL || out->logins == NULL) {
        free(trips);
        free(tasks);
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the logins of applications");
    }
    for (size_t i = 0; i < service->application_count; i++)
        for (size_t j = 0; j < service->applications[i].host_count; j++, made++) {
            const struct application *application = &service->applications[i];
            list_trip(service, application, &application->hosts[j], out, &trips[made]);
            tasks[made] = (struct host_task){try_trip, &trips[made]};
        }
    for (size_t i = 0; i < made; i += AT_ONCE)
        host_together(tasks + i, made - i < AT_ONCE ? made - i : AT_ONCE);
    free(trips);
    free(tasks);
    return 0;
}
