/* SPDX-License-Identifier: MIT */
#include "ctl/view.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct view {
    pthread_mutex_t lock;
    struct view_page *pages[VIEW_TOPIC_COUNT];
    uint64_t numbers[VIEW_TOPIC_COUNT];
};

const char *view_topic_name(enum view_topic topic)
{
    static const char *const names[VIEW_TOPIC_COUNT] = {
        [VIEW_LAG] = "lag", [VIEW_STATE] = "state", [VIEW_NAMES] = "names", [VIEW_RUN] = "run"};

    return names[topic];
}

int view_new(struct view **out, struct err *err)
{
    struct view *view = calloc(1, sizeof *view);
    if (!view)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory");
    (void)pthread_mutex_init(&view->lock, NULL);
    *out = view;
    return 0;
}

void view_drop(struct view_page *page)
{
    if (!page || __atomic_sub_fetch(&page->opaque_references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    free((void *)(uintptr_t)page->text);
    free(page);
}

void view_dropp(struct view_page **page)
{
    view_drop(*page);
    *page = NULL;
}

void view_free(struct view *view)
{
    if (!view)
        return;
    for (size_t i = 0; i < VIEW_TOPIC_COUNT; i++)
        view_drop(view->pages[i]);
    (void)pthread_mutex_destroy(&view->lock);
    free(view);
}

static struct view_page *page_of(json_t *value)
{
    struct view_page *page = calloc(1, sizeof *page);
    char *text = json_dumps(value, JSON_COMPACT);

    if (!page || !text) {
        free(page);
        free(text);
        return NULL;
    }
    *page = (struct view_page){
        .at_us = clock_wall_us(), .text = text, .len = strlen(text), .opaque_references = 1};
    return page;
}

int view_publish(struct view *view, enum view_topic topic, json_t *value, struct err *err)
{
    struct view_page *page = value ? page_of(value) : NULL;

    json_decref(value);
    if (!page)
        return err_set(err, ERR_MEMORY, EFFECT_NONE,
                       "the %s of the dashboard: out of memory, or a text is not UTF-8",
                       view_topic_name(topic));
    (void)pthread_mutex_lock(&view->lock);
    struct view_page *former = view->pages[topic];
    page->number = ++view->numbers[topic];
    view->pages[topic] = page;
    (void)pthread_mutex_unlock(&view->lock);
    view_drop(former);
    return 0;
}

struct view_page *view_take(struct view *view, enum view_topic topic, uint64_t seen)
{
    (void)pthread_mutex_lock(&view->lock);
    struct view_page *page = view->pages[topic];
    if (page && page->number > seen)
        (void)__atomic_add_fetch(&page->opaque_references, 1, __ATOMIC_ACQ_REL);
    else
        page = NULL;
    (void)pthread_mutex_unlock(&view->lock);
    return page;
}
