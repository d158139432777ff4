/* SPDX-License-Identifier: MIT */
/*
 * An account is user@host, and which host a server sees nobody knows before a connection was made:
 * NAT, a second interface, IPv6. So the hosts make it, several at a time: one that says nothing
 * costs its own time.
 */
#include "cluster/survey_logins.h"

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

/* The logins from one host, one after the other: they stand side by side. */
struct trip {
    const struct service *service;
    struct survey_login *logins;
    size_t count;
};

static bool is_servers(unsigned native)
{
    return native != 0 && (native < FIRST_OF_A_CLIENT || native > LAST_OF_A_CLIENT);
}

static const struct account *account_of(const struct service *service,
                                        const struct survey_login *login)
{
    return login->application != NULL ? &login->application->account : &service->replication;
}

static void try_one(const struct service *service, struct survey_login *login)
{
    static const struct session_limits limits = {.connect_ms = CONNECT_MS};
    CLEANUP(tunnels_endp) struct tunnels *tunnels = NULL;
    CLEANUP(session_release) struct session session = {0};
    struct node to = *login->to;
    struct err cause = {0};
    bool is_shown = tunnels_show_password(service, login->to);
    int rc = 0;

    if (is_shown && login->application != NULL) {
        (void)snprintf(login->answer, sizeof login->answer,
                       "it was not tried: tls.mode is \"off\", and between %.60s and %.60s others "
                       "could read the password",
                       login->from->name, login->to->name);
        return; /* unknown */
    }
    login->is_tried_here = login->from->ssh == NULL || is_shown;
    if (!login->is_tried_here)
        rc = tunnels_between(login->from, login->to, &to, &tunnels, &cause);
    if (rc == 0)
        rc = session_open_as(service, &to, account_of(service, login), &limits, &session, &cause);
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

static size_t list_applications(const struct service *service, struct survey *out,
                                struct trip *trips)
{
    size_t made = 0;

    for (size_t i = 0; i < service->application_count; i++)
        for (size_t j = 0; j < service->applications[i].host_count; j++)
            list_trip(service, &service->applications[i], &service->applications[i].hosts[j], out,
                      &trips[made++]);
    return made;
}

/* OLD's replicas have links of their own, which nobody here makes. */
static size_t list_replicas(const struct service *service, struct survey *out, struct trip *trips)
{
    size_t made = 0;

    for (size_t i = 0; i < service->node_count; i++) {
        const struct node *node = &service->nodes[i];
        if (node->is_primary || node->side != SIDE_NEW)
            continue;
        struct survey_login *login = &out->replica_logins[out->replica_login_count++];
        *login = (struct survey_login){.from = node, .to = service_primary(service, SIDE_NEW)};
        trips[made++] = (struct trip){.service = service, .logins = login, .count = 1};
    }
    return made;
}

static void go(struct trip *trips, struct host_task *tasks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        tasks[i] = (struct host_task){try_trip, &trips[i]};
    for (size_t i = 0; i < count; i += AT_ONCE)
        host_together(tasks + i, count - i < AT_ONCE ? count - i : AT_ONCE);
}

int survey_logins(const struct service *service, struct survey *out, struct err *err)
{
    size_t room = service->node_count;

    for (size_t i = 0; i < service->application_count; i++)
        room += service->applications[i].host_count;
    struct trip *trips = calloc(room + 1, sizeof *trips);
    struct host_task *tasks = calloc(room + 1, sizeof *tasks);
    out->logins = calloc(room * service->node_count + 1, sizeof *out->logins);
    out->replica_logins = calloc(service->node_count + 1, sizeof *out->replica_logins);
    bool has_room =
        trips != NULL && tasks != NULL && out->logins != NULL && out->replica_logins != NULL;
    if (has_room) {
        size_t count = list_applications(service, out, trips);
        count += list_replicas(service, out, trips + count);
        go(trips, tasks, count);
    }
    free(trips);
    free(tasks);
    return has_room ? 0 : err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for logins");
}
