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

enum failpoint_deed { DEED_NONE, DEED_KILL, DEED_TERM, DEED_INT, DEED_PAUSE, DEED_ERROR };

static struct {
    enum failpoint_deed deed;
    char name[128];
    int at_hit; /* 1 = the first */
    atomic_int hits;
} armed;

static const struct {
    const char *word;
    enum failpoint_deed deed;
} deeds[] = {{"kill@", DEED_KILL},
             {"term@", DEED_TERM},
             {"int@", DEED_INT},
             {"pause@", DEED_PAUSE},
             {"error@", DEED_ERROR}};

int failpoint_arm_from_env(struct err *err)
{
    const char *text = getenv("CUTOVER_FAILPOINT");

    if (!text || !*text)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(deeds); i++) {
        size_t len = strlen(deeds[i].word);
        if (strncmp(text, deeds[i].word, len) != 0)
            continue;
        armed.deed = deeds[i].deed;
        (void)snprintf(armed.name, sizeof armed.name, "%s", text + len);
        char *count = strchr(armed.name, '#');
        armed.at_hit = count ? (int)strtol(count + 1, NULL, 10) : 1;
        if (count)
            *count = '\0';
        if (armed.at_hit > 0 && armed.name[0])
            return 0;
    }
    armed.deed = DEED_NONE;
    return err_set(err, ERR_USAGE, EFFECT_NONE,
                   "CUTOVER_FAILPOINT=\"%.60s\": expected kill@, term@, int@, pause@ or error@, "
                   "and a name",
                   text);
}

int failpoint_hit(const char *name, struct err *err)
{
    if (armed.deed == DEED_NONE || strcmp(name, armed.name) != 0)
        return 0;
    if (atomic_fetch_add(&armed.hits, 1) + 1 != armed.at_hit)
        return 0;

    switch (armed.deed) {
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
    case DEED_ERROR:
        return err_set(err, ERR_SERVER, EFFECT_UNKNOWN, "failpoint %s", name);
    case DEED_NONE:
        break;
    }
    return 0;
}
