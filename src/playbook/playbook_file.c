/* SPDX-License-Identifier: MIT */
/*
 * A playbook: read, checked against the table of actions and against the service, its steps joined.
 * What this accepts can be compiled; what it refuses was never near a server. One reader a type of
 * parameter, picked by a table.
 */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/conffile.h"
#include "playbook/member.h"
#include "playbook/param.h"
#include "playbook/read.h"

#define STEP_KEYS 2 /* name and action; the rest are the action's parameters */

/* --- the name, the purpose, where it may start ------------------------------------------------ */

static int check_word(const struct conf_node *node, const char *what, const char *word,
                      struct err *err)
{
    for (const char *c = word; *c != '\0'; c++) {
        if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '-') {
            return conf_error(node, err, "%s \"%s\" may hold lower-case letters, digits and - only",
                              what, word);
        }
    }
    return 0;
}

static int read_about(const struct conf_node *group, struct playbook *playbook, struct err *err)
{
    const struct conf_node *node = conf_child(group, "about");
    return node == NULL ? 0
                        : node_text(node, "about", playbook->about, sizeof(playbook->about), err);
}

/* One situation of `needs`. The first one decides what the playbook is said to end in. */
static int read_need(const struct conf_node *node, struct playbook *playbook,
                     enum situation *out_first, struct err *err)
{
    char name[32];
    int rc = node_text(node, "needs", name, sizeof(name), err);
    if (rc != 0) {
        return rc;
    }
    enum situation situation = SITUATION_UNSAFE;
    if (situation_parse(name, &situation, err) != 0) {
        err_wrap(err, "needs");
        return node_blame(node, err);
    }
    if (playbook->needs == 0) {
        *out_first = situation;
    }
    playbook->needs |= SITUATION_BIT(situation);
    return 0;
}

static int read_needs(const struct conf_node *group, struct playbook *playbook,
                      enum situation *out_first, struct err *err)
{
    const struct conf_node *node = conf_child(group, "needs");
    if (node == NULL) {
        return conf_error(group, err,
                          "needs is missing; expected the situation it starts from, such as "
                          "\"mirrored\", or a list of them");
    }
    if (conf_as_text(node) != NULL) {
        return read_need(node, playbook, out_first, err);
    }
    const struct conf_node *list = NULL;
    int rc = member_list(group, "needs", &list, err);
    if (rc == 0 && conf_count(list) == 0) {
        return conf_error(node, err, "needs is empty; expected at least one situation");
    }
    for (size_t i = 0; rc == 0 && i < conf_count(list); i++) {
        rc = read_need(conf_at(list, i), playbook, out_first, err);
    }
    return rc;
}

/* --- one step --------------------------------------------------------------------------------- */

static int find_action(const struct conf_node *group, const struct action **out, struct err *err)
{
    char name[64];
    int rc = member_text(group, "action", name, sizeof(name), err);
    if (rc != 0) {
        return rc;
    }
    *out = action_find(name);
    if (*out != NULL) {
        return 0;
    }
    const char *names[ACTION_COUNT + 1] = {NULL};
    size_t count = 0;
    const struct action *rows = action_table(&count);
    for (size_t i = 0; i < count && i < ACTION_COUNT; i++) {
        names[i] = rows[i].name;
    }
    const char *near = conf_suggest(name, names);
    return conf_error(conf_child(group, "action"), err, "unknown action \"%s\"%s%s%s", name,
                      near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                      near != NULL ? "\"?" : "");
}

static int refuse_unknown_keys(const struct conf_node *group, const struct action *action,
                               struct err *err)
{
    const char *known[STEP_KEYS + ACTION_PARAM_CAP + 1] = {"name", "action"};
    size_t count = STEP_KEYS;
    for (size_t i = 0; i < ACTION_PARAM_CAP && action->params[i].name != NULL; i++) {
        known[count++] = action->params[i].name;
    }
    return conf_only(group, known, err);
}

static int read_values(const struct conf_node *group, const struct service *service,
                       struct playbook_step *step, struct err *err)
{
    const struct action *action = step->action;
    for (size_t i = 0; i < ACTION_PARAM_CAP && action->params[i].name != NULL; i++) {
        const struct action_param *param = &action->params[i];
        const struct conf_node *node = conf_child(group, param->name);
        if (node == NULL && param->is_required) {
            return conf_error(group, err, "step \"%s\": %s needs %s: %s", step->name, action->name,
                              param->name, param->help);
        }
        if (node == NULL && param->fallback == NULL) {
            continue;
        }
        struct playbook_value *value = &step->values[step->value_count++];
        value->param = param;
        value->line = node != NULL ? conf_line(node) : step->line;
        int rc = node != NULL ? param_read(group, service, value, err) : param_default(value, err);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

/* Which sides the step joins. An action that names only where it goes comes from the other side. */
static int find_join(const struct conf_node *group, struct playbook_step *step, struct err *err)
{
    const struct playbook_value *from = playbook_step_value(step, "from");
    const struct playbook_value *to = playbook_step_value(step, "to");
    step->join.from = SIDE_OLD;
    step->join.to = SIDE_NEW;
    if (to != NULL) {
        step->join.to = (enum side)to->number;
        step->join.from = side_other(step->join.to);
    }
    if (from != NULL) {
        step->join.from = (enum side)from->number;
    }
    step->join.is_shared = playbook_step_number(step, "mode", 0) == PARAM_MODE_SHARED;
    if (from != NULL && to != NULL && from->number == to->number) {
        return conf_error(group, err, "step \"%s\": from and to are both %s", step->name,
                          side_name(step->join.to));
    }
    return 0;
}

/* The provider would refuse it on the day; better now. */
static int check_ttl(const struct conf_node *group, const struct service *service,
                     const struct playbook_step *step, struct err *err)
{
    const struct playbook_value *ttl = playbook_step_value(step, "ttl");
    if (ttl == NULL || step->action->id != ACTION_LOWER_TTL || !service->dns.is_configured ||
        ttl->number >= service->dns.min_ttl_s) {
        return 0;
    }
    conf_error(group, err,
               "step \"%s\": ttl %lld is below %u, the least that the zone's plan allows",
               step->name, (long long)ttl->number, service->dns.min_ttl_s);
    return err_hint(err, "Set dns.min_ttl in %s when your plan allows less.", service->path);
}

static int check_step_name(const struct conf_node *group, const struct playbook *playbook,
                           const struct playbook_step *step, struct err *err)
{
    const struct conf_node *node = conf_child(group, "name");
    for (const struct playbook_step *other = playbook->steps; other < step; other++) {
        if (strcmp(other->name, step->name) == 0) {
            return conf_error(node, err, "step name \"%s\" is used twice, here and at line %u",
                              step->name, other->line);
        }
    }
    return check_word(node, "step name", step->name, err);
}

static int read_step(const struct conf_node *group, const struct service *service,
                     struct playbook *playbook, struct err *err)
{
    if (conf_kind(group) != CONF_GROUP) {
        return conf_error(group, err, "a step is written { name = \"...\"; action = \"...\"; }");
    }
    struct playbook_step *step = &playbook->steps[playbook->step_count++];
    step->line = conf_line(group);
    int rc = member_text(group, "name", step->name, sizeof(step->name), err);
    rc = rc != 0 ? rc : check_step_name(group, playbook, step, err);
    rc = rc != 0 ? rc : find_action(group, &step->action, err);
    rc = rc != 0 ? rc : refuse_unknown_keys(group, step->action, err);
    rc = rc != 0 ? rc : read_values(group, service, step, err);
    rc = rc != 0 ? rc : find_join(group, step, err);
    return rc != 0 ? rc : check_ttl(group, service, step, err);
}

static int read_steps(const struct conf_node *group, const struct service *service,
                      struct playbook *playbook, struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = member_list(group, "steps", &list, err);
    if (rc != 0) {
        return rc;
    }
    if (list == NULL || conf_count(list) == 0) {
        return conf_error(list != NULL ? list : group, err, "steps must list at least one step");
    }
    playbook->steps = calloc(conf_count(list), sizeof(*playbook->steps));
    if (playbook->steps == NULL) {
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory reading steps");
    }
    for (size_t i = 0; rc == 0 && i < conf_count(list); i++) {
        rc = read_step(conf_at(list, i), service, playbook, err);
    }
    return rc;
}

/* Only what leads out of `unsafe` on purpose may begin there. */
static int check_unsafe(const struct conf_node *group, const struct playbook *playbook,
                        struct err *err)
{
    const struct playbook_step *first = playbook->steps;
    if ((playbook->needs & SITUATION_BIT(SITUATION_UNSAFE)) == 0) {
        return 0;
    }
    situation_mask starts = action_starts_from(first->action->id, &first->join);
    if ((starts & SITUATION_BIT(SITUATION_UNSAFE)) != 0) {
        return 0;
    }
    return conf_error(conf_child(group, "needs"), err,
                      "needs: no playbook may start while the service is unsafe, but one that "
                      "begins with `abandon`");
}

/* --- the whole -------------------------------------------------------------------------------- */

/* From each situation it says it may start from, not only from the likely one. */
static int join_steps(struct playbook *playbook, enum situation first, struct err *err)
{
    int rc = playbook_join(playbook, first, &playbook->ends, err);
    for (int i = 0; rc == 0 && i < SITUATION_COUNT; i++) {
        enum situation end = SITUATION_UNSAFE;
        if ((playbook->needs & SITUATION_BIT(i)) != 0) {
            rc = playbook_join(playbook, (enum situation)i, &end, err);
        }
    }
    return rc;
}

static int read_all(const struct conf_node *root, const struct service *service,
                    struct playbook *playbook, struct err *err)
{
    static const char *const known_above[] = {"playbook", NULL};
    static const char *const known[] = {"name", "about", "needs", "steps", NULL};
    const struct conf_node *group = NULL;
    enum situation first = SITUATION_UNSAFE;
    int rc = member_group(root, "playbook", "{ name = ...; needs = ...; steps = ( ... ); }", &group,
                          err);
    rc = rc != 0 ? rc : conf_only(root, known_above, err);
    rc = rc != 0 ? rc : conf_only(group, known, err);
    rc = rc != 0 ? rc : member_text(group, "name", playbook->name, sizeof(playbook->name), err);
    rc = rc != 0 ? rc : check_word(conf_child(group, "name"), "name", playbook->name, err);
    rc = rc != 0 ? rc : read_about(group, playbook, err);
    rc = rc != 0 ? rc : read_needs(group, playbook, &first, err);
    rc = rc != 0 ? rc : read_steps(group, service, playbook, err);
    rc = rc != 0 ? rc : check_unsafe(group, playbook, err);
    return rc != 0 ? rc : join_steps(playbook, first, err);
}

int playbook_read(const char *path, const struct service *service, struct playbook *out,
                  struct err *err)
{
    CLEANUP(conffile_freep) struct conffile *file = NULL;
    CLEANUP(playbook_release) struct playbook playbook = {0};
    int rc = conffile_open(path, &file, err);
    if (rc != 0) {
        return rc;
    }
    if (realpath(path, playbook.path) == NULL) {
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "cannot find %s: %m", path);
    }
    rc = read_all(conffile_root(file), service, &playbook, err);
    if (rc != 0) {
        return rc;
    }
    *out = playbook;
    playbook = (struct playbook){0}; /* its memory is the caller's now */
    return 0;
}
