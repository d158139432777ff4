/* SPDX-License-Identifier: MIT */
/*
 * What watching costs: monitor CONFIG NODES SECONDS INTERVAL_MS. The nodes of the configuration are
 * watched many times over, each time by a sampler as `serve` and `run` have it, until there are
 * NODES connections; once all have answered, processor time and memory of this process are measured
 * while every sampler is read ten times a second, as the page does. How long a poll took, and how
 * late it began, is told of each that was seen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/db.h"
#include "monitor/sampler.h"
#include "playbook/read.h"

#define SAMPLERS_CAP 256
#define READY_MS 60000
#define READ_EVERY_MS 100

#define POLLS_CAP 400000

struct crowd {
    struct service services[SAMPLERS_CAP]; /* borrow all but the nodes from the first */
    struct sampler *samplers[SAMPLERS_CAP];
    size_t count;
    int64_t interval_ms;
    int64_t seen_ms[SAMPLERS_CAP][SERVICE_NODE_CAP]; /* the last poll that was counted */
    int64_t took_us[POLLS_CAP], late_ms[POLLS_CAP];
    size_t poll_count;
};

/* Each has both primaries, as lag is told between them, and what is left of the nodes. */
static size_t fill(struct service *service, const struct service *all, size_t nodes)
{
    size_t wanted = nodes < SERVICE_NODE_CAP ? nodes : SERVICE_NODE_CAP, count = 2;

    *service = *all;
    service->nodes[0] = *service_primary(all, SIDE_OLD);
    service->nodes[1] = *service_primary(all, SIDE_NEW);
    for (; count < wanted; count++) {
        service->nodes[count] = all->nodes[count % all->node_count];
        service->nodes[count].is_primary = false;
    }
    service->node_count = count;
    return count;
}

static void count_poll(struct crowd *crowd, int64_t *seen_ms, const struct node_sample *sample)
{
    if (!sample->is_reached || sample->asked_ms == *seen_ms || crowd->poll_count == POLLS_CAP)
        return;
    *seen_ms = sample->asked_ms;
    crowd->took_us[crowd->poll_count] = sample->took_us;
    crowd->late_ms[crowd->poll_count++] = sample->late_ms;
}

static size_t reached(struct crowd *crowd)
{
    struct lag_snapshot snapshot;
    size_t count = 0;

    for (size_t i = 0; i < crowd->count; i++) {
        sampler_read(crowd->samplers[i], &snapshot);
        for (size_t n = 0; n < snapshot.node_count; n++) {
            count += snapshot.nodes[n].is_reached;
            count_poll(crowd, &crowd->seen_ms[i][n], &snapshot.nodes[n]);
        }
    }
    return count;
}

static double cpu_s(void)
{
    struct rusage used;

    (void)getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double rss_mib(void)
{
    unsigned long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (file && fscanf(file, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    if (file)
        (void)fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* The value that so many hundredths of the polls do not exceed; sorts them. */
static double percentile(int64_t *values, size_t count, size_t hundredths)
{
    qsort(values, count, sizeof *values, by_size);
    return count ? (double)values[(count - 1) * hundredths / 100] : -1;
}

static void measure(struct crowd *crowd, size_t nodes, int64_t for_ms)
{
    int64_t began_ms = clock_mono_ms(), reads = 0;
    double began_s = cpu_s();
    size_t least = nodes;

    crowd->poll_count = 0;
    while (clock_mono_ms() - began_ms < for_ms) {
        size_t now = reached(crowd);
        least = now < least ? now : least;
        reads++;
        (void)clock_sleep_ms(READ_EVERY_MS);
    }
    double took_s = (double)(clock_mono_ms() - began_ms) / 1000.0;
    double cores = (cpu_s() - began_s) / took_s;
    (void)printf("{\"nodes\": %zu, \"reached_at_least\": %zu, \"seconds\": %.2f, \"cores\": %.4f, "
                 "\"rss_mib\": %.1f, \"reads_per_s\": %.1f, \"polls_per_s\": %.1f, ",
                 nodes, least, took_s, cores, rss_mib(), (double)reads / took_s,
                 (double)crowd->poll_count / took_s);
    (void)printf("\"took_ms\": [%.2f, %.2f], \"late_ms\": [%.0f, %.0f]}\n",
                 percentile(crowd->took_us, crowd->poll_count, 50) / 1000,
                 percentile(crowd->took_us, crowd->poll_count, 99) / 1000,
                 percentile(crowd->late_ms, crowd->poll_count, 50),
                 percentile(crowd->late_ms, crowd->poll_count, 99));
}

static int start(struct crowd *crowd, const struct service *all, size_t nodes, struct err *err)
{
    int rc = 0;

    for (size_t left = nodes; left >= 2 && !rc && crowd->count < SAMPLERS_CAP;) {
        struct service *service = &crowd->services[crowd->count];
        left -= fill(service, all, left);
        rc = sampler_start(service, crowd->interval_ms, &crowd->samplers[crowd->count], err);
        crowd->count += !rc;
    }
    int64_t until_ms = clock_mono_ms() + READY_MS;
    while (!rc && reached(crowd) < nodes && clock_mono_ms() < until_ms)
        (void)clock_sleep_ms(READ_EVERY_MS);
    if (!rc && reached(crowd) < nodes)
        rc = err_set(err, ERR_TIMEOUT, EFFECT_NONE, "only %zu of %zu nodes answer", reached(crowd),
                     nodes);
    return rc;
}

int main(int argc, char **argv)
{
    struct service service = {0};
    struct err err = {0};
    struct crowd *crowd = calloc(1, sizeof *crowd);
    size_t nodes = argc == 5 ? strtoul(argv[2], NULL, 10) : 0;

    if (nodes < 2 || !crowd)
        return 1;
    crowd->interval_ms = (int64_t)strtoul(argv[4], NULL, 10);
    int rc = db_library_init(&err);
    if (!rc)
        rc = service_read(argv[1], &service, &err);
    if (!rc)
        rc = start(crowd, &service, nodes, &err);
    if (!rc)
        measure(crowd, nodes, (int64_t)strtoul(argv[3], NULL, 10) * 1000);
    else
        (void)fprintf(stderr, "%s\n", err.msg);
    for (size_t i = 0; i < crowd->count; i++)
        sampler_free(crowd->samplers[i]);
    free(crowd);
    service_release(&service);
    db_library_end();
    return rc ? 1 : 0;
}
