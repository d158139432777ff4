/* SPDX-License-Identifier: MIT */
/*
 * One thread, a connection to each primary. It writes where the last row was taken and turns to the
 * other side when it is refused there, as a client does whose name leads elsewhere now.
 */
#include "monitor/drill_writer.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "monitor/node_client.h"

#define REFUSED_PAUSE_MS 1
#define LOOK_PAUSE_MS 50
#define BATCH 1000
#define TOKEN_SIZE 33
#define ID_DIGITS 16

struct drill_writer {
    char id[ID_DIGITS + 1];
    struct node_client client[SIDE_COUNT];
    struct node_client reader[SIDE_COUNT]; /* the caller's */
    pthread_t thread;
    bool has_thread;
    enum side side;        /* the writing thread's */
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    bool is_wanted, is_writing;
    uint64_t first, next; /* numbers of rows since the mark */
    unsigned char *fates; /* by number, from `first` */
    size_t room;
    int64_t acknowledged_us; /* the last; 0 none since the mark */
    double longest_gap_ms;
    bool is_out_of_memory;
};

enum fate { FATE_NONE, FATE_ACKNOWLEDGED, FATE_AMBIGUOUS };

static void row_id(const char *drill_id, char out[ID_DIGITS + 1])
{
    (void)snprintf(out, ID_DIGITS + 1, "%.8s%.8s", drill_id, drill_id);
}

static void token_text(const struct drill_writer *writer, uint64_t number, char out[TOKEN_SIZE])
{
    (void)snprintf(out, TOKEN_SIZE, "%.16s%016" PRIx64, writer->id, number);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void take_gap(struct drill_writer *writer, int64_t now_us)
{
    double gap_ms = (double)(now_us - writer->acknowledged_us) / 1000.0;

    if (writer->acknowledged_us && gap_ms > writer->longest_gap_ms)
        writer->longest_gap_ms = gap_ms;
}

/* Called locked. */
static void settle(struct drill_writer *writer, enum fate fate)
{
    size_t index = (size_t)(writer->next - writer->first);

    if (index == writer->room) {
        size_t room = writer->room ? writer->room * 2 : 4096;
        unsigned char *grown = realloc(writer->fates, room);
        if (!grown) {
            writer->is_out_of_memory = true;
            return;
        }
        writer->fates = grown;
        writer->room = room;
    }
    writer->fates[index] = (unsigned char)fate;
    writer->next++;
    if (fate != FATE_ACKNOWLEDGED)
        return;
    int64_t now_us = clock_mono_us();
    take_gap(writer, now_us);
    if (writer->longest_gap_ms < 0)
        writer->longest_gap_ms = 0;
    writer->acknowledged_us = now_us;
}

/* Returns whether a pause of the usual length follows. */
static bool write_one(struct drill_writer *writer, uint64_t number)
{
    struct node_client *client = &writer->client[writer->side];
    char token[TOKEN_SIZE];
    struct err err = {0};

    token_text(writer, number, token);
    int rc = node_client_connect(client, &err);
    bool is_sent = rc == 0;
    if (!rc)
        rc = node_client_exec(client, SQL_PROBE_ROW_WRITE, &(struct sql_arg){"token", token}, 1,
                              &err);
    if (rc)
        writer->side = side_other(writer->side);
    (void)pthread_mutex_lock(&writer->mutex);
    if (!rc)
        settle(writer, FATE_ACKNOWLEDGED);
    else if (is_sent && err.effect != EFFECT_NONE)
        settle(writer, FATE_AMBIGUOUS); /* its number is spent: twice would be another row */
    (void)pthread_mutex_unlock(&writer->mutex);
    return rc == 0;
}

/* May a row be written now? Then nobody may look until end_row(). */
static bool begin_row(struct drill_writer *writer, uint64_t *out_number)
{
    (void)pthread_mutex_lock(&writer->mutex);
    writer->is_writing = writer->is_wanted && !writer->is_out_of_memory;
    *out_number = writer->next;
    bool is_writing = writer->is_writing;
    (void)pthread_mutex_unlock(&writer->mutex);
    return is_writing;
}

static void end_row(struct drill_writer *writer)
{
    (void)pthread_mutex_lock(&writer->mutex);
    writer->is_writing = false;
    (void)pthread_cond_broadcast(&writer->changed);
    (void)pthread_mutex_unlock(&writer->mutex);
}

static void *write_rows(void *argument)
{
    struct drill_writer *writer = argument;
    int64_t pause_ms = 0;
    uint64_t number;

    while (node_client_wait(&writer->client[SIDE_OLD], clock_mono_ms() + pause_ms)) {
        pause_ms = DRILL_WRITE_INTERVAL_MS;
        if (!begin_row(writer, &number))
            continue;
        pause_ms = write_one(writer, number) ? DRILL_WRITE_INTERVAL_MS : REFUSED_PAUSE_MS;
        end_row(writer);
    }
    return NULL;
}

/* --- starting and ending ---------------------------------------------------------------------- */

static void drill_writer_freep(struct drill_writer **writer)
{
    drill_writer_free(*writer);
    *writer = NULL;
}

int drill_writer_start(const struct service *service, const char *id, struct drill_writer **out,
                       struct err *err)
{
    CLEANUP(drill_writer_freep) struct drill_writer *writer = calloc(1, sizeof(*writer));
    if (writer == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the rows of a drill");
    row_id(id, writer->id);
    writer->is_wanted = true;
    writer->longest_gap_ms = -1;
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++) {
        const struct node *node = service_primary(service, (enum side)side);
        node_client_init(&writer->client[side], service, node, &service->monitor);
        node_client_init(&writer->reader[side], service, node, &service->controller);
    }
    (void)pthread_mutex_init(&writer->mutex, NULL);
    (void)pthread_cond_init(&writer->changed, NULL);
    writer->has_thread = pthread_create(&writer->thread, NULL, write_rows, writer) == 0;
    if (!writer->has_thread)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no thread for the rows of a drill");
    *out = writer;
    writer = NULL;
    return 0;
}

bool drill_writer_wait(struct drill_writer *writer, int64_t deadline_ms)
{
    int64_t since_us = clock_mono_us(), last_us = 0;

    while (last_us <= since_us && clock_mono_ms() < deadline_ms) {
        (void)pthread_mutex_lock(&writer->mutex);
        last_us = writer->acknowledged_us;
        (void)pthread_mutex_unlock(&writer->mutex);
        if (last_us <= since_us && !clock_sleep_ms(DRILL_WRITE_INTERVAL_MS))
            return false;
    }
    return last_us > since_us;
}

void drill_writer_mark(struct drill_writer *writer)
{
    (void)pthread_mutex_lock(&writer->mutex);
    while (writer->is_writing)
        (void)pthread_cond_wait(&writer->changed, &writer->mutex);
    writer->first = writer->next;
    writer->acknowledged_us = 0;
    writer->longest_gap_ms = -1;
    (void)pthread_mutex_unlock(&writer->mutex);
}

static void set_wanted(struct drill_writer *writer, bool is_wanted)
{
    (void)pthread_mutex_lock(&writer->mutex);
    writer->is_wanted = is_wanted;
    while (!is_wanted && writer->is_writing)
        (void)pthread_cond_wait(&writer->changed, &writer->mutex);
    (void)pthread_mutex_unlock(&writer->mutex);
}

void drill_writer_go_on(struct drill_writer *writer)
{
    set_wanted(writer, true);
}

/* --- looking for them ------------------------------------------------------------------------- */

static int look_batch(struct drill_writer *writer, enum side side, uint64_t from, uint64_t until,
                      unsigned char *found, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    struct node_client *client = &writer->reader[side];
    char from_token[TOKEN_SIZE], until_token[TOKEN_SIZE];

    token_text(writer, from, from_token);
    token_text(writer, until - 1, until_token);
    const struct sql_arg args[] = {{"from", from_token}, {"until", until_token}};
    int rc = node_client_connect(client, err);
    if (rc == 0)
        rc = node_client_query_with(client, SQL_DRILL_ROWS_SEEN, args, ARRAY_LEN(args), &rows, err);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++) {
        const char *token = db_result_text(&rows, i, 0);
        uint64_t number =
            token && strlen(token) > ID_DIGITS ? strtoull(token + ID_DIGITS, NULL, 16) : 0;
        if (number >= from && number < until)
            found[number - from] = 1;
    }
    return rc;
}

/* How many acknowledged rows a side lacks now. */
static int count_missing(struct drill_writer *writer, enum side side, uint64_t *out,
                         struct err *err)
{
    uint64_t missing = 0;

    for (uint64_t from = writer->first; from < writer->next; from += BATCH) {
        unsigned char found[BATCH] = {0};
        uint64_t until = from + BATCH < writer->next ? from + BATCH : writer->next;
        int rc = look_batch(writer, side, from, until, found, err);
        if (rc != 0)
            return rc;
        for (uint64_t i = from; i < until; i++)
            if (writer->fates[i - writer->first] == FATE_ACKNOWLEDGED && !found[i - from])
                missing++;
    }
    *out = missing;
    return 0;
}

static int wait_missing(struct drill_writer *writer, enum side side, int64_t deadline_ms,
                        uint64_t *out, struct err *err)
{
    for (;;) {
        struct err failure = {0};
        int rc = count_missing(writer, side, out, &failure);
        if (rc == 0 && *out == 0)
            return 0;
        if (clock_mono_ms() >= deadline_ms || !clock_sleep_ms(LOOK_PAUSE_MS)) {
            if (rc != 0 && err != NULL)
                *err = failure;
            return rc;
        }
    }
}

/* The writing thread is at rest: nothing of it is changed meanwhile. */
int drill_writer_check(struct drill_writer *writer, int64_t deadline_ms, struct drill_writes *out,
                       struct err *err)
{
    struct drill_writes writes = {0};
    uint64_t missing[SIDE_COUNT] = {0};

    set_wanted(writer, false);
    for (uint64_t i = 0; i < writer->next - writer->first; i++) {
        writes.acknowledged += writer->fates[i] == FATE_ACKNOWLEDGED;
        writes.ambiguous += writer->fates[i] == FATE_AMBIGUOUS;
    }
    writes.longest_gap_ms = writer->longest_gap_ms;
    if (writer->is_out_of_memory)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the rows of a drill");
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++) {
        int rc = wait_missing(writer, (enum side)side, deadline_ms, &missing[side], err);
        if (rc != 0)
            return err_wrap(err, "looking for the drill's rows on %s", side_title((enum side)side));
    }
    writes.lost = missing[SIDE_OLD] > missing[SIDE_NEW] ? missing[SIDE_OLD] : missing[SIDE_NEW];
    *out = writes;
    return 0;
}

/* --- taking them away ------------------------------------------------------------------------- */

/* Replication takes them away on the other side. False: this side does not take that. */
static bool delete_rows(struct node_client *client, const char *id)
{
    char from[TOKEN_SIZE], until[TOKEN_SIZE];

    (void)snprintf(from, sizeof(from), "%.16s%016d", id, 0);
    (void)snprintf(until, sizeof(until), "%.16s%s", id, "ffffffffffffffff");
    const struct sql_arg args[] = {{"from", from}, {"until", until}};
    for (;;) {
        if (node_client_connect(client, NULL) != 0 ||
            node_client_exec(client, SQL_DRILL_ROWS_DELETE, args, ARRAY_LEN(args), NULL) != 0)
            return false;
        if (db_affected(client->db) == 0)
            return true;
    }
}

void drill_writer_clean(const struct service *service, const char *id)
{
    char rows[ID_DIGITS + 1];
    bool is_done = false;

    row_id(id, rows);
    for (int side = SIDE_OLD; side < SIDE_COUNT && !is_done; side++) {
        struct node_client client;
        node_client_init(&client, service, service_primary(service, (enum side)side),
                         &service->monitor);
        is_done = delete_rows(&client, rows);
        node_client_release(&client);
    }
}

void drill_writer_free(struct drill_writer *writer)
{
    if (writer == NULL)
        return;
    node_client_stop(&writer->client[SIDE_OLD]); /* the one that its pauses are timed by */
    if (writer->has_thread)
        (void)pthread_join(writer->thread, NULL);
    if (writer->has_thread && !delete_rows(&writer->client[writer->side], writer->id))
        (void)delete_rows(&writer->client[side_other(writer->side)], writer->id);
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++) {
        node_client_release(&writer->client[side]);
        node_client_release(&writer->reader[side]);
    }
    (void)pthread_cond_destroy(&writer->changed);
    (void)pthread_mutex_destroy(&writer->mutex);
    free(writer->fates);
    free(writer);
}
