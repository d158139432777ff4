/* SPDX-License-Identifier: MIT */
/* Named places where a test may kill or stop the process. */
#include "base/failpoint.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum failpoint_deed { DEED_NONE, DEED_KILL, DEED_TERM, DEED_INT, DEED_PAUSE, DEED_NAP, DEED_ERROR };

#define ARMED_CAP 4
#define NAP_MS 3000

static struct armed {
    enum failpoint_deed deed;
    char name[128];
    int at_hit; /* 1 = the first */
    atomic_int hits;
} armed[ARMED_CAP];
static size_t armed_count;

static const struct {
    const char *word;
    enum failpoint_deed deed;
} deeds[] = {{"kill@", DEED_KILL},   {"term@", DEED_TERM}, {"int@", DEED_INT},
             {"pause@", DEED_PAUSE}, {"nap@", DEED_NAP},   {"error@", DEED_ERROR}};

/* "kill@name#2", `len` bytes of it. */
static bool arm(struct armed *out, const char *text, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(deeds); i++) {
        size_t word_len = strlen(deeds[i].word);
        if (strncmp(text, deeds[i].word, word_len) != 0)
            continue;
        (void)snprintf(out->name, sizeof(out->name), "%.*s", (int)(len - word_len),
                       text + word_len);
        char *count = strchr(out->name, '#');
        out->at_hit = count ? (int)strtol(count + 1, NULL, 10) : 1;
        if (count)
            *count = '\0';
        out->deed = deeds[i].deed;
        return out->at_hit > 0 && out->name[0];
    }
    return false;
}

int failpoint_arm_from_env(struct err *err)
{
    const char *text = getenv("CUTOVER_FAILPOINT");

    for (const char *one = text; one && *one;) {
        size_t len = strcspn(one, ",");
        if (armed_count == ARMED_CAP || !arm(&armed[armed_count], one, len)) {
            armed_count = 0;
            return err_set(err, ERR_USAGE, EFFECT_NONE,
                           "CUTOVER_FAILPOINT=\"%.60s\": expected at most %d of kill@, term@, "
                           "int@, pause@, nap@ or error@ and a name, with commas between",
                           text, ARMED_CAP);
        }
        armed_count++;
        one += len + (one[len] == ',');
    }
    return 0;
}

static int act(const struct armed *point, struct err *err)
{
    switch (point->deed) {
    case DEED_KILL:
        (void)kill(getpid(), SIGKILL);
        return 0;
    case DEED_TERM:
        (void)kill(getpid(), SIGTERM);
        return 0;
    case DEED_INT:
        (void)kill(getpid(), SIGINT);
        return 0;
    case DEED_PAUSE: /* until somebody sends SIGCONT: time to break something at this very place */
        (void)kill(getpid(), SIGSTOP);
        return 0;
    case DEED_NAP:
        clock_nap_ms(NAP_MS);
        return 0;
    case DEED_ERROR:
        return err_set(err, ERR_SERVER, EFFECT_UNKNOWN, "failpoint %s", point->name);
    case DEED_NONE:
        break;
    }
    return 0;
}

int failpoint_hit(const char *name, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < armed_count && !rc; i++)
        if (strcmp(name, armed[i].name) == 0 &&
            atomic_fetch_add(&armed[i].hits, 1) + 1 == armed[i].at_hit)
            rc = act(&armed[i], err);
    return rc;
}
