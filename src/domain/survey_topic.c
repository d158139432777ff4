/* SPDX-License-Identifier: MIT */
/* Lists of what servers said, and lookups in them. */
#include "domain/survey_topic.h"

#include <stdlib.h>
#include <string.h>

static void release_item(struct survey_item *item)
{
    free(item->name);
    free(item->value);
    free(item->example);
}

void survey_list_release(struct survey_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        release_item(&list->items[i]);
    free(list->items);
    memset(list, 0, sizeof(*list));
}

int survey_list_add(struct survey_list *list, const struct survey_item *item, struct err *err)
{
    struct survey_item *items =
        reallocarray(list->items, list->count + 1, sizeof(*items)); /* glibc grows in place */
    if (items != NULL)
        list->items = items;
    struct survey_item copy = {.uses = item->uses,
                               .name = strdup(item->name),
                               .value = strdup(item->value),
                               .example = strdup(item->example)};
    if (items == NULL || copy.name == NULL || copy.value == NULL || copy.example == NULL) {
        release_item(&copy);
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the survey");
    }
    list->items[list->count++] = copy;
    return 0;
}

const struct survey_item *survey_list_find(const struct survey_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcasecmp(list->items[i].name, name) == 0)
            return &list->items[i];
    return NULL;
}

const char *survey_topic_name(enum survey_topic topic)
{
    static const char *const names[] = {
        [SURVEY_VARIABLES] = "variables",
        [SURVEY_EXPLICIT] = "variables that were set",
        [SURVEY_COLLATIONS_USED] = "collations in use",
        [SURVEY_COLLATIONS_KNOWN] = "collations",
        [SURVEY_PLUGINS_USED] = "plugins of accounts",
        [SURVEY_PLUGINS_KNOWN] = "authentication plugins",
        [SURVEY_NAMES] = "names",
        [SURVEY_FEATURES] = "features of the schema",
        [SURVEY_LOOSE_KEYS] = "foreign keys",
        [SURVEY_TIME_ZONES] = "time zones",
        [SURVEY_SEMISYNC] = "semi-sync",
        [SURVEY_AGENTS] = "traces of other agents",
        [SURVEY_PROGRAMS] = "connected programs",
        [SURVEY_STATUS] = "status counters",
        [SURVEY_SESSIONS] = "sessions at work",
        [SURVEY_LOADED] = "loaded plugins",
        [SURVEY_IDS] = "AUTO_INCREMENT columns",
        [SURVEY_STATISTICS] = "statistics of tables",
    };
    _Static_assert(ARRAY_LEN(names) == SURVEY_TOPIC_COUNT, "one name a topic");
    return names[topic];
}
