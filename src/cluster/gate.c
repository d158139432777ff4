/* SPDX-License-Identifier: MIT */
/* Waiting for the moment at which the other side is right behind, and making it come. */
#include "cluster/gate.h"

#include "base/clock.h"
#include "cluster/link.h"
#include "cluster/watchdog.h"
#include "domain/lag.h"
#include "domain/pulse.h"

#define NEAR_IN_A_ROW 3
#define LOOK_AGAIN_MS 1
#define PATIENCE 4 /* a look lasts so many times as long as it may: what is later is not near */
#define PATIENCE_MIN_MS 20

#define PULSE_IDLE_S 2     /* the server ends the pulse of a controller that says nothing */
#define PULSE_MARGIN_MS 10 /* of a pulse: for its own statements */
#define REST_LOOK_MS 1
#define PULSES_FAILED_CAP 3 /* then it is of no use */
#define PULSES_LONG_CAP 6   /* that brought it near: no short one will */

static int stopped(struct err *err)
{
    return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped before a node was closed");
}

static int look(const struct gate *gate, struct session *source, int64_t limit_ms,
                struct gate_report *report, struct err *err)
{
    int rc = link_measure(source, gate->replica, limit_ms, &report->lag_us, err);
    if (rc != 0)
        return rc;
    if (report->measured++ == 0 || report->lag_us < report->best_us)
        report->best_us = report->lag_us;
    return 0;
}

/* --- waiting --- */

static int wait_near(const struct gate *gate, struct gate_report *report, struct err *err)
{
    int64_t look_ms = gate->near_us * PATIENCE / 1000;
    int64_t deadline_ms = clock_mono_ms() + gate->wait_ms;
    unsigned in_a_row = 0;
    if (look_ms < PATIENCE_MIN_MS)
        look_ms = PATIENCE_MIN_MS;
    while (in_a_row < NEAR_IN_A_ROW) {
        int rc = look(gate, gate->source, look_ms, report, err);
        if (rc != 0)
            return rc;
        in_a_row = report->lag_us <= gate->near_us ? in_a_row + 1 : 0;
        if (clock_mono_ms() >= deadline_ms)
            break;
        if (in_a_row < NEAR_IN_A_ROW && !clock_sleep_ms(LOOK_AGAIN_MS))
            return stopped(err);
    }
    report->is_near = in_a_row >= NEAR_IN_A_ROW;
    return 0;
}

/* --- pulses --- */

/* Who is going to be let go, and from where on their commits count. */
static int count_held(struct session *holder, struct gate_report *report, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int rc = session_query_row(holder, SQL_PULSE_HELD, NULL, 0, &row, err);
    if (rc == 0)
        rc = link_own_position(holder, &report->held_at, err);
    if (rc == 0)
        report->held = (unsigned)result_number(&row, 0, "held");
    return rc;
}

/* One pulse: hold, see whether the other side gets there, let go. */
static int hold(const struct gate *gate, struct session *holder, int64_t deadline_ms,
                struct gate_report *report, struct err *err)
{
    report->lag_us = LAG_INFINITE;
    int rc = session_exec(holder, SQL_SEED_STAGE_START, NULL, 0, err);
    if (rc == 0)
        rc = session_exec(holder, SQL_PULSE_HOLD, NULL, 0, err);
    int64_t left_ms = deadline_ms - PULSE_MARGIN_MS - clock_mono_ms();
    if (rc == 0 && left_ms > 0)
        rc = look(gate, holder, left_ms, report, err);
    left_ms = deadline_ms - PULSE_MARGIN_MS - clock_mono_ms();
    if (rc == 0 && gate->is_slow && left_ms > 0)
        (void)clock_sleep_ms(left_ms); /* whoever wants a stop sees it between pulses */
    if (rc == 0)
        rc = count_held(holder, report, err);
    if (rc == 0)
        rc = session_exec(holder, SQL_SEED_STAGE_END, NULL, 0, err);
    return rc;
}

/* Whatever goes wrong, closing the session lets go, too. */
static int pulse(const struct gate *gate, struct session *holder, struct gate_report *report,
                 struct err *err)
{
    const struct session_limits limits = {.idle_s = PULSE_IDLE_S};
    struct watchdog dog;
    int rc = 0;
    if (holder->db == NULL)
        rc = session_open_within(gate->service, gate->source->node, SESSION_CONTROLLER, &limits,
                                 holder, err);
    if (rc != 0)
        return rc;
    int64_t began_us = clock_mono_us(), deadline_ms = clock_mono_ms() + GATE_PULSE_MS;
    rc = watchdog_begin(&dog, gate->second, SQL_KILL, db_thread_id(holder->db), deadline_ms, err);
    if (rc != 0)
        return rc;
    rc = hold(gate, holder, deadline_ms, report, err);
    bool was_bitten = watchdog_end(&dog);
    if (rc != 0 || was_bitten) {
        session_release(holder); /* as many as last time were held, it is thought */
        (void)!link_own_position(gate->source, &report->held_at, NULL);
    }
    int64_t took_us = clock_mono_us() - began_us;
    report->pulses++;
    report->held_us += took_us;
    if (took_us > report->longest_us)
        report->longest_us = took_us;
    return rc;
}

int gate_rest(const struct gate *gate, const struct gate_report *last, struct err *err)
{
    struct pulse_rest rest = {.held = last->held};
    int64_t began_ms = clock_mono_ms();
    int rc = 0;
    while (rc == 0 && !pulse_is_rested(&rest)) {
        struct position now;
        if (!clock_sleep_ms(REST_LOOK_MS))
            return stopped(err);
        rc = link_own_position(gate->source, &now, err);
        if (rc == 0)
            rest.done = position_distance(&last->held_at, &now);
        rest.rested_ms = clock_mono_ms() - began_ms;
    }
    return rc;
}

static int give_pulses(const struct gate *gate, struct gate_report *report, struct err *err)
{
    CLEANUP(session_release) struct session holder = {0};
    int64_t deadline_ms = clock_mono_ms() + gate->pulses_ms;
    unsigned failed = 0, near_by = 0;
    while (failed < PULSES_FAILED_CAP && clock_mono_ms() < deadline_ms) {
        struct err why = {0};
        int64_t before_us = report->held_us;
        int rc = pulse(gate, &holder, report, &why);
        if (rc == ERR_STOPPED) {
            *err = why;
            return rc;
        }
        failed = rc != 0 ? failed + 1 : 0;
        report->is_near = rc == 0 && report->lag_us <= gate->near_us;
        near_by += report->is_near;
        bool is_last =
            report->held_us - before_us <= GATE_LAST_MS * 1000 || near_by >= PULSES_LONG_CAP;
        if ((report->is_near && is_last) || gate->is_slow)
            return 0;
        rc = gate_rest(gate, report, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

bool gate_can_pulse(const struct session *source)
{
    return !sql_is_nothing(SQL_PULSE_HOLD, &source->version);
}

int gate_wait(const struct gate *gate, struct gate_report *out, struct err *err)
{
    struct gate_report report = {0};
    int rc = gate->wait_ms > 0 ? wait_near(gate, &report, err) : 0;
    if (rc == 0 && !report.is_near && gate->second != NULL && gate_can_pulse(gate->source))
        rc = give_pulses(gate, &report, err);
    if (rc == 0)
        *out = report;
    return rc;
}
