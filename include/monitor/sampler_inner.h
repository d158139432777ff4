/* SPDX-License-Identifier: MIT */
/*
 * monitor/sampler_inner.h - the sampler as the files that implement it see it: sampler_round.c
 *                           knows what is asked of a node and what the answers mean,
 *                           sampler_loop.c asks all of them at once, sampler.c derives lag from
 *                           what they said.
 * Threads:   the loop's thread owns the watchers, but for the reading, which the sampler's mutex
 *            guards, and for the client while its connector runs.
 */
#ifndef CUTOVER_MONITOR_SAMPLER_INNER_H
#define CUTOVER_MONITOR_SAMPLER_INNER_H

#include <pthread.h>

#include "domain/position.h"
#include "monitor/node_client.h"
#include "monitor/sampler.h"

#define BEATS_CAP 16
#define CHANNEL_SIZE 260 /* 64 characters */

/* The channel that feeds a node: the link for a primary, its primary's for a replica. */
struct feed {
    bool is_there, is_running;
    bool is_halted; /* a thread does not run, and has no error */
    char channel[CHANNEL_SIZE];
    char settings[512];
    unsigned native;
    char error[256];
    uint64_t received[SIDE_COUNT]; /* how far in what each side wrote, with all that is applied */
    /* when the newest transaction applied was committed, by its source's clock; 0 unknown */
    int64_t applied_original_us;
};

/* What one node said in one sample. Zero: it could not be read. */
struct reading {
    bool is_reached;
    int64_t asked_ms, read_ms, read_us; /* monotonic before and after, wall clock after */
    int64_t late_ms, took_us;
    enum tri is_open;
    bool is_sealed;
    char others[160];   /* channels that do not feed it */
    int64_t started_ms; /* monotonic; 0 not known */
    uint32_t server_id;
    struct origin origin;
    uint64_t own; /* how far in what it wrote itself */
    /* how far in what each side wrote, if it was known by what that is marked: in its own log, and
     * in what it has applied */
    bool knows[SIDE_COUNT];
    uint64_t logged[SIDE_COUNT], applied[SIDE_COUNT];
    struct {
        uint32_t server_id;
        int64_t beat_us;
    } beats[BEATS_CAP];
    size_t beat_count;
    struct feed feed;
    int64_t ahead_us; /* this server's clock minus ours, at most */
};

/* One round of questions, and where it stands. Not positions, each of which takes kilobytes, but
 * what is asked of them. */
struct round {
    struct reading reading;
    char *applied;    /* MySQL: as the server wrote it, for what a channel says it has received */
    size_t next;      /* question */
    int64_t began_us; /* monotonic */
    int64_t asked_us; /* wall clock, before the last question */
    int64_t uptime_due_ms; /* which need not be asked every time */
    bool has_state;
};

enum watcher_state {
    WATCHER_AWAY,   /* has no connection */
    WATCHER_IDLE,   /* the next round begins at due_ms */
    WATCHER_ASKING, /* an answer has to come before deadline_ms */
};

struct watcher {
    struct sampler *sampler;
    struct node_client client;
    enum watcher_state state;
    int64_t due_ms, deadline_ms;
    struct round round;
    /* opens a connection, and ends */
    pthread_t connector;
    bool has_connector;
    /* guarded by the sampler's mutex, like the rings */
    bool is_connector_done;
    struct reading reading;
};

struct sampler {
    struct watcher watchers[SERVICE_NODE_CAP];
    size_t count;
    int64_t interval_ms, began_ms;
    pthread_t thread;
    bool has_thread;
    int events, wake; /* epoll; an eventfd, in it: somebody has something to tell the loop */
    pthread_mutex_t mutex;
    bool is_stopping; /* guarded by mutex */
    /* a setting that does not change: kept while its primary is silent */
    struct origin origin[SIDE_COUNT];
    /* when the primary of a side was first seen that far in what a side wrote */
    struct lag_ring ring[SIDE_COUNT][SIDE_COUNT];
};

/* --- sampler_round.c --- */

void round_begin(struct watcher *watcher);

void round_release(struct watcher *watcher);

/* The next question of this round; false: there is none, and the reading is complete. */
bool round_next(struct watcher *watcher, enum sql_id *out);

/*
 * What came of it. Half of an answer is none: after an error the round is over.
 * rc, err  of the question; the same, or 0, or what is wrong with the answer is returned
 */
MUST_CHECK int round_answer(struct watcher *watcher, int rc, const struct db_result *rows,
                            struct err *err);

/* --- sampler.c --- */

/* The reading of the round that is complete; or of one that failed: nothing is known. */
void sampler_publish(struct watcher *watcher, bool is_complete);

/* --- sampler_loop.c --- */

MUST_CHECK int sampler_loop_start(struct sampler *sampler, struct err *err);
void sampler_loop_end(struct sampler *sampler); /* joins; also what did not start */

#endif
