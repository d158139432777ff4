/* SPDX-License-Identifier: MIT */
/*
 * A list of questions, each a section: what a row is called, what of it is shown, and a digest of
 * all the rest, so that a change is seen and nothing is stored twice.
 */
#include "cluster/inventory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "cluster/host.h"
#include "cluster/inventory_host.h"
#include "cluster/session.h"
#include "domain/inventory.h"

#define QUESTION_TIMEOUT_MS 120000
#define ROW_CAP_BYTES (16U << 20)
#define NAME_CAP_BYTES 1024
#define DIGEST_SHOWN 16 /* of its digits: to see that something changed, not to prove it */

enum asked_for { FOR_ALL, FOR_EACH_DATABASE, FOR_ACCOUNTS };

/* Several rows of one name, of one question or of several, make one digest, in their order. */
static const struct question {
    const char *section;
    enum sql_id id;
    enum asked_for asked;
    const char *names[3]; /* columns that make its name, joined by blanks */
    const char *shown[3]; /* columns that are shown as they are */
    bool is_plain;        /* the first of shown is the value; no digest */
    const char
        *left_out[3]; /* columns that change by themselves, or are shown in another section */
} questions[] = {
    {.section = "variables",
     .id = SQL_SURVEY_VARIABLES,
     .names = {"name"},
     .shown = {"value"},
     .is_plain = true},
    {.section = "set",
     .id = SQL_SURVEY_EXPLICIT,
     .names = {"name"},
     .shown = {"value"},
     .is_plain = true},
    {.section = "plugins",
     .id = SQL_SURVEY_LOADED,
     .names = {"name"},
     .shown = {"value"},
     .is_plain = true},
    {.section = "tables",
     .id = SQL_SHAPE_TABLES,
     .asked = FOR_EACH_DATABASE,
     .names = {"TABLE_NAME"},
     .shown = {"ENGINE", "TABLE_COLLATION"},
     .left_out = {"TABLE_ROWS", "DATA_LENGTH"}},
    {.section = "tables",
     .id = SQL_SHAPE_COLUMNS,
     .asked = FOR_EACH_DATABASE,
     .names = {"TABLE_NAME"}},
    {.section = "tables",
     .id = SQL_SHAPE_INDEXES,
     .asked = FOR_EACH_DATABASE,
     .names = {"TABLE_NAME"}},
    {.section = "tables",
     .id = SQL_SHAPE_FOREIGN_KEYS,
     .asked = FOR_EACH_DATABASE,
     .names = {"TABLE_NAME"}},
    {.section = "tables",
     .id = SQL_SHAPE_FOREIGN_KEY_PARTS,
     .asked = FOR_EACH_DATABASE,
     .names = {"TABLE_NAME"}},
    {.section = "tables",
     .id = SQL_OBJECTS_CHECKS,
     .asked = FOR_EACH_DATABASE,
     .names = {"TABLE_NAME"}},
    {.section = "tables",
     .id = SQL_OBJECTS_PARTITIONS,
     .asked = FOR_EACH_DATABASE,
     .names = {"TABLE_NAME"}},
    {.section = "views",
     .id = SQL_OBJECTS_VIEWS,
     .asked = FOR_EACH_DATABASE,
     .names = {"TABLE_NAME"},
     .shown = {"DEFINER", "SECURITY_TYPE"}},
    {.section = "triggers",
     .id = SQL_OBJECTS_TRIGGERS,
     .asked = FOR_EACH_DATABASE,
     .names = {"TRIGGER_NAME"},
     .shown = {"ACTION_TIMING", "EVENT_MANIPULATION", "EVENT_OBJECT_TABLE"}},
    {.section = "routines",
     .id = SQL_OBJECTS_ROUTINES,
     .asked = FOR_EACH_DATABASE,
     .names = {"ROUTINE_NAME", "KIND"},
     .shown = {"DEFINER", "SECURITY_TYPE"}},
    {.section = "events",
     .id = SQL_OBJECTS_EVENTS,
     .asked = FOR_EACH_DATABASE,
     .names = {"EVENT_NAME"},
     .shown = {"STATUS", "DEFINER"},
     .left_out = {"STARTS"}},
    {.section = "accounts",
     .id = SQL_OBJECTS_ACCOUNTS,
     .asked = FOR_ACCOUNTS,
     .names = {"account"},
     .shown = {"plugin"}},
    {.section = "grants",
     .id = SQL_OBJECTS_GRANTS,
     .names = {"account", "scope"},
     .shown = {"privileges"},
     .is_plain = true},
};

struct taking {
    const struct service *service;
    struct session *session;
    json_t *side;
    json_t *shown, *digests; /* of the section that is being read: by name */
};

static const char *value_of(const struct taking *t, const struct question *q,
                            const struct db_result *rows, size_t row, const char *column)
{
    const char *name = session_column(t->session, q->id, column);
    return name == NULL ? "" : result_text(rows, row, name);
}

static void join(const struct taking *t, const struct question *q, const struct db_result *rows,
                 size_t row, const char *const columns[3], const char *between, struct buf *out)
{
    for (size_t i = 0; i < 3 && columns[i] != NULL; i++)
        buf_printf(out, "%s%s", i > 0 ? between : "", value_of(t, q, rows, row, columns[i]));
}

static bool is_left_out(const struct question *q, const char *column)
{
    for (size_t i = 0; i < ARRAY_LEN(q->left_out) && q->left_out[i] != NULL; i++)
        if (strcasecmp(q->left_out[i], column) == 0)
            return true;
    return false;
}

/* The digest of a name so far, and one more row of it. */
static int add_row(const struct taking *t, const struct question *q, const struct db_result *rows,
                   size_t row, const char *name, struct err *err)
{
    CLEANUP(buf_release) struct buf text;
    char digest[DIGEST_HEX_LEN + 1];
    buf_init(&text, ROW_CAP_BYTES);
    buf_puts(&text, json_text_or(t->digests, name, ""));
    for (size_t i = 0; i < rows->column_count; i++) {
        const char *value = db_result_text(rows, row, (int)i);
        if (!is_left_out(q, db_result_column_name(rows, i)))
            buf_printf(&text, "\x1f%s", value == NULL ? "\x1e" : value);
    }
    int rc = buf_check(&text, err);
    if (rc == 0)
        rc = digest_sha256_hex(text.data, text.len, digest, err);
    if (rc != 0)
        return rc;
    return json_object_set_new(t->digests, name, json_string(digest)) == 0
               ? 0
               : err_set(err, ERR_PROTOCOL, EFFECT_NONE, "a name in %s is not valid UTF-8",
                         q->section);
}

static int take_row(const struct taking *t, const struct question *q, const char *database,
                    const struct db_result *rows, size_t row, struct err *err)
{
    CLEANUP(buf_release) struct buf name;
    CLEANUP(buf_release) struct buf shown;
    buf_init(&name, NAME_CAP_BYTES);
    buf_init(&shown, ROW_CAP_BYTES);
    buf_printf(&name, "%s%s", database, database[0] != '\0' ? "." : "");
    join(t, q, rows, row, q->names, " ", &name);
    join(t, q, rows, row, q->shown, ", ", &shown);
    int rc = buf_check(&name, err);
    if (rc == 0)
        rc = buf_check(&shown, err);
    if (rc != 0)
        return rc;
    if (q->is_plain)
        return inventory_put(t->side, q->section, buf_text(&name), buf_text(&shown), err);
    if (shown.len > 0 &&
        json_object_set_new(t->shown, buf_text(&name), json_string(buf_text(&shown))) != 0)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "a text in %s is not valid UTF-8",
                       q->section);
    return add_row(t, q, rows, row, buf_text(&name), err);
}

static int ask(const struct taking *t, const struct question *q, const char *database,
               const struct sql_arg *args, size_t arg_count, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    int rc = session_query(t->session, q->id, args, arg_count, &rows, err);
    for (size_t row = 0; rc == 0 && row < rows.row_count; row++)
        rc = take_row(t, q, database, &rows, row, err);
    return rc;
}

static int answer(const struct taking *t, const struct question *q, struct err *err)
{
    /* a list has a member; nobody is called so: our own accounts count, and locks of ours show */
    static const struct sql_arg all_accounts[] = {{"ours", "'\\n'"}, {"held", "'\\n'"}};
    int rc = 0;
    switch (q->asked) {
    case FOR_ALL:
        return ask(t, q, "", NULL, 0, err);
    case FOR_EACH_DATABASE:
        for (size_t i = 0; rc == 0 && i < t->service->database_count; i++)
            rc = ask(t, q, t->service->databases[i],
                     &(struct sql_arg){"database", t->service->databases[i]}, 1, err);
        return rc;
    case FOR_ACCOUNTS:
        return ask(t, q, "", all_accounts, ARRAY_LEN(all_accounts), err);
    }
    return 0;
}

/* What was shown and digested under a name becomes one text. */
static int settle(struct taking *t, const char *section, struct err *err)
{
    const char *name;
    json_t *digest;
    int rc = 0;
    json_object_foreach(t->digests, name, digest)
    {
        CLEANUP(buf_release) struct buf text;
        const char *shown = json_text_or(t->shown, name, "");
        buf_init(&text, ROW_CAP_BYTES);
        buf_printf(&text, "%s%s%.*s", shown, shown[0] != '\0' ? ", " : "", DIGEST_SHOWN,
                   json_string_value(digest));
        rc = buf_check(&text, err);
        if (rc == 0)
            rc = inventory_put(t->side, section, name, buf_text(&text), err);
        if (rc != 0)
            return rc;
    }
    (void)json_object_clear(t->shown); /* of objects they cannot fail */
    (void)json_object_clear(t->digests);
    return 0;
}

static int take_sizes(const struct taking *t, struct err *err)
{
    CLEANUP(buf_release) struct buf databases;
    CLEANUP(db_result_release) struct db_result rows = {0};
    buf_init(&databases, 1U << 20);
    session_databases(t->service, &databases);
    int rc = session_query(t->session, SQL_TABLE_LIST,
                           &(struct sql_arg){"databases", buf_text(&databases)}, 1, &rows, err);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++) {
        char name[NAME_CAP_BYTES];
        (void)snprintf(name, sizeof(name), "%s.%s", result_text(&rows, i, "db"),
                       result_text(&rows, i, "name"));
        rc = inventory_put_number(t->side, "sizes", name, result_number(&rows, i, "bytes"), err);
    }
    return rc;
}

/* --- the servers as they were observed -------------------------------------------------------- */

static int take_node(const struct node_facts *node, json_t *side, struct err *err)
{
    char text[512];
    (void)snprintf(text, sizeof(text), "%s, server_id %" PRIu32 ", %s, %s%s%s",
                   node->node->is_primary ? "primary" : "replica", node->server_id,
                   node->version_text, node->is_reached == TRI_YES ? "reached" : "not reached",
                   node->log_filters[0] != '\0' ? ", " : "", node->log_filters);
    int rc = inventory_put(side, "nodes", node->node->name, text, err);
    for (unsigned i = 0; rc == 0 && i < node->channel_count; i++) {
        const struct channel_facts *channel = &node->channels[i];
        char name[NAME_CAP_BYTES];
        (void)snprintf(name, sizeof(name), "%s \"%s\"", node->node->name, channel->name);
        (void)snprintf(text, sizeof(text), "reads from %s:%u%s%s", channel->source_host,
                       channel->source_port, channel->filters[0] != '\0' ? "; " : "",
                       channel->filters);
        rc = inventory_put(side, "channels", name, text, err);
    }
    return rc;
}

static int take_nodes(const struct facts *facts, enum side side, json_t *into, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < facts->node_count; i++)
        if (facts->nodes[i].node->side == side)
            rc = take_node(&facts->nodes[i], into, err);
    return rc;
}

/* --- a side, and both ------------------------------------------------------------------------- */

static int read_side(struct taking *t, const struct facts *facts, enum side side, struct err *err)
{
    int rc = session_open(t->service, service_primary(t->service, side), SESSION_CONTROLLER,
                          t->session, err);
    if (rc == 0)
        rc = db_set_timeout(t->session->db, QUESTION_TIMEOUT_MS, err);
    if (rc == 0)
        rc = session_exec(t->session, SQL_OBJECTS_SESSION, NULL, 0, err);
    if (rc == 0)
        rc = take_nodes(facts, side, t->side, err);
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(questions); i++) {
        const struct question *next = i + 1 < ARRAY_LEN(questions) ? &questions[i + 1] : NULL;
        rc = answer(t, &questions[i], err);
        if (rc == 0 && (next == NULL || strcmp(next->section, questions[i].section) != 0))
            rc = settle(t, questions[i].section, err);
    }
    return rc == 0 ? take_sizes(t, err) : rc;
}

struct side_taken {
    struct err why; /* when rc says that it was not read */
    int rc;
    struct host_report report;
    struct host_question asked;
};

static bool is_ours(int rc)
{
    return rc == ERR_MEMORY || rc == ERR_BUG;
}

static int take_side(const struct service *service, const struct facts *facts, enum side side,
                     json_t *document, struct side_taken *out)
{
    CLEANUP(session_release) struct session session = {0};
    CLEANUP(json_release) json_t *shown = json_object();
    CLEANUP(json_release) json_t *digests = json_object();
    struct taking t = {service, &session, inventory_side(document, side), shown, digests};

    out->rc = read_side(&t, facts, side, &out->why);
    return is_ours(out->rc) ? out->rc : 0;
}

static void ask_hosts(const struct service *service, json_t *document, struct side_taken *taken)
{
    struct host_task tasks[SIDE_COUNT];
    size_t count = 0;

    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        if (taken[side].rc != 0)
            continue;
        inventory_ask_host(service_primary(service, side), inventory_side(document, side),
                           &taken[side].report, &taken[side].asked);
        tasks[count++] = (struct host_task){host_look_task, &taken[side].asked};
    }
    host_together(tasks, count);
}

static int end_side(struct side_taken *taken, json_t *side, struct err *err)
{
    if (taken->rc == 0)
        taken->rc = inventory_put_host(&taken->asked, side, &taken->why);
    if (is_ours(taken->rc)) {
        *err = taken->why;
        return taken->rc;
    }
    return inventory_end_side(side, taken->rc == 0 ? NULL : &taken->why, err);
}

static void release_taken(struct side_taken (*taken)[SIDE_COUNT])
{
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++)
        host_report_release(&(*taken)[side].report);
}

int inventory_take(const struct service *service, const struct facts *facts, json_t **out,
                   struct err *err)
{
    CLEANUP(json_release) json_t *document = inventory_new(service->name, facts->wall_us);
    CLEANUP(release_taken) struct side_taken taken[SIDE_COUNT] = {0};
    if (document == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the inventory");
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        int rc = take_side(service, facts, side, document, &taken[side]);
        if (rc != 0) {
            *err = taken[side].why;
            return rc;
        }
    }
    ask_hosts(service, document, taken);
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        int rc = end_side(&taken[side], inventory_side(document, side), err);
        if (rc != 0)
            return rc;
    }
    *out = json_incref(document);
    return 0;
}
