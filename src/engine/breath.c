/* SPDX-License-Identifier: MIT */
/* One breath: intents first, the parts with nothing but round trips between them, outcomes last. */
#include "engine/breath.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/driver.h"

#define SAID_CAP (64 * 1024)

size_t breath_first(const struct run *run, size_t index)
{
    while (index > 0 && run->plan.steps[index - 1].is_breath &&
           strcmp(run->plan.steps[index - 1].name, run->plan.steps[index].name) == 0)
        index--;
    return index;
}

size_t breath_last(const struct run *run, size_t index)
{
    while (index + 1 < run->plan.step_count && run->plan.steps[index + 1].is_breath &&
           strcmp(run->plan.steps[index + 1].name, run->plan.steps[index].name) == 0)
        index++;
    return index;
}

/* --- the intent of the commit step ------------------------------------------------------------ */

static void write_commit(struct run *run, struct journal *journal)
{
    struct breath *breath = &run->breath;

    breath->rc =
        journal_intents(journal, run->id, &run->plan, breath->commit, breath->commit, &breath->err);
}

static void *write_commit_beside(void *context)
{
    struct run *run = context;

    journal_hand_over(run->breath.beside);
    write_commit(run, run->breath.beside);
    return NULL;
}

void breath_commit_early(struct run *run)
{
    struct breath *breath = &run->breath;

    if (!breath->is_on || breath->is_tried || !breath->beside)
        return;
    breath->has_thread = pthread_create(&breath->thread, NULL, write_commit_beside, run) == 0;
    breath->is_tried = breath->has_thread; /* without a thread the commit part writes it itself */
}

static void join(struct breath *breath)
{
    if (breath->has_thread)
        (void)pthread_join(breath->thread, NULL);
    breath->has_thread = false;
    breath->has_intent = breath->is_tried && breath->rc == 0;
}

void breath_wait(struct run *run)
{
    join(&run->breath);
}

static int need_commit_intent(struct run *run, struct err *err)
{
    struct breath *breath = &run->breath;

    int64_t began_us = clock_mono_us();
    if (!breath->is_tried)
        write_commit(run, run->journal);
    breath->is_tried = true;
    join(breath);
    breath->journal_us = clock_mono_us() - began_us;
    if (!breath->rc)
        return 0;
    *err = breath->err;
    return breath->rc;
}

/* --- in and out ------------------------------------------------------------------------------- */

bool breath_is_due(const struct run *run, size_t index)
{
    return run->plan.steps[index].is_breath &&
           (run->breath.is_on || run->steps[breath_last(run, index)].state != STEP_DONE);
}

/* One transaction, unless parts in the middle were found done: those are not going to be begun. */
static int write_intents(struct run *run, size_t first, size_t end, struct err *err)
{
    int rc = 0;

    for (size_t i = first, next; i < end && !rc; i = next) {
        for (next = i; next < end && run->steps[next].state != STEP_DONE;)
            next++;
        if (next > i)
            rc = journal_intents(run->journal, run->id, &run->plan, i, next - 1, err);
        else
            next++;
    }
    return rc;
}

/* Opened now, while nobody waits for it. */
static struct journal *open_beside(const struct run *run)
{
    struct journal *beside = NULL;
    struct err why = {0};

    if (journal_open_beside(run->journal, &beside, &why)) {
        log_warn("the intent to commit is written within the pause: %s, continuing", why.msg);
        return NULL;
    }
    return beside;
}

static int begin(struct run *run, size_t index, struct err *err)
{
    size_t last = breath_last(run, index);

    if (last - index >= BREATH_PART_CAP || !run->plan.steps[last].commits)
        return err_set(err, ERR_BUG, EFFECT_NONE, "the breath of the plan has %zu parts%s",
                       last - index + 1,
                       run->plan.steps[last].commits ? "" : ", and does not end in a commit step");
    int rc = write_intents(run, index, last, err);
    if (rc)
        return rc;
    breath_release(run);
    run->breath = (struct breath){
        .is_on = true,
        .first = index,
        .commit = last,
        .had_committed = run->is_committed,
        .beside = open_beside(run),
    };
    buf_init(&run->breath.said, SAID_CAP);
    journal_hold(run->journal);
    return 0;
}

int breath_part(struct run *run, size_t index, struct err *err)
{
    int rc = run->breath.is_on ? 0 : begin(run, index, err);

    if (!rc && run->plan.steps[index].commits)
        rc = need_commit_intent(run, err);
    if (rc)
        return rc;
    run->breath.began_us[index - run->breath.first] = clock_mono_us();
    run->steps[index].state = STEP_INTENT;
    if (run->plan.steps[index].commits)
        run->is_committed = true;
    return 0;
}

/* What was intended and not begun is not going to be. */
static int withdraw(struct run *run, struct err *err)
{
    struct breath *breath = &run->breath;
    size_t end = breath->has_intent ? breath->commit + 1 : breath->commit;
    bool has_begun = run->steps[breath->commit].state != STEP_PENDING;
    int rc = 0;

    if (breath->has_intent && !has_begun && !breath->had_committed)
        rc = journal_run_uncommit(run->journal, run->id, err);
    for (size_t i = breath->first; i < end && !rc; i++)
        if (run->steps[i].state == STEP_PENDING)
            rc = journal_step(run->journal, run->id, i, &run->plan.steps[i], STEP_PENDING, NULL,
                              err);
    return rc;
}

static void say_all(struct breath *breath)
{
    const char *text = buf_text(&breath->said);

    for (size_t at = 0; at < breath->said.len;) {
        const char *step = text + at, *event = step + strlen(step) + 1;
        const char *line = event + strlen(event) + 1;
        log_about(NULL, step, event);
        log_info("%s", line);
        at = (size_t)(line - text) + strlen(line) + 1;
    }
    buf_release(&breath->said);
}

int breath_end(struct run *run, struct err *err)
{
    struct breath *breath = &run->breath;
    struct err also = {0};

    if (!breath->is_on)
        return 0;
    join(breath);
    int rc = withdraw(run, err);
    int written = journal_let_go(run->journal, rc ? &also : err);
    journal_freep(&breath->beside);
    breath->is_on = false;
    say_all(breath);
    return rc ? rc : written;
}

void breath_release(struct run *run)
{
    join(&run->breath);
    journal_freep(&run->breath.beside);
    buf_release(&run->breath.said);
    run->breath.is_on = false;
}

/* Tenths are as much as is known. */
static double tenths(int64_t us)
{
    return (double)((us + 50) / 100) / 10.0;
}

/* What of a part lies inside the pause. */
static int64_t share_us(const struct run *run, size_t part)
{
    const struct breath *breath = &run->breath;
    int64_t pause_ends_us = run->fence_began_us + (int64_t)(run->write_pause_ms * 1000.0);
    int64_t from_us = breath->began_us[part], until_us = breath->ended_us[part];

    if (from_us < run->fence_began_us)
        from_us = run->fence_began_us;
    if (!until_us || until_us > pause_ends_us)
        until_us = pause_ends_us;
    return until_us > from_us ? until_us - from_us : 0;
}

static void add_share(json_t *parts, const char *what, int64_t us, char *out, size_t out_size)
{
    size_t used = strlen(out);

    (void)json_object_set_new(parts, what, json_real(tenths(us)));
    (void)snprintf(out + used, out_size - used, "%s %s %.1f", used ? "," : ":", what, tenths(us));
}

json_t *breath_split(const struct run *run, char *out, size_t out_size)
{
    const struct breath *breath = &run->breath;
    json_t *parts = json_object();

    out[0] = '\0';
    for (size_t i = breath->first; breath->is_on && i <= breath->commit; i++)
        if (breath->began_us[i - breath->first])
            add_share(parts, run->plan.steps[i].what, share_us(run, i - breath->first), out,
                      out_size);
    if (breath->is_on)
        add_share(parts, "journal", breath->journal_us, out, out_size);
    size_t used = strlen(out);
    if (run->forecast_ms >= 0)
        (void)snprintf(out + used, out_size - used, "; the forecast was %.1f ms", run->forecast_ms);
    return json_pack("{s:f,s:f,s:o}", "ms", tenths((int64_t)(run->write_pause_ms * 1000.0)),
                     "forecast_ms", run->forecast_ms, "parts", parts);
}

void breath_say(struct run *run, const char *text)
{
    const char *const parts[] = {log_about_step(), log_about_event(), text};

    if (!run->breath.is_on)
        log_info("%s", text);
    for (size_t i = 0; run->breath.is_on && i < ARRAY_LEN(parts); i++)
        buf_add(&run->breath.said, parts[i], strlen(parts[i]) + 1);
}
