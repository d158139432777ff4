/* SPDX-License-Identifier: MIT */
/*
 * Parameters by type. A single value takes two steps, node -> text -> value, so that the defaults
 * in the table of actions go through the same door as what a person wrote.
 */
#include "playbook/param.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "domain/gate.h"
#include "domain/seed_method.h"
#include "playbook/member.h"

#define NAMES_CAP                                                                                  \
    256 /* names offered for a suggestion; more than that and none is made for the rest */

/* --- text -> value ---------------------------------------------------------------------------- */

static int value_of_word(const struct playbook_value *value, const char *const *words, int64_t *out,
                         struct err *err)
{
    for (int i = 0; i < 2; i++) {
        if (strcmp(value->text, words[i]) == 0) {
            *out = i;
            return 0;
        }
    }
    return err_set(err, ERR_CONFIG, EFFECT_NONE, "%s is \"%s\"; expected \"%s\" or \"%s\"",
                   value->param->name, value->text, words[0], words[1]);
}

static int value_of_method(struct playbook_value *value, struct err *err)
{
    CLEANUP(buf_release) struct buf names;
    buf_init(&names, 256);
    for (int i = 0; i < SEED_METHOD_COUNT; i++) {
        const char *name = seed_method_row((enum seed_method)i)->name;
        if (strcmp(value->text, name) == 0) {
            value->number = i;
            return 0;
        }
        buf_printf(&names, "%s\"%s\"",
                   i == 0                      ? ""
                   : i + 1 < SEED_METHOD_COUNT ? ", "
                                               : " or ",
                   name);
    }
    return err_set(err, ERR_CONFIG, EFFECT_NONE, "%s is \"%s\"; expected %s", value->param->name,
                   value->text, buf_text(&names));
}

static int value_of_int(struct playbook_value *value, struct err *err)
{
    char *end = NULL;
    value->number = strtoll(value->text, &end, 10);
    if (*end != '\0' || value->number < 0) {
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "%s is %s; expected a number, 0 or more",
                       value->param->name, value->text);
    }
    return 0;
}

static int value_of_text(struct playbook_value *value, struct err *err)
{
    static const char *const truths[] = {"false", "true"};
    static const char *const sides[] = {[SIDE_OLD] = "old", [SIDE_NEW] = "new"};
    static const char *const modes[] = {
        [PARAM_MODE_FENCED] = "fenced", [PARAM_MODE_SHARED] = "shared"};
    switch (value->param->type) {
    case PARAM_INT:
        return value_of_int(value, err);
    case PARAM_BOOL:
        return value_of_word(value, truths, &value->number, err);
    case PARAM_SIDE:
        return value_of_word(value, sides, &value->number, err);
    case PARAM_MODE:
        return value_of_word(value, modes, &value->number, err);
    case PARAM_METHOD:
        return value_of_method(value, err);
    case PARAM_DURATION:
        if (clock_parse_ms(value->text, &value->number, err) != 0) {
            return err_wrap(err, "%s", value->param->name);
        }
        return 0;
    case PARAM_TEXT:
    case PARAM_RECORDS:
    case PARAM_REQUIRE:
    case PARAM_TABLES:
        return 0;
    }
    return err_set(err, ERR_BUG, EFFECT_NONE, "parameter %s has no type", value->param->name);
}

/* --- node -> text ----------------------------------------------------------------------------- */

static int keep_text(struct playbook_value *value, const char *text, struct err *err)
{
    value->text = strdup(text);
    return value->text != NULL ? 0
                               : err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory reading %s",
                                         value->param->name);
}

static int read_int(const struct conf_node *node, struct playbook_value *value, struct err *err)
{
    if (conf_kind(node) != CONF_INT) {
        return conf_error(node, err, "%s must be a whole number without quotes, not %s",
                          value->param->name, conf_kind_name(conf_kind(node)));
    }
    int64_t number = 0;
    int rc = conf_as_int(node, &number, err);
    if (rc != 0) {
        return rc;
    }
    char text[32];
    snprintf(text, sizeof(text), "%lld", (long long)number);
    return keep_text(value, text, err);
}

static int read_bool(const struct conf_node *group, struct playbook_value *value, struct err *err)
{
    bool is_true = false;
    const struct conf_node *node = conf_child(group, value->param->name);
    if (conf_kind(node) != CONF_BOOL) {
        return conf_error(node, err, "%s must be true or false, without quotes",
                          value->param->name);
    }
    int rc = conf_bool(group, value->param->name, &is_true, err);
    return rc != 0 ? rc : keep_text(value, is_true ? "true" : "false", err);
}

static int read_text(const struct conf_node *node, struct playbook_value *value, struct err *err)
{
    char text[1024];
    if (value->param->type == PARAM_DURATION && conf_as_text(node) == NULL) {
        return conf_error(node, err, "%s must be a duration in quotes, such as \"2s\" or \"15m\"",
                          value->param->name);
    }
    int rc = node_text(node, value->param->name, text, sizeof(text), err);
    return rc != 0 ? rc : keep_text(value, text, err);
}

static int read_single(const struct conf_node *group, struct playbook_value *value, struct err *err)
{
    const struct conf_node *node = conf_child(group, value->param->name);
    enum param_type type = value->param->type;
    int rc = type == PARAM_INT    ? read_int(node, value, err)
             : type == PARAM_BOOL ? read_bool(group, value, err)
                                  : read_text(node, value, err);
    if (rc == 0 && value_of_text(value, err) != 0) {
        return node_blame(node, err);
    }
    return rc;
}

/* --- lists ------------------------------------------------------------------------------------ */

/* conf_suggest() wants a NULL-terminated list of names; the services of this world have few. */
static const char *nearest_record(const struct service *service, const char *word)
{
    const char *names[NAMES_CAP + 1] = {NULL};
    for (size_t i = 0; i < service->dns.record_count && i < NAMES_CAP; i++) {
        names[i] = service->dns.records[i].name;
    }
    return conf_suggest(word, names);
}

static int check_record(const struct conf_node *node, const struct service *service,
                        const struct playbook_value *value, size_t index, struct err *err)
{
    const char *name = value->items[index];
    if (strcmp(name, "all") == 0) {
        return value->item_count == 1
                   ? 0
                   : conf_error(node, err, "%s: \"all\" stands alone", value->param->name);
    }
    for (size_t i = 0; i < service->dns.record_count; i++) {
        if (strcmp(service->dns.records[i].name, name) == 0) {
            return 0;
        }
    }
    const char *near = nearest_record(service, name);
    return conf_error(node, err, "%s: \"%s\" is not a record of %s%s%s%s", value->param->name, name,
                      service->path, near != NULL ? "; did you mean \"" : "",
                      near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static int check_table(const struct conf_node *node, const struct service *service,
                       const struct playbook_value *value, size_t index, struct err *err)
{
    const char *name = value->items[index];
    const char *dot = strchr(name, '.');
    if (dot == NULL || dot == name || dot[1] == '\0') {
        return conf_error(node, err, "%s: \"%s\" is not written \"database.table\"",
                          value->param->name, name);
    }
    size_t len = (size_t)(dot - name);
    for (size_t i = 0; i < service->database_count; i++) {
        const char *database = service->databases[i];
        if (strlen(database) == len && memcmp(database, name, len) == 0) {
            return 0;
        }
    }
    return conf_error(node, err,
                      "%s: the database of \"%s\" is not one that moves (see databases "
                      "in %s)",
                      value->param->name, name, service->path);
}

static int check_requirement(const struct conf_node *node, const struct playbook_value *value,
                             size_t index, struct err *err)
{
    struct requirement requirement;
    if (requirement_parse(value->items[index], &requirement, err) != 0) {
        err_wrap(err, "%s", value->param->name);
        return node_blame(node, err);
    }
    return 0;
}

static int read_list(const struct conf_node *group, const struct service *service,
                     struct playbook_value *value, struct err *err)
{
    const char *name = value->param->name;
    const struct conf_node *list = NULL;
    int rc = member_list(group, name, &list, err);
    if (rc == 0 && conf_count(list) == 0) {
        return conf_error(list, err, "%s is empty; leave it out or name something", name);
    }
    rc = rc != 0 ? rc : node_texts(list, name, &value->items, &value->item_count, err);
    for (size_t i = 0; rc == 0 && i < value->item_count; i++) {
        const struct conf_node *node = conf_at(list, i);
        enum param_type type = value->param->type;
        rc = type == PARAM_RECORDS  ? check_record(node, service, value, i, err)
             : type == PARAM_TABLES ? check_table(node, service, value, i, err)
                                    : check_requirement(node, value, i, err);
    }
    return rc;
}

static bool is_list(const struct action_param *param)
{
    return param->type == PARAM_RECORDS || param->type == PARAM_REQUIRE ||
           param->type == PARAM_TABLES;
}

int param_read(const struct conf_node *group, const struct service *service,
               struct playbook_value *value, struct err *err)
{
    return is_list(value->param) ? read_list(group, service, value, err)
                                 : read_single(group, value, err);
}

/* --- defaults --------------------------------------------------------------------------------- */

static int split_default(struct playbook_value *value, struct err *err)
{
    size_t room = 1;
    for (const char *c = value->param->fallback; *c != '\0'; c++) {
        room += *c == ',';
    }
    value->items = calloc(room, sizeof(*value->items));
    const char *item = value->param->fallback;
    while (value->items != NULL && value->item_count < room) {
        size_t len = strcspn(item, ",");
        value->items[value->item_count] = strndup(item, len);
        if (value->items[value->item_count] == NULL) {
            break;
        }
        value->item_count++;
        item += len + (item[len] == ',');
    }
    if (value->item_count < room) {
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory reading %s",
                       value->param->name);
    }
    return 0;
}

int param_default(struct playbook_value *value, struct err *err)
{
    if (is_list(value->param)) {
        return split_default(value, err);
    }
    int rc = keep_text(value, value->param->fallback, err);
    return rc != 0 ? rc : value_of_text(value, err);
}
