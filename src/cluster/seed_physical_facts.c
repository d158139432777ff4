/* SPDX-License-Identifier: MIT */
/* Two sources that have to agree: what the server says, and what its host says. */
#include "cluster/seed_physical_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/log_need.h"
#define DEFAULT_DATADIR "/var/lib/mysql"

/* The value of a variable, never NULL: "" when there is no such one. */
static const char *variable(const struct session *session, const struct db_result *all,
                            const char *name)
{
    const char *names = session_column(session, SQL_SURVEY_VARIABLES, "name");
    for (size_t i = 0; i < all->row_count; i++)
        if (strcmp(result_text(all, i, names), name) == 0)
            return result_text(all, i, session_column(session, SQL_SURVEY_VARIABLES, "value"));
    return "";
}

static void without_slash(char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
}

static bool is_within(const char *datadir, const char *value)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s", value);
    without_slash(path);
    return path[0] == '\0' || strcmp(path, ".") == 0 || strcmp(path, datadir) == 0;
}

/* Files of the server that a copy would not find, or not replace. */
static void find_outside(const struct session *session, const struct db_result *all,
                         struct physical_server *out)
{
    static const char *const folders[] = {"innodb_data_home_dir", "innodb_undo_directory",
                                          "innodb_log_group_home_dir", "aria_log_dir_path",
                                          "rocksdb_wal_dir"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        const char *value = variable(session, all, folders[i]);
        if (is_within(out->datadir, value))
            continue;
        (void)snprintf(out->outside, sizeof out->outside, "%s is %s", folders[i], value);
        return;
    }
    const char *files = variable(session, all, "innodb_data_file_path");
    if (strchr(files, '/') != NULL)
        (void)snprintf(out->outside, sizeof out->outside, "innodb_data_file_path is %s", files);
}

static void find_key_plugin(const struct session *session, const struct db_result *all,
                            struct physical_server *out)
{
    const char *names = session_column(session, SQL_SURVEY_VARIABLES, "name");
    for (size_t i = 0; i < all->row_count; i++) {
        const char *name = result_text(all, i, names), *end = strstr(name, "_key_management_");
        if (end == NULL)
            continue;
        (void)snprintf(out->encryption, sizeof out->encryption, "%.*s_key_management",
                       (int)(end - name), name);
        return;
    }
}

int physical_server_read(const struct service *service, const struct node *node,
                         struct physical_server *out, struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    CLEANUP(db_result_release) struct db_result all = {0};

    int rc = session_open(service, node, SESSION_CONTROLLER, &session, err);
    if (!rc)
        rc = session_query(&session, SQL_SURVEY_VARIABLES, NULL, 0, &all, err);
    if (rc)
        return rc;
    *out = (struct physical_server){.node = node, .version = session.version};
    (void)snprintf(out->datadir, sizeof out->datadir, "%s", variable(&session, &all, "datadir"));
    without_slash(out->datadir);
    (void)snprintf(out->socket, sizeof out->socket, "%s", variable(&session, &all, "socket"));
    (void)snprintf(out->log_base, sizeof out->log_base, "%s",
                   variable(&session, &all, "log_bin_basename"));
    out->page_size = strtoll(variable(&session, &all, "innodb_page_size"), NULL, 10);
    out->lower_case = strtoll(variable(&session, &all, "lower_case_table_names"), NULL, 10);
    rc = log_need_read(&session, &out->keep_log_s, err);
    if (rc)
        return rc;
    find_outside(&session, &all, out);
    find_key_plugin(&session, &all, out);
    return 0;
}

int physical_look(const struct physical_server *server, struct ssh_result *look, struct err *err)
{
    const char *const words[] = {"look", server->datadir, server->log_base, NULL};
    return seed_host_ask(server->node, words, PHYSICAL_ASK_MS, look, err);
}

int physical_datadir(const struct node *node, char out[PATH_MAX], bool *out_has_scheduler,
                     struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    char scheduler[16];

    if (!node->ssh)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "the host of %s has no group ssh", node->name);
    const char *const words[] = {"options", node->ssh->defaults_file, NULL};
    int rc = seed_host_ask(node, words, PHYSICAL_ASK_MS, &result, err);
    if (rc)
        return rc;
    seed_host_value(&result, "datadir", out, PATH_MAX);
    if (out[0] == '\0')
        (void)snprintf(out, PATH_MAX, "%s", DEFAULT_DATADIR);
    without_slash(out);
    seed_host_value(&result, "scheduler", scheduler, sizeof scheduler);
    *out_has_scheduler = strcasecmp(scheduler, "on") == 0 || strcmp(scheduler, "1") == 0;
    return 0;
}
