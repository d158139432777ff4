/* SPDX-License-Identifier: MIT */
/*
 * The lease is a lock that the servers hold for a connection: it is gone when this process is,
 * without a timeout to wait for and without a clock to trust. The row beside it only tells a second
 * controller whom to ask, and carries the epoch. OLD's primary is always asked first, so of two
 * controllers that start together one gets both locks.
 *
 * A sealed node (MySQL: super_read_only) takes no row, nor does one from which a clone has thrown
 * the table away. There the lock alone is the lease: whose connection has it has had it all along.
 * The name of its holder is on the other side, which is hardly ever sealed at the same time.
 */
#include "cluster/lease.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "cluster/door.h"
#include "cluster/mark.h"
#include "cluster/own_schema.h"
#include "cluster/session.h"

#define KEEPER_INTERVAL_MS 1000
#define LEASE_IDLE_S 60 /* how long a lease outlives a controller whose network is gone */
#define FRESH_MS 3000   /* seen to be ours so long ago it is ours: far less than LEASE_IDLE_S */
#define GIVE_BACK_MS 1000
#define ERROR_NO_SUCH_DATABASE 1049
#define ERROR_NO_SUCH_TABLE 1146
#define LOCK_PREFIX "cutover."

struct lease {
    const struct service *service;
    char lock[LOCK_NAME_SIZE];
    char holder[256], run[65];
    int64_t epoch;
    bool is_unsigned[SIDE_COUNT];       /* nobody could sign when the lock was taken */
    struct session session[SIDE_COUNT]; /* guarded by mutex */
    struct session_permit permit[SIDE_COUNT];
    _Atomic int64_t seen_ms[SIDE_COUNT]; /* when a side's lock was last seen to be ours */
    struct err taken;                    /* it is not ours any more, and that does not change */
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    pthread_t keeper;
    bool has_keeper, is_ending;
    pthread_mutex_t swept_mutex;
    bool is_swept[SERVICE_NODE_CAP]; /* nobody else's session can change anything on that node */
};

/* Who has the lock on one server. thread 0: nobody. */
struct lease_owner {
    int64_t thread_id;
    int64_t epoch; /* of the last who signed, whether or not he still holds it */
    bool has_signed;
    bool is_without_table; /* nobody can sign there */
    char holder[256], run[65], since[32];
};

/* --- who holds it --- */

static int read_signature(struct session *session, const struct service *service,
                          struct lease_owner *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    struct err cause = {0};
    int rc = session_query(session, SQL_LEASE_READ, &(struct sql_arg){"service", service->name}, 1,
                           &row, &cause);
    if (rc != 0 &&
        (cause.native == ERROR_NO_SUCH_DATABASE || cause.native == ERROR_NO_SUCH_TABLE)) {
        out->is_without_table = true; /* nobody ever signed here, or a clone threw that away */
        return 0;
    }
    if (rc != 0) {
        if (err != NULL)
            *err = cause;
        return rc;
    }
    if (row.row_count == 0)
        return 0;
    out->epoch = result_number(&row, 0, "epoch");
    out->has_signed = out->thread_id != 0 && result_number(&row, 0, "thread_id") == out->thread_id;
    result_copy(&row, 0, "holder", out->holder, sizeof(out->holder));
    result_copy(&row, 0, "run", out->run, sizeof(out->run));
    result_copy(&row, 0, "taken_at", out->since, sizeof(out->since));
    return 0;
}

static int read_owner(struct session *session, const struct service *service,
                      struct lease_owner *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    char lock[LOCK_NAME_SIZE];
    int rc = mark_lock_name(service, LOCK_PREFIX, lock, err);
    if (rc == 0)
        rc = session_query_row(session, SQL_LEASE_OWNER, &(struct sql_arg){"lock", lock}, 1, &row,
                               err);
    if (rc != 0)
        return rc;
    *out = (struct lease_owner){.thread_id = result_number(&row, 0, "thread_id")};
    return read_signature(session, service, out, err);
}

static void describe_owner(const struct lease_owner *owner, char *out, size_t out_size)
{
    if (owner->has_signed)
        (void)snprintf(out, out_size, "%s, run %s, since %s UTC", owner->holder, owner->run,
                       owner->since);
    else
        (void)snprintf(out, out_size, "a controller that has not signed there (thread %lld)",
                       (long long)owner->thread_id);
}

/* Whoever holds the lease signed on the side that is not sealed, if he holds that, too. */
static void ask_other_side(const struct service *service, const struct node *node,
                           struct lease_owner *owner)
{
    CLEANUP(session_release) struct session session = {0};
    struct lease_owner other = {0};
    const struct node *there = service_primary(service, side_other(node->side));
    if (session_open(service, there, SESSION_CONTROLLER, &session, NULL) == 0 &&
        read_owner(&session, service, &other, NULL) == 0 && other.has_signed)
        *owner = other;
}

static int held_by_another(struct session *session, const struct service *service, struct err *err)
{
    struct lease_owner owner;
    char text[480];
    int rc = read_owner(session, service, &owner, err);
    if (rc != 0)
        return rc;
    if (owner.thread_id != 0 && !owner.has_signed)
        ask_other_side(service, session->node, &owner);
    if (owner.thread_id == 0) /* given back between two questions */
        rc = err_set(err, ERR_BUSY, EFFECT_NONE, "another controller held the lease a moment ago");
    else {
        describe_owner(&owner, text, sizeof(text));
        rc = err_set(err, ERR_BUSY, EFFECT_NONE, "the lease is held by %s", text);
    }
    (void)err_where(err, "%s", db_where(session->db));
    (void)err_hint(
        err,
        "wait for that run to end, or stop it there; a lease ends with the process that holds it");
    return rc;
}

int lease_holder(const struct service *service, char *out, size_t out_size, struct err *err)
{
    struct err lost = {0};
    struct lease_owner found = {0};
    for (int side = SIDE_OLD; side < SIDE_COUNT && !found.has_signed; side++) {
        CLEANUP(session_release) struct session session = {0};
        struct lease_owner owner = {0};
        const struct node *node = service_primary(service, (enum side)side);
        if (session_open(service, node, SESSION_CONTROLLER, &session, &lost) != 0 ||
            read_owner(&session, service, &owner, &lost) != 0)
            continue;
        if (owner.has_signed || found.thread_id == 0)
            found = owner;
    }
    if (found.thread_id != 0) {
        describe_owner(&found, out, out_size);
        return 0;
    }
    if (lost.code != ERR_NONE) {
        if (err != NULL)
            *err = lost;
        return lost.code;
    }
    out[0] = '\0';
    return 0;
}

/* --- for how long it is ours --- */

/* The moment before the question: the answer may have been on its way for long. */
static void seen(struct lease *lease, enum side side, int64_t asked_ms)
{
    atomic_store(&lease->seen_ms[side], asked_ms);
}

static bool is_fresh(const struct lease *lease)
{
    int64_t now_ms = clock_boot_ms();
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++) {
        int64_t seen_ms = atomic_load(&lease->seen_ms[side]);
        if (seen_ms != 0 && now_ms - seen_ms < FRESH_MS)
            return true;
    }
    return false;
}

static int check_permit(const struct session_permit *permit, struct err *err)
{
    return is_fresh(permit->lease) ? 0 : lease_check_any(permit->lease, err);
}

/*
 * End what earlier holders have left on a node. Before any session of ours is marked there, and
 * once: whoever comes to it later finds that the lease is ours.
 */
static int sweep(struct lease *lease, struct session *session, struct err *err)
{
    size_t node = (size_t)(session->node - lease->service->nodes);
    unsigned ended = 0;
    if (lease->is_swept[node])
        return 0;
    int rc = mark_end_all(lease->service, session, &ended, err);
    if (ended > 0)
        log_warn("%s: %u session(s) of a controller that was in charge before were ended",
                 session->node->name, ended);
    lease->is_swept[node] = rc == 0;
    return rc;
}

static int admit(const struct session_permit *permit, struct session *session, struct err *err)
{
    struct lease *lease = permit->lease;
    (void)pthread_mutex_lock(&lease->swept_mutex);
    int rc = sweep(lease, session, err);
    (void)pthread_mutex_unlock(&lease->swept_mutex);
    return rc == 0 ? mark_take(lease->service, session, err) : rc;
}

const struct session_permit *lease_permit(const struct lease *lease, enum side side)
{
    return &lease->permit[side];
}

/* --- taking it --- */

static int take_lock(struct lease *lease, enum side side, int64_t *epoch, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    struct session *session = &lease->session[side];
    const struct session_limits limits = {.idle_s = LEASE_IDLE_S};
    struct lease_owner last = {0};
    int64_t asked_ms = clock_boot_ms();
    lease->permit[side].thread_id = 0;
    int rc = session_open_within(lease->service, service_primary(lease->service, side),
                                 SESSION_CONTROLLER, &limits, session, err);
    if (rc != 0)
        return rc;
    rc = session_exec(session, SQL_UNLOGGED, NULL, 0, err);
    if (rc != 0)
        return rc;
    rc = session_query_row(session, SQL_LEASE_LOCK, &(struct sql_arg){"lock", lease->lock}, 1, &row,
                           err);
    if (rc != 0)
        return rc;
    if (result_number(&row, 0, "taken") != 1)
        return held_by_another(session, lease->service, err);
    rc = read_owner(session, lease->service, &last, err);
    if (rc != 0)
        return rc;
    if (last.epoch > *epoch)
        *epoch = last.epoch;
    lease->permit[side].thread_id = db_thread_id(session->db);
    seen(lease, side, asked_ms);
    return 0;
}

static int sign(struct lease *lease, enum side side, struct err *err)
{
    char epoch[24];
    struct err cause = {0};
    (void)snprintf(epoch, sizeof(epoch), "%lld", (long long)lease->epoch);
    const struct sql_arg args[] = {{"service", lease->service->name},
                                   {"holder", lease->holder},
                                   {"run", lease->run},
                                   {"epoch", epoch}};
    int rc = session_exec(&lease->session[side], SQL_LEASE_WRITE, args, ARRAY_LEN(args), &cause);
    lease->is_unsigned[side] = rc != 0 && door_refuses(&lease->session[side], &cause);
    if (rc == 0 || lease->is_unsigned[side])
        return 0;
    if (err != NULL)
        *err = cause;
    return rc;
}

/* May a side be left out because its primary does not answer? Not both. */
static bool may_be_absent(const struct lease *lease, enum side side, bool is_one_enough, int rc)
{
    bool is_other_held = side == SIDE_OLD || lease->session[SIDE_OLD].db != NULL;
    return is_one_enough && (rc == ERR_LOST || rc == ERR_TIMEOUT) && is_other_held;
}

/* Our tables and our name, where they can be. */
static int prepare_and_sign(struct lease *lease, enum side side, struct err *err)
{
    const struct node *node = service_primary(lease->service, side);
    struct err cause = {0};
    int rc = own_schema_prepare(lease->service, node, &cause);

    if (rc != 0 && own_schema_is_barred(&cause)) { /* only another clone, or a person, mends it */
        log_warn("%s: %s, continuing", node->name, cause.msg);
        lease->is_unsigned[side] = true;
        return 0;
    }
    if (rc != 0 && err != NULL)
        *err = cause;
    return rc != 0 ? rc : sign(lease, side, err);
}

static int take_locks(struct lease *lease, bool is_one_enough, struct err *err)
{
    int64_t last_epoch = 0;
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++) {
        struct err cause = {0};
        int rc = take_lock(lease, (enum side)side, &last_epoch, &cause);
        if (rc != 0 && !may_be_absent(lease, (enum side)side, is_one_enough, rc)) {
            if (err != NULL)
                *err = cause;
            return rc;
        }
        if (rc != 0) {
            log_warn("%s does not answer: the lease is held on the other side alone, continuing",
                     service_primary(lease->service, (enum side)side)->name);
            session_release(&lease->session[side]);
        }
    }
    lease->epoch = last_epoch + 1;
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++) {
        if (lease->session[side].db == NULL)
            continue;
        int rc = sweep(lease, &lease->session[side], err);
        if (rc == 0)
            rc = prepare_and_sign(lease, (enum side)side, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* --- keeping it --- */

/* A question keeps the connection from idling to its end, and unlike a write it never waits behind
 * a fence. */
static void ping(struct lease *lease, enum side side)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    struct session *session = &lease->session[side];
    if (session->db == NULL || db_is_dead(session->db))
        return;
    int64_t asked_ms = clock_boot_ms();
    /* a failure shows when lease_check() asks */
    if (session_query_row(session, SQL_LEASE_OWNER, &(struct sql_arg){"lock", lease->lock}, 1, &row,
                          NULL) == 0 &&
        result_number(&row, 0, "thread_id") == (int64_t)db_thread_id(session->db))
        seen(lease, side, asked_ms);
}

static struct timespec in_ms(int64_t ms)
{
    struct timespec at = {0};
    int64_t due_ms = clock_mono_ms() + ms;
    at.tv_sec = (time_t)(due_ms / 1000);
    at.tv_nsec = (long)(due_ms % 1000) * 1000000;
    return at;
}

static void *keep(void *argument)
{
    struct lease *lease = argument;
    (void)pthread_mutex_lock(&lease->mutex);
    while (!lease->is_ending) {
        struct timespec due = in_ms(KEEPER_INTERVAL_MS);
        (void)pthread_cond_timedwait(&lease->wake, &lease->mutex, &due);
        for (int side = SIDE_OLD; side < SIDE_COUNT && !lease->is_ending; side++)
            ping(lease, (enum side)side);
    }
    (void)pthread_mutex_unlock(&lease->mutex);
    return NULL;
}

static struct lease *lease_new(const struct service *service)
{
    struct lease *lease = calloc(1, sizeof(*lease));
    pthread_condattr_t monotonic;
    if (lease == NULL)
        return NULL;
    lease->service = service;
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++)
        lease->permit[side] =
            (struct session_permit){.check = check_permit, .admit = admit, .lease = lease};
    (void)pthread_mutex_init(&lease->mutex, NULL);
    (void)pthread_mutex_init(&lease->swept_mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&lease->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return lease;
}

static void lease_freep(struct lease **lease)
{
    lease_free(*lease);
    *lease = NULL;
}

static int take(const struct service *service, const char *holder, const char *run_id,
                bool is_one_enough, struct lease **out, struct err *err)
{
    CLEANUP(lease_freep) struct lease *lease = lease_new(service);
    if (lease == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the lease");
    (void)snprintf(lease->holder, sizeof(lease->holder), "%s", holder);
    (void)snprintf(lease->run, sizeof(lease->run), "%s", run_id);
    int rc = mark_lock_name(service, LOCK_PREFIX, lease->lock, err);
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++)
        (void)snprintf(lease->permit[side].lock, sizeof(lease->permit[side].lock), "%s",
                       lease->lock);
    if (rc == 0)
        rc = take_locks(lease, is_one_enough, err);
    if (rc != 0)
        return rc;
    if (pthread_create(&lease->keeper, NULL, keep, lease) != 0)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no thread for the lease's keeper");
    lease->has_keeper = true;
    *out = lease;
    lease = NULL;
    return 0;
}

int lease_take(const struct service *service, const char *holder, const char *run_id,
               struct lease **out, struct err *err)
{
    return take(service, holder, run_id, false, out, err);
}

int lease_take_any(const struct service *service, const char *holder, const char *run_id,
                   struct lease **out, struct err *err)
{
    return take(service, holder, run_id, true, out, err);
}

static int check_side(struct lease *lease, enum side side, struct err *err)
{
    struct session *session = &lease->session[side];
    struct lease_owner owner;
    if (lease->taken.code != ERR_NONE) {
        *err = lease->taken;
        return lease->taken.code;
    }
    if (session->db == NULL)
        return err_set(err, ERR_LOST, EFFECT_NONE, "the primary of %s did not answer",
                       side_title(side));
    int64_t asked_ms = clock_boot_ms();
    int rc = read_owner(session, lease->service, &owner, err);
    if (rc != 0)
        return err_wrap(err, "the lease on %s cannot be confirmed", side_title(side));
    bool is_signed = owner.has_signed && owner.epoch == lease->epoch;
    if (owner.thread_id == (int64_t)db_thread_id(session->db) &&
        (is_signed || lease->is_unsigned[side] || owner.is_without_table)) {
        seen(lease, side, asked_ms);
        return 0;
    }
    if (owner.thread_id == 0)
        rc = err_set(err, ERR_BUSY, EFFECT_NONE, "the lease is no longer ours: its lock is free");
    else {
        char text[480];
        describe_owner(&owner, text, sizeof(text));
        rc = err_set(err, ERR_BUSY, EFFECT_NONE, "the lease is no longer ours: it is held by %s",
                     text);
    }
    (void)err_where(err, "%s", db_where(session->db));
    lease->taken = *err;
    return rc;
}

static int confirm_side(struct lease *lease, enum side side, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    struct session *session = &lease->session[side];
    if (session->db == NULL)
        return err_set(err, ERR_LOST, EFFECT_NONE, "the primary of %s did not answer",
                       side_title(side));
    int rc = session_query_row(session, SQL_LEASE_OWNER, &(struct sql_arg){"lock", lease->lock}, 1,
                               &row, err);
    if (rc != 0)
        return err_wrap(err, "the lease on %s cannot be confirmed", side_title(side));
    if (result_number(&row, 0, "thread_id") == (int64_t)db_thread_id(session->db))
        return 0;
    return check_side(lease, side, err); /* says who has it */
}

int lease_confirm(struct lease *lease, enum side side, struct err *err)
{
    (void)pthread_mutex_lock(&lease->mutex);
    int rc = confirm_side(lease, side, err);
    (void)pthread_mutex_unlock(&lease->mutex);
    return rc;
}

int lease_check(struct lease *lease, struct err *err)
{
    int rc = 0;
    (void)pthread_mutex_lock(&lease->mutex);
    for (int side = SIDE_OLD; side < SIDE_COUNT && rc == 0; side++)
        rc = check_side(lease, (enum side)side, err);
    (void)pthread_mutex_unlock(&lease->mutex);
    return rc;
}

/* The lock went with the connection. Whoever wants it must ask OLD and NEW both, so while the other
 * side's lock is ours it has only to be taken again. */
static int retake(struct lease *lease, enum side side, struct err *err)
{
    int64_t last_epoch = 0;
    session_release(&lease->session[side]);
    int rc = take_lock(lease, side, &last_epoch, err);
    if (rc == 0 && last_epoch > lease->epoch)
        rc = err_set(err, ERR_BUSY, EFFECT_NONE,
                     "another controller has held the lease on %s meanwhile", side_title(side));
    if (rc == 0)
        return sign(lease, side, err);
    lease->permit[side].thread_id = 0;
    session_release(&lease->session[side]);
    if (rc == ERR_BUSY)
        lease->taken = *err;
    return rc;
}

/* While this side was asked for, the other one's lock may have been lost: see lease_renew(). */
static int renew_side(struct lease *lease, enum side side, bool *is_retaken, struct err *err)
{
    struct err cause = {0};
    int rc = check_side(lease, side, &cause);
    if (rc == ERR_LOST || rc == ERR_TIMEOUT) { /* no failure once it is ours again */
        *is_retaken = true;
        return retake(lease, side, err);
    }
    if (rc != 0)
        *err = cause;
    return rc;
}

/* Nobody has had it: the lock of one side was ours for as long as the other one's was not. That is
 * known only when it is asked for last: a controller may stand still between two questions. */
int lease_renew(struct lease *lease, struct err *err)
{
    bool is_retaken = false;
    int rc = 0;
    (void)pthread_mutex_lock(&lease->mutex);
    for (int side = SIDE_OLD; side < SIDE_COUNT && rc == 0; side++)
        rc = renew_side(lease, (enum side)side, &is_retaken, err);
    for (int side = SIDE_OLD; side < SIDE_COUNT && rc == 0 && is_retaken; side++)
        rc = check_side(lease, (enum side)side, err);
    (void)pthread_mutex_unlock(&lease->mutex);
    return rc;
}

/* Stricter: a sealed node shows no signature of who came and went while both locks were lost. */
int lease_hold_side(struct lease *lease, enum side side, struct err *err)
{
    bool is_retaken = false;
    (void)pthread_mutex_lock(&lease->mutex);
    int rc = renew_side(lease, side, &is_retaken, err);
    if (rc == 0 && is_retaken)
        rc = check_side(lease, side_other(side), err);
    (void)pthread_mutex_unlock(&lease->mutex);
    return rc;
}

int lease_check_any(struct lease *lease, struct err *err)
{
    struct err cause[SIDE_COUNT] = {0};
    unsigned confirmed = 0;
    (void)pthread_mutex_lock(&lease->mutex);
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++)
        confirmed += check_side(lease, (enum side)side, &cause[side]) == 0;
    (void)pthread_mutex_unlock(&lease->mutex);
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++)
        if (cause[side].code == ERR_BUSY || (confirmed == 0 && cause[side].code != ERR_NONE)) {
            *err = cause[side];
            return cause[side].code;
        }
    return 0;
}

int64_t lease_epoch(const struct lease *lease)
{
    return lease->epoch;
}

/* Closing the connection gives the lock back, too, but a moment later than the next run may ask for
 * it. */
static void give_back(struct lease *lease, enum side side)
{
    struct session *session = &lease->session[side];
    const struct sql_arg lock = {"lock", lease->lock};
    if (session->db != NULL && !db_is_dead(session->db) &&
        db_set_timeout(session->db, GIVE_BACK_MS, NULL) == 0)
        (void)!session_exec(session, SQL_LEASE_UNLOCK, &lock, 1, NULL); /* see above */
    session_release(session);
}

void lease_free(struct lease *lease)
{
    if (lease == NULL)
        return;
    if (lease->has_keeper) {
        (void)pthread_mutex_lock(&lease->mutex);
        lease->is_ending = true;
        (void)pthread_cond_signal(&lease->wake);
        (void)pthread_mutex_unlock(&lease->mutex);
        (void)pthread_join(lease->keeper, NULL);
    }
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++)
        give_back(lease, (enum side)side);
    (void)pthread_cond_destroy(&lease->wake);
    (void)pthread_mutex_destroy(&lease->swept_mutex);
    (void)pthread_mutex_destroy(&lease->mutex);
    free(lease);
}
