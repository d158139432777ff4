/* SPDX-License-Identifier: MIT */
/*
 * Who listens is the one who will receive, at the port of a seed; nothing but bytes of no meaning
 * is sent. The first of them starts the clock there, so that neither ssh nor the handshake counts.
 */
#include "cluster/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/signals.h"
#include "cluster/seed_host.h"

#define ASK_MS 30000
#define LOOK_MS 100
#define NUMBER_TEXT 16
#define TEXT_OF(number) #number
#define NUMBER(number) TEXT_OF(number)

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static void fail(char *problem, size_t size, const struct err *cause)
{
    (void)snprintf(problem, size, "%.190s", cause->msg);
}

static bool has_ssh(const struct node *node, char *problem, size_t size)
{
    if (node->ssh != NULL)
        return true;
    (void)snprintf(problem, size, "no ssh is configured for %.150s", node->name);
    return false;
}

/* A replica connects to its source. */
static void measure_trips(struct survey_path *path)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    char port[NUMBER_TEXT], trip[NUMBER_TEXT];
    int64_t trips[PATH_TRIPS];
    struct err cause = {0};

    if (!has_ssh(path->to, path->trip_problem, sizeof path->trip_problem))
        return;
    (void)snprintf(port, sizeof port, "%u", path->from->port);
    const char *const words[] = {"trips", path->from->host, port, NUMBER(PATH_TRIPS), NULL};
    if (seed_host_ask(path->to, words, ASK_MS, &result, &cause) != 0) {
        fail(path->trip_problem, sizeof path->trip_problem, &cause);
        return;
    }
    for (const char *at = NULL;
         path->trips < PATH_TRIPS && seed_host_next(&result, "trip", &at, trip, sizeof trip);)
        trips[path->trips++] = strtoll(trip, NULL, 10);
    if (path->trips == 0) {
        (void)snprintf(path->trip_problem, sizeof path->trip_problem, "its host told nothing");
        return;
    }
    qsort(trips, path->trips, sizeof trips[0], by_size);
    path->middle_us = trips[path->trips / 2];
    path->worst_us = trips[path->trips - 1];
}

static int wait_listening(struct seed_end *end)
{
    struct seed_end_state state = {0};

    for (; !state.is_listening && !state.is_over; seed_end_look(end, &state))
        (void)clock_sleep_ms(LOOK_MS);
    return state.is_over ? ERR_LOST : 0;
}

/* What is lost is sent again, by the one that sends. */
static void take_loss(const struct ssh_result *given, struct survey_path *path)
{
    char sent[NUMBER_TEXT];

    seed_host_value(given, "sent", sent, sizeof sent);
    path->sent = seed_host_number(given, "sent");
    path->sent_again = seed_host_number(given, "again");
    if (sent[0] == '\0' || path->sent == 0) {
        path->sent = 0;
        (void)snprintf(path->loss_problem, sizeof path->loss_problem,
                       "the host of %.100s does not count segments", path->from->name);
    }
}

/* Rows go from a source to its replica. */
static int send_bytes(struct survey_path *path, struct err *err)
{
    CLEANUP(seed_end_release) struct seed_end taker = {0};
    CLEANUP(ssh_result_release) struct ssh_result given = {0};
    char port[NUMBER_TEXT];

    (void)snprintf(port, sizeof port, "%u", path->to->ssh->seed_port);
    const char *const take[] = {"take", path->to->host, port, NULL};
    const char *const give[] = {
        "give", path->to->host, port, NUMBER(PATH_BYTES), NUMBER(PATH_SECONDS), NULL};
    int rc = seed_end_start(&taker, path->to, take, NULL, ASK_MS, err);
    if (rc == 0 && wait_listening(&taker) == 0)
        rc = seed_host_ask(path->from, give, ASK_MS, &given, err);
    if (rc == 0)
        rc = seed_end_join(&taker, err);
    if (rc != 0)
        return rc;
    if (taker.took_us == 0 || taker.bytes == 0)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "nothing arrived");
    path->bytes_per_s = (double)taker.bytes * 1e6 / (double)taker.took_us;
    take_loss(&given, path);
    return 0;
}

static void measure_bulk(struct survey_path *path)
{
    struct err cause = {0};

    if (path->trips == 0) { /* nobody answered: it would be waited for again */
        (void)snprintf(path->bulk_problem, sizeof path->bulk_problem, "%s", path->trip_problem);
        return;
    }
    if (!has_ssh(path->to, path->bulk_problem, sizeof path->bulk_problem) ||
        !has_ssh(path->from, path->bulk_problem, sizeof path->bulk_problem) ||
        send_bytes(path, &cause) == 0)
        return;
    fail(path->bulk_problem, sizeof path->bulk_problem, &cause);
}

static void add(struct survey *out, const struct node *from, const struct node *to)
{
    out->paths[out->path_count++] = (struct survey_path){.from = from, .to = to};
}

int paths_measure(const struct service *service, struct survey *out,
                  void (*progress)(void *context, const struct survey_path *path), void *context,
                  struct err *err)
{
    const struct node *old = service_primary(service, SIDE_OLD);
    const struct node *new = service_primary(service, SIDE_NEW);

    out->paths = calloc(service->node_count + 2, sizeof *out->paths);
    if (out->paths == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the paths");
    add(out, old, new);
    add(out, new, old);
    for (size_t i = 0; i < service->node_count; i++)
        if (service->nodes[i].side == SIDE_NEW && !service->nodes[i].is_primary)
            add(out, new, &service->nodes[i]);
    for (size_t i = 0; i < out->path_count; i++) {
        if (signals_stop_wanted())
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while measuring paths");
        if (progress != NULL)
            progress(context, &out->paths[i]);
        measure_trips(&out->paths[i]);
        measure_bulk(&out->paths[i]);
    }
    return 0;
}
