/* SPDX-License-Identifier: MIT */
/* One database after the other, then the accounts; what differs is looked at again. */
#include "verify/objects.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/signals.h"
#include "verify/objects_inner.h"

#define LOOKS 3
#define PAUSE_MS 200

static void tell(const struct objects_compare *options, const struct finding *finding)
{
    const struct difference *difference = &finding->difference;
    const struct acceptance *acceptance =
        difference_accepted(options->service, difference, clock_wall_us());
    char text[800];

    if (finding->is_unsure || finding->is_harmless) {
        (void)snprintf(text, sizeof(text), "%s: %s of %s %s: \"%s\" and \"%s\"",
                       finding->is_unsure ? "not compared" : "behind, but above every id in use",
                       difference->column, difference->table, difference->key,
                       difference->source_value, difference->replica_value);
        if (options->on_warning)
            options->on_warning(options->context, text);
    } else if (!acceptance) {
        options->on_difference(options->context, difference);
    } else if (options->on_accepted) {
        options->on_accepted(options->context, difference, acceptance);
    }
}

/* What to look at: a database, or NULL for the accounts. */
static int look_once(struct objects_look *look, const char *database, struct err *err)
{
    objects_found_release(look->found);
    if (signals_stop_wanted())
        return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while comparing objects");
    return database ? objects_compare_database(look, database, err)
                    : objects_compare_accounts(look, err);
}

static int look_until_sure(const struct objects_compare *options, struct pair *pair,
                           const char *database, struct err *err)
{
    CLEANUP(objects_found_release) struct objects_found found = {0};
    const struct server_version *source = &pair->source.version, *replica = &pair->replica.version;
    struct objects_look look = {
        .options = options,
        .pair = pair,
        .found = &found,
        .same = {.is_one_series = source->flavour == replica->flavour &&
                                  source->major == replica->major &&
                                  source->minor == replica->minor},
    };
    int rc = look_once(&look, database, err);
    for (int looks = 1; !rc && found.differences && !pair->is_still && looks < LOOKS; looks++) {
        (void)clock_sleep_ms((int64_t)PAUSE_MS * looks); /* cut short by a stop, seen above */
        look.is_waiting = true;
        rc = look_once(&look, database, err);
    }
    for (size_t i = 0; !rc && i < found.count; i++)
        tell(options, &found.items[i]);
    return rc;
}

int verify_objects_compare(const struct objects_compare *options, struct err *err)
{
    CLEANUP(pair_release) struct pair pair = {0};
    const struct service *service = options->service;
    int rc = pair_open(service, options->source, options->is_still, &pair, err);
    if (!rc)
        rc = end_exec(&pair.source, SQL_OBJECTS_SESSION, err);
    if (!rc)
        rc = end_exec(&pair.replica, SQL_OBJECTS_SESSION, err);
    if (rc)
        return rc;
    if (pair.source.version.flavour != pair.replica.version.flavour) {
        options->on_warning(options->context, "not compared: programs, accounts and counters, "
                                              "because MariaDB and MySQL print them differently");
        return 0;
    }
    for (size_t i = 0; !rc && i < service->database_count; i++)
        rc = look_until_sure(options, &pair, service->databases[i], err);
    return rc ? rc : look_until_sure(options, &pair, NULL, err);
}
