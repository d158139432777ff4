/* SPDX-License-Identifier: MIT */
/* Who may look at the dashboard and who may act, as a person wrote it down. */
#include "playbook/service_serve.h"

#include <stdio.h>
#include <string.h>

#include "playbook/member.h"

static int read_path(const struct conf_node *group, const char *key, const char *folder, char *out,
                     size_t out_size, struct err *err)
{
    char path[PATH_MAX];
    if (conf_child(group, key) == NULL)
        return 0;
    int rc = member_text(group, key, path, sizeof(path), err);
    if (rc != 0)
        return rc;
    int len = path[0] == '/' ? snprintf(out, out_size, "%s", path)
                             : snprintf(out, out_size, "%s/%s", folder, path);
    return len >= 0 && (size_t)len < out_size
               ? 0
               : conf_error(conf_child(group, key), err, "the path of %s is too long", key);
}

static int read_hosts(const struct conf_node *group, struct service_serve *out, struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = member_list(group, "hosts", &list, err);
    if (rc != 0 || list == NULL)
        return rc;
    return node_texts(list, "hosts", &out->hosts, &out->host_count, err);
}

static int read_tokens(const struct conf_node *group, const char *folder, struct service_serve *out,
                       struct err *err)
{
    char reference[PATH_MAX];
    if (conf_child(group, "tokens") == NULL)
        return 0;
    int rc = member_text(group, "tokens", reference, sizeof(reference), err);
    if (rc != 0)
        return rc;
    out->has_tokens = true;
    if (secret_load_lines(&out->tokens, reference, folder, err) == 0)
        return 0;
    return node_blame(conf_child(group, "tokens"), err);
}

static int check(const struct conf_node *group, const struct service_serve *serve, struct err *err)
{
    if ((serve->certificate_path[0] == '\0') != (serve->key_path[0] == '\0'))
        return conf_error(group, err, "certificate and key go together: give both, or neither");
    return 0;
}

int service_serve_read(const struct conf_node *root, const char *folder, struct service_serve *out,
                       struct err *err)
{
    static const char *const known[] = {"listen", "tokens", "certificate", "key", "hosts", NULL};
    const struct conf_node *group = NULL;
    if (conf_child(root, "serve") == NULL)
        return 0;
    int rc = member_group(
        root, "serve", "{ listen = \"127.0.0.1:8306\"; tokens = \"file:tokens\"; }", &group, err);
    if (rc == 0)
        rc = conf_only(group, known, err);
    if (rc == 0 && conf_child(group, "listen") != NULL)
        rc = member_text(group, "listen", out->listen, sizeof(out->listen), err);
    if (rc == 0)
        rc = read_tokens(group, folder, out, err);
    if (rc == 0)
        rc = read_path(group, "certificate", folder, out->certificate_path,
                       sizeof(out->certificate_path), err);
    if (rc == 0)
        rc = read_path(group, "key", folder, out->key_path, sizeof(out->key_path), err);
    if (rc == 0)
        rc = read_hosts(group, out, err);
    return rc != 0 ? rc : check(group, out, err);
}
