/* SPDX-License-Identifier: MIT */
/* Records: one change, waiting out an old TTL, and asking every server. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "dns/propagation.h"
#include "engine/work.h"

#define CHANGE_TIMEOUT_MS 60000
#define AUTOMATIC_TTL_S 300 /* what ttl = 1 means at the provider */
#define POLL_MS 500

/* --- what is remembered about lowered TTLs ---------------------------------------------------- */

struct lowered {
    unsigned original_ttl_s; /* 0: never lowered */
    int64_t at_us;
};

static void memory_name(const char *record_id, char out[128])
{
    (void)snprintf(out, 128, "ttl.%s", record_id);
}

static int recall(struct run *run, const char *record_id, struct lowered *out, struct err *err)
{
    char name[128], value[64], *rest = NULL;

    memory_name(record_id, name);
    int rc = journal_memory_get(run->journal, run->service->name, name, value, sizeof value, err);
    if (rc)
        return rc;
    *out = (struct lowered){0};
    if (value[0]) {
        out->original_ttl_s = (unsigned)strtoul(value, &rest, 10);
        out->at_us = strtoll(rest, NULL, 10);
    }
    return 0;
}

/*
 * Before a TTL is lowered: the first original is kept, however often it is lowered. After it is
 * back: forgotten.
 */
static int remember(struct run *run, const struct dns_record *before,
                    const struct dns_record *after, struct err *err)
{
    struct lowered lowered;
    char name[128], value[64];

    int rc = recall(run, before->id, &lowered, err);
    if (rc || after->ttl_s >= before->ttl_s || lowered.original_ttl_s)
        return rc;
    memory_name(before->id, name);
    (void)snprintf(value, sizeof value, "%u %" PRId64, before->ttl_s, clock_wall_us());
    return journal_memory_put(run->journal, run->service->name, name, value, err);
}

static int forget(struct run *run, const struct dns_record *before, const struct dns_record *after,
                  struct err *err)
{
    char name[128];

    if (after->ttl_s <= before->ttl_s)
        return 0;
    memory_name(before->id, name);
    return journal_memory_put(run->journal, run->service->name, name, NULL, err);
}

/* --- one change ------------------------------------------------------------------------------- */

static void record_from(const json_t *json, struct dns_record *out)
{
    *out = (struct dns_record){.ttl_s = (unsigned)json_int_or(json, "ttl", 0),
                               .is_proxied = json_bool_or(json, "proxied", 0)};
    (void)snprintf(out->id, sizeof out->id, "%s", json_text_or(json, "id", ""));
    (void)snprintf(out->name, sizeof out->name, "%s", json_text_or(json, "name", ""));
    (void)snprintf(out->type, sizeof out->type, "%s", json_text_or(json, "type", ""));
    (void)snprintf(out->content, sizeof out->content, "%s", json_text_or(json, "content", ""));
    (void)snprintf(out->comment, sizeof out->comment, "%s", json_text_or(json, "comment", ""));
}

/* A drill arms the failpoint "STEP.PART.dns-429" or "STEP.PART.lost-answer". */
static int inject(struct run *run, struct dns *dns, struct err *err)
{
    static const struct {
        const char *word, *text;
        enum dns_injection injection;
    } rows[] = {{"dns-429", "the provider answers 429", DNS_INJECT_TOO_MANY},
                {"lost-answer", "the provider's answer is lost", DNS_INJECT_LOST_ANSWER}};
    const struct plan_step *step = &run->plan.steps[run->current];
    char name[160];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        (void)snprintf(name, sizeof name, "%s.%s.%s", step->name, step->what, rows[i].word);
        if (!failpoint_hit(name, NULL))
            continue;
        dns_inject(dns, rows[i].injection);
        return run_note(run, "drill.fault", err, "drill: %s, once", rows[i].text);
    }
    return 0;
}

int work_dns_change(struct run *run, const json_t *args, struct err *err)
{
    struct dns_record before, after, now;
    struct dns *dns;

    record_from(json_object_get(args, "before"), &before);
    record_from(json_object_get(args, "after"), &after);
    int rc = run_dns(run, &dns, err);
    if (!rc)
        rc = remember(run, &before, &after, err);
    if (!rc)
        rc = inject(run, dns, err);
    if (!rc)
        rc = run_may_change(run, err);
    if (!rc)
        rc = dns_change(dns, &before, &after, CHANGE_TIMEOUT_MS, &now, err);
    if (!rc)
        drift_keeper_record(run, &now);
    if (!rc)
        rc = forget(run, &before, &after, err);
    if (rc)
        return err_wrap(err, "record %s %s", before.name, before.type);
    if (strcmp(before.content, after.content) != 0)
        return run_note(run, "dns.flipped", err, "%s now says %s (was %s)", after.name,
                        after.content, before.content);
    return run_note(run, "dns.ttl", err, "TTL of %s is %u s (was %u s)", after.name, after.ttl_s,
                    before.ttl_s);
}

static bool is_expected(const struct dns_record *now, const struct dns_record *expected)
{
    return strcmp(now->content, expected->content) == 0 &&
           now->is_proxied == expected->is_proxied &&
           (now->is_proxied || now->ttl_s == expected->ttl_s);
}

/*
 * A record that somebody else changed must be found before a side is opened or closed for it, not
 * afterwards.
 */
static int check_record(struct dns *dns, const struct dns_record *expected,
                        struct dns_record *out_now, struct err *err)
{
    struct dns_record now;
    int rc = dns_get(dns, expected->id, &now, err);

    if (rc)
        return err_wrap(err, "record %s %s", expected->name, expected->type);
    if (is_expected(&now, expected)) {
        *out_now = now;
        return 0;
    }
    err_set(err, ERR_CONFLICT, EFFECT_NONE,
            "somebody else changed record %s %s at %s: it says %s (TTL %u%s), this plan was made "
            "for %s (TTL %u%s)",
            expected->name, expected->type, now.modified_on, now.content, now.ttl_s,
            now.is_proxied ? ", proxied" : "", expected->content, expected->ttl_s,
            expected->is_proxied ? ", proxied" : "");
    return err_hint(err, "nothing was changed; find out who, then compile the plan again");
}

WORK(work_dns_check_records)
{
    const json_t *records = json_object_get(args, "records");
    struct dns_record expected, now;
    struct dns *dns;

    (void)step;
    int rc = run_dns(run, &dns, err);
    for (size_t i = 0; i < json_array_size(records) && !rc; i++) {
        record_from(json_array_get(records, i), &expected);
        rc = check_record(dns, &expected, &now, err);
    }
    /* Rights are given for a zone: one record proves them for all. */
    if (!rc && json_array_size(records))
        rc = dns_prove_write(dns, &now, CHANGE_TIMEOUT_MS, err);
    return rc;
}

/* --- the old TTL ------------------------------------------------------------------------------ */

/*
 * Until when a resolver may still hold an answer from before the TTL was lowered; 0 = not any more.
 */
static int old_answers_until(struct run *run, int64_t *out_us, char name[256], struct err *err)
{
    struct dns *dns;
    int rc = run_dns(run, &dns, err);

    *out_us = 0;
    for (size_t i = 0; i < run->service->dns.record_count && !rc; i++) {
        const struct service_record *wanted = &run->service->dns.records[i];
        struct dns_record record;
        struct lowered lowered;
        rc = dns_find(dns, wanted->name, wanted->type, &record, err);
        if (!rc)
            rc = recall(run, record.id, &lowered, err);
        if (rc || !lowered.original_ttl_s || record.is_proxied)
            continue;
        unsigned ttl_s = lowered.original_ttl_s == 1 ? AUTOMATIC_TTL_S : lowered.original_ttl_s;
        int64_t until_us = lowered.at_us + ((int64_t)ttl_s + 1) * 1000000;
        if (until_us > clock_wall_us() && until_us > *out_us) {
            *out_us = until_us;
            (void)snprintf(name, 256, "%s", wanted->name);
        }
    }
    return rc;
}

WORK(work_dns_wait_old_ttl)
{
    int64_t until_us;
    char name[256] = "", left[32];

    (void)step;
    (void)args;
    if (run->options->is_ttl_wait_skipped)
        return run_note(run, "dns.ttl_skipped", err,
                        "the old TTL is not waited out, by --skip-ttl-wait: some resolvers will "
                        "keep the old answer longer");
    int rc = old_answers_until(run, &until_us, name, err);
    while (!rc && until_us > clock_wall_us()) {
        rc = run_tick(run, err, "waiting until resolvers have forgotten the old TTL of %s: %s left",
                      name, clock_human_ms((until_us - clock_wall_us()) / 1000, left));
        if (!rc)
            rc = run_pause(run, POLL_MS, err);
    }
    return rc ? rc : run_note(run, "dns.ttl_elapsed", err, "the old TTLs have run out");
}

WORK(work_dns_check_old_ttl)
{
    int64_t until_us;
    char name[256] = "", left[32];

    (void)step;
    (void)args;
    if (run->options->is_ttl_wait_skipped)
        return 0;
    int rc = old_answers_until(run, &until_us, name, err);
    if (!rc && until_us) {
        err_set(err, ERR_REFUSED, EFFECT_NONE,
                "resolvers may keep the old answer of %s for another %s: its TTL was lowered too "
                "recently",
                name, clock_human_ms((until_us - clock_wall_us()) / 1000, left));
        rc = err_hint(err, "wait for it (a dns.lower_ttl step does), or accept it with "
                           "--skip-ttl-wait");
    }
    return rc;
}

/* --- convergence ------------------------------------------------------------------------------ */

static bool is_named(const json_t *names, const char *name)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *wanted = json_string_value(json_array_get(names, i));
        if (wanted && (strcmp(wanted, "all") == 0 || strcmp(wanted, name) == 0))
            return true;
    }
    return json_array_size(names) == 0;
}

static int collect_wants(struct run *run, const json_t *args, enum side to,
                         struct propagation_want *out, size_t *out_count, struct err *err)
{
    struct dns *dns;
    int rc = run_dns(run, &dns, err);

    *out_count = 0;
    for (size_t i = 0; i < run->service->dns.record_count && !rc; i++) {
        const struct service_record *record = &run->service->dns.records[i];
        struct dns_record now;
        if (!is_named(json_object_get(args, "records"), record->name))
            continue;
        rc = dns_find(dns, record->name, record->type, &now, err);
        if (!rc)
            out[(*out_count)++] = (struct propagation_want){record->name, record->type,
                                                            record->content[to], now.is_proxied};
    }
    return rc;
}

static void show_answers(void *context, const struct propagation *now)
{
    struct run *run = context;
    struct err ignored = {0};
    size_t agreed = 0, not_yet = 0;

    for (size_t i = 0; i < now->count; i++) {
        agreed += now->answers[i].is_new == TRI_YES;
        not_yet += now->answers[i].is_new == TRI_NO;
    }
    if (run_tick(run, &ignored, "DNS: %zu server answer(s) are the new one, %zu still the old one",
                 agreed, not_yet))
        return; /* a stop is seen by the wait itself */
}

WORK(work_dns_converge)
{
    enum side to;
    struct dns *dns;
    struct dns_zone zone;
    CLEANUP(propagation_release) struct propagation answers = {0};
    int64_t began_ms = clock_mono_ms();
    size_t count = 0;
    struct propagation_want *wants = calloc(run->service->dns.record_count + 1, sizeof *wants);

    (void)step;
    if (!wants)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the records");
    int rc = side_of(args, "to", &to, err);
    if (!rc)
        rc = run_dns(run, &dns, err);
    if (!rc)
        rc = dns_zone(dns, &zone, err);
    if (!rc)
        rc = collect_wants(run, args, to, wants, &count, err);
    if (!rc)
        rc = propagation_wait(run->service, &zone, wants, count,
                              began_ms + run->service->limits.dns_ms, show_answers, run, &answers,
                              err);
    free(wants);
    if (rc)
        return rc;
    int64_t took_ms = clock_mono_ms() - began_ms;
    return run_note_ms(run, "dns.converged", (double)took_ms, err,
                       "all DNS servers asked give the answer for %s, %lld ms after the flip",
                       side_title(to), (long long)took_ms);
}
