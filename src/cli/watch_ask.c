/* SPDX-License-Identifier: MIT */
#include "cli/watch_ask.h"

#include <stdio.h>
#include <string.h>

#include "cli/keys.h"
#include "cli/run_ui.h"
#include "engine/journal_request.h"

bool watch_ask_is_open(const struct watch_ask *ask)
{
    return ask->shown.state != SCREEN_ASK_NOT;
}

void watch_ask_open(struct watch_ask *ask, const json_t *run_page)
{
    watch_ask_close(ask);
    ask->shown.state = SCREEN_ASK_WHAT;
    watch_ask_update(ask, run_page);
}

/* A copy: once something was chosen the page goes on changing, and what is shown is what will be
 * asked. */
void watch_ask_update(struct watch_ask *ask, const json_t *run_page)
{
    if (ask->shown.state != SCREEN_ASK_WHAT)
        return;
    json_decref(ask->shown.people);
    ask->shown.people = json_deep_copy(json_object_get(run_page, "people"));
}

void watch_ask_close(struct watch_ask *ask)
{
    json_decref(ask->shown.people);
    ask->shown = (struct screen_ask){.state = SCREEN_ASK_NOT};
}

static int ask_here(const struct watch_ask *ask, const json_t *offer, struct err *err)
{
    char who[64];
    int64_t id;

    person_here(who);
    struct request_ask wish = {.run_id = json_text_or(ask->shown.people, "run", ""),
                               .step = json_text_or(offer, "step", ""),
                               .who = who,
                               .via = "watch"};
    int rc = request_what_parse(json_text_or(offer, "what", ""), &wish.what, err);

    return rc ? rc : request_ask(ask->service, &wish, &id, err);
}

static void send_it(struct watch_ask *ask)
{
    const json_t *offer = screen_ask_chosen(&ask->shown);
    struct err why = {0};
    int rc = ask->attach ? attach_ask(ask->attach, json_text_or(ask->shown.people, "run", ""),
                                      json_text_or(offer, "what", ""),
                                      json_text_or(offer, "step", ""), &why)
                         : ask_here(ask, offer, &why);

    ask->shown.state = SCREEN_ASK_TOLD;
    ask->shown.is_refused = rc != 0;
    if (rc)
        (void)snprintf(ask->shown.answer, sizeof ask->shown.answer, "%.500s%s%.250s", why.msg,
                       why.hint[0] ? "; " : "", why.hint);
    else
        (void)snprintf(ask->shown.answer, sizeof ask->shown.answer,
                       "Asked. What the run makes of it stands in part 3.");
}

static void choose(struct watch_ask *ask, int key)
{
    const json_t *offers = json_object_get(ask->shown.people, "offers");

    if (key < '1' || key >= '1' + (int)json_array_size(offers))
        return;
    ask->shown.chosen = (size_t)(key - '1');
    if (json_bool_or(screen_ask_chosen(&ask->shown), "is_possible", 0))
        ask->shown.state = SCREEN_ASK_WORD;
}

static void type(struct watch_ask *ask, int key)
{
    char *typed = ask->shown.typed;
    size_t len = strlen(typed);

    if (key == WATCH_KEY_ERASE && len > 0)
        typed[len - 1] = '\0';
    else if (key > ' ' && key < WATCH_KEY_ERASE && len + 1 < sizeof ask->shown.typed)
        typed[len] = (char)key;
    else if (key == WATCH_KEY_ENTER &&
             strcmp(typed, json_text_or(screen_ask_chosen(&ask->shown), "what", "-")) == 0)
        send_it(ask);
}

void watch_ask_key(struct watch_ask *ask, int key)
{
    if (key == WATCH_KEY_ESCAPE || key == WATCH_KEY_INTERRUPT ||
        ask->shown.state == SCREEN_ASK_TOLD || (key == 'q' && ask->shown.state == SCREEN_ASK_WHAT))
        watch_ask_close(ask);
    else if (ask->shown.state == SCREEN_ASK_WHAT)
        choose(ask, key);
    else
        type(ask, key);
}
