/* SPDX-License-Identifier: MIT */
/* What looks at the servers while a run lasts: heartbeats, and samples of every node. */
#include "base/clock.h"
#include "engine/driver.h"

#define FIRST_SAMPLES_MS 2000
#define FIRST_SAMPLES_POLL_MS 5

static bool is_sampled(const struct facts *facts, const struct lag_snapshot *now)
{
    for (size_t i = 0; i < now->node_count; i++) {
        const struct node_sample *node = &now->nodes[i];
        bool is_link_known =
            !node->is_link_running ||
            (now->link_lag_ms[node->side] != LAG_INFINITE && node->receive_lag_ms != LAG_INFINITE);
        if (facts->nodes[i].is_reached == TRI_YES && (!node->is_reached || !is_link_known))
            return false;
    }
    return true;
}

/*
 * What has not been looked at yet is as unknown as what cannot be known, and a watch would take the
 * users back for it. What is not known by then is not.
 */
static int await_samples(struct run *run, const struct facts *facts, struct err *err)
{
    int64_t deadline_ms = clock_mono_ms() + FIRST_SAMPLES_MS;
    struct lag_snapshot now;

    for (sampler_read(run->sampler, &now);
         !is_sampled(facts, &now) && clock_mono_ms() < deadline_ms;
         sampler_read(run->sampler, &now))
        if (!clock_sleep_ms(FIRST_SAMPLES_POLL_MS))
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped before the first step");
    return 0;
}

/* Heartbeats on the sides that are open now; the parts that open and close sides move them. */
int run_start_monitors(struct run *run, const struct facts *facts, struct err *err)
{
    int rc = heartbeat_start(run->service, &run->heartbeat, err);

    if (rc)
        return rc;
    /*
     * A NEW that stands alone must stay free of transactions of its own: beat there only when a
     * link carries them.
     */
    bool is_mirrored = facts_link_exists(facts, SIDE_OLD) == TRI_YES;
    heartbeat_set(run->heartbeat, SIDE_OLD, facts_is_open(facts, SIDE_OLD) == TRI_YES);
    heartbeat_set(run->heartbeat, SIDE_NEW,
                  facts_is_open(facts, SIDE_NEW) == TRI_YES && is_mirrored);
    int started = sampler_start(run->service, SAMPLER_INTERVAL_MS, &run->sampler, err);
    return started ? started : await_samples(run, facts, err);
}
