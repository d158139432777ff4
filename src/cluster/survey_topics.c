/* SPDX-License-Identifier: MIT */
/* One statement a topic, all with the same columns, so that one reader reads them all. */
#include "cluster/survey_topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/agents.h"
#include "domain/server_words.h"

/* information_schema opens every table where there is no data dictionary. */
#define TOPIC_TIMEOUT_MS 120000

#define LIST_CAP_BYTES (1U << 20)

static const struct topic {
    enum survey_topic topic;
    enum sql_id id;
    bool takes_databases, takes_words;
    void (*what)(struct buf *out); /* of agents: what is looked for, under this name */
    const char *what_name;
    bool takes_ours; /* the names of our accounts; so do those that look for agents */
} topics_table[] = {
    {.topic = SURVEY_VARIABLES, .id = SQL_SURVEY_VARIABLES},
    {.topic = SURVEY_EXPLICIT, .id = SQL_SURVEY_EXPLICIT},
    {.topic = SURVEY_COLLATIONS_USED, .id = SQL_SURVEY_COLLATIONS_USED, .takes_databases = true},
    {.topic = SURVEY_COLLATIONS_KNOWN, .id = SQL_SURVEY_COLLATIONS_KNOWN},
    {.topic = SURVEY_PLUGINS_USED, .id = SQL_SURVEY_PLUGINS_USED},
    {.topic = SURVEY_PLUGINS_KNOWN, .id = SQL_SURVEY_PLUGINS_KNOWN},
    {.topic = SURVEY_NAMES, .id = SQL_SURVEY_NAMES, .takes_databases = true, .takes_words = true},
    {.topic = SURVEY_FEATURES, .id = SQL_SURVEY_FEATURES, .takes_databases = true},
    {.topic = SURVEY_LOOSE_KEYS, .id = SQL_SURVEY_LOOSE_KEYS, .takes_databases = true},
    {.topic = SURVEY_TIME_ZONES, .id = SQL_SURVEY_TIME_ZONES},
    {.topic = SURVEY_SEMISYNC, .id = SQL_SURVEY_SEMISYNC},
    {.topic = SURVEY_AGENTS,
     .id = SQL_SURVEY_AGENTS,
     .what = agent_accounts,
     .what_name = "agent_accounts"},
    {.topic = SURVEY_PROGRAMS,
     .id = SQL_SURVEY_PROGRAMS,
     .what = agent_programs,
     .what_name = "agent_programs"},
    {.topic = SURVEY_STATUS, .id = SQL_SURVEY_STATUS},
    {.topic = SURVEY_SESSIONS, .id = SQL_SURVEY_SESSIONS, .takes_ours = true},
    {.topic = SURVEY_LOADED, .id = SQL_SURVEY_LOADED},
    {.topic = SURVEY_IDS, .id = SQL_SURVEY_IDS, .takes_databases = true},
    {.topic = SURVEY_STATISTICS, .id = SQL_SURVEY_STATISTICS, .takes_databases = true},
};
_Static_assert(ARRAY_LEN(topics_table) == SURVEY_TOPIC_COUNT, "one statement a topic");

static int words_list(struct buf *out, struct err *err)
{
    size_t count = 0;
    const struct server_word *words = reserved_words(&count);
    const char **texts = calloc(count, sizeof(*texts));
    if (texts == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the survey");
    for (size_t i = 0; i < count; i++)
        texts[i] = words[i].word;
    sql_quote_list(texts, count, out);
    free(texts);
    return buf_check(out, err);
}

static int ask(const struct service *service, struct session *session, const struct topic *topic,
               struct db_result *out, struct err *err)
{
    CLEANUP(buf_release) struct buf databases;
    CLEANUP(buf_release) struct buf words;
    CLEANUP(buf_release) struct buf ours;
    CLEANUP(buf_release) struct buf traces;
    CLEANUP(buf_release) struct buf what;
    struct sql_arg args[5];
    size_t count = 0;
    buf_init(&databases, LIST_CAP_BYTES);
    buf_init(&words, LIST_CAP_BYTES);
    buf_init(&ours, LIST_CAP_BYTES);
    buf_init(&traces, LIST_CAP_BYTES);
    buf_init(&what, LIST_CAP_BYTES);
    int rc = topic->takes_words ? words_list(&words, err) : 0;
    if (rc != 0)
        return rc;
    session_databases(service, &databases);
    session_our_accounts(service, &ours);
    if (topic->takes_ours)
        args[count++] = (struct sql_arg){"ours", buf_text(&ours)};
    if (topic->what != NULL) {
        agent_databases(&traces);
        topic->what(&what);
        args[count++] = (struct sql_arg){"ours", buf_text(&ours)};
        args[count++] = (struct sql_arg){topic->what_name, buf_text(&what)};
    }
    if (topic->topic == SURVEY_AGENTS)
        args[count++] = (struct sql_arg){"agent_databases", buf_text(&traces)};
    if (topic->takes_databases)
        args[count++] = (struct sql_arg){"databases", buf_text(&databases)};
    if (topic->takes_words)
        args[count++] = (struct sql_arg){"words", buf_text(&words)};
    return session_query(session, topic->id, args, count, out, err);
}

/* A column that this topic does not have reads as nothing. */
static const char *text_of(const struct session *session, const struct topic *topic,
                           const struct db_result *rows, size_t row, const char *key)
{
    const char *column = session_column(session, topic->id, key);
    return column == NULL ? "" : result_text(rows, row, column);
}

static int take(const struct session *session, const struct topic *topic,
                const struct db_result *rows, struct survey_list *out, struct err *err)
{
    for (size_t i = 0; i < rows->row_count; i++) {
        const struct survey_item item = {
            .name = (char *)text_of(session, topic, rows, i, "name"), /* is copied */
            .value = (char *)text_of(session, topic, rows, i, "value"),
            .example = (char *)text_of(session, topic, rows, i, "example"),
            .uses = strtoull(text_of(session, topic, rows, i, "uses"), NULL, 10),
        };
        int rc = survey_list_add(out, &item, err);
        if (rc != 0)
            return rc;
    }
    out->is_read = TRI_YES;
    return 0;
}

static int read_topic(const struct service *service, struct session *session,
                      const struct topic *topic, struct survey_list *list, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    struct err why = {0};
    int rc = db_set_timeout(session->db, TOPIC_TIMEOUT_MS, &why);
    if (rc == 0)
        rc = ask(service, session, topic, &rows, &why);
    if (rc == 0)
        rc = take(session, topic, &rows, list, &why);
    if (rc == ERR_MEMORY)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the survey");
    if (rc != 0) {
        survey_list_release(list); /* half of an answer is none */
        list->is_read = TRI_NO;
        (void)snprintf(list->error, sizeof(list->error), "%.250s", why.msg);
    }
    return 0;
}

int survey_topics(const struct service *service, struct session *session,
                  struct survey_list topics[SURVEY_TOPIC_COUNT], struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(topics_table); i++)
        rc = read_topic(service, session, &topics_table[i], &topics[topics_table[i].topic], err);
    return rc;
}

int survey_agent_topics(const struct service *service, struct session *session,
                        struct survey_list topics[SURVEY_TOPIC_COUNT], struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(topics_table); i++)
        if (topics_table[i].what != NULL)
            rc =
                read_topic(service, session, &topics_table[i], &topics[topics_table[i].topic], err);
    return rc;
}
