/* SPDX-License-Identifier: MIT */
/* What the ways between hosts were worth: numbers of the side that rows leave. */
#include <inttypes.h>
#include <stdio.h>

#include "domain/inventory.h"
#include "domain/preflight.h"

#define SECTION "paths"
#define MILLION 1000000.0
#define NAME_SIZE 600

struct writing {
    json_t *side;
    const struct survey_path *path;
};

static const char *name_of(const struct writing *w, const char *what, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "%s to %s: %s", w->path->from->name, w->path->to->name, what);
    return out;
}

static int put(const struct writing *w, const char *what, int64_t number, struct err *err)
{
    char name[NAME_SIZE];
    return inventory_put_number(w->side, SECTION, name_of(w, what, name), number, err);
}

/* Beside numbers of another day a word says that there is none of this one. */
static int put_problem(const struct writing *w, const char *what, const char *problem,
                       struct err *err)
{
    char name[NAME_SIZE], text[256];
    (void)snprintf(text, sizeof(text), "not measured: %s", problem);
    return inventory_put(w->side, SECTION, name_of(w, what, name), text, err);
}

static int put_path(const struct writing *w, struct err *err)
{
    static const char middle[] = "us of a connection", bulk[] = "bytes a second",
                      loss[] = "sent again, of a million";
    const struct survey_path *path = w->path;
    int rc = path->trips > 0 ? put(w, middle, path->middle_us, err)
                             : put_problem(w, middle, path->trip_problem, err);
    if (rc == 0 && path->trips > 0)
        rc = put(w, "us of the slowest connection", path->worst_us, err);
    if (rc == 0)
        rc = path->bytes_per_s > 0 ? put(w, bulk, (int64_t)path->bytes_per_s, err)
                                   : put_problem(w, bulk, path->bulk_problem, err);
    if (rc != 0 || path->bytes_per_s <= 0) /* nothing was sent, and nothing of it again */
        return rc;
    double again = path->sent > 0 ? (double)path->sent_again * MILLION / (double)path->sent : 0;
    return path->sent > 0 ? put(w, loss, (int64_t)again, err)
                          : put_problem(w, loss, path->loss_problem, err);
}

int inventory_put_paths(json_t *document, const struct survey *survey, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < survey->path_count; i++) {
        enum side side = survey->paths[i].from->side;
        const struct writing w = {inventory_side(document, side), &survey->paths[i]};
        if (inventory_is_read(document, side))
            rc = put_path(&w, err);
    }
    return rc;
}
