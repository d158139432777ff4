/* SPDX-License-Identifier: MIT */
/* How hosts are reached over SSH, as a person wrote it down. */
#include "playbook/service_ssh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "playbook/member.h"

#define SEED_PORT 4444 /* where Galera sends whole copies, too: often open already */
#define EXAMPLE "{ user = \"cutover\"; identity = \"ssh/id_ed25519\"; }"

static int read_path(const struct conf_node *group, const char *key, const char *folder,
                     char out[PATH_MAX], struct err *err)
{
    char path[PATH_MAX];

    if (conf_child(group, key) == NULL)
        return 0;
    int rc = member_text(group, key, path, sizeof path, err);
    if (rc != 0)
        return rc;
    int len = snprintf(out, PATH_MAX, "%s%s%s", path[0] == '/' ? "" : folder,
                       path[0] == '/' ? "" : "/", path);
    return len < PATH_MAX
               ? 0
               : conf_error(conf_child(group, key), err, "the path of %s is too long", key);
}

/* A path on the other host cannot be relative to anything here. */
static int read_path_there(const struct conf_node *group, const char *key, char out[PATH_MAX],
                           struct err *err)
{
    if (conf_child(group, key) == NULL)
        return 0;
    int rc = member_text(group, key, out, PATH_MAX, err);
    if (rc == 0 && out[0] != '/')
        rc = conf_error(conf_child(group, key), err,
                        "%s is \"%s\"; expected an absolute path on that host", key, out);
    return rc;
}

static int read_port(const struct conf_node *node, int64_t port, unsigned *out, struct err *err)
{
    if (port < 1 || port > 65535)
        return conf_error(node, err, "port %lld is not between 1 and 65535", (long long)port);
    *out = (unsigned)port;
    return 0;
}

static int read_flag(const struct conf_node *group, const char *key, bool *out, struct err *err)
{
    return conf_child(group, key) == NULL ? 0 : conf_bool(group, key, out, err);
}

/* "host[:port]", an IPv6 address with a port in brackets, in place: the host, the port or NULL. */
static char *split_address(char *text, char **out_port)
{
    char *host = text, *port = NULL;

    if (*host == '[') {
        char *end = strchr(++host, ']');
        port = end != NULL && end[1] == ':' ? end + 2 : NULL;
        if (end != NULL)
            *end = '\0';
    } else if (strchr(host, ':') == strrchr(host, ':')) {
        port = strchr(host, ':');
        if (port != NULL)
            *port++ = '\0';
    }
    *out_port = port;
    return host;
}

/* "[user@]host[:port]" */
static int read_jump(const struct conf_node *group, struct node_ssh *out, struct err *err)
{
    const struct conf_node *node = conf_child(group, "jump");
    char text[400], *host = text, *port = NULL;

    if (node == NULL)
        return 0;
    int rc = member_text(group, "jump", text, sizeof text, err);
    if (rc != 0)
        return rc;
    char *at = strrchr(text, '@');
    out->jump_user[0] = '\0';
    out->jump_port = 22;
    if (at != NULL) {
        *at = '\0';
        (void)snprintf(out->jump_user, sizeof out->jump_user, "%.127s", text);
        host = at + 1;
    }
    host = split_address(host, &port);
    if (*host == '\0' || strlen(host) >= sizeof out->jump_host)
        return conf_error(node, err,
                          "jump is written \"user@host:port\"; user and port may be left "
                          "out");
    (void)snprintf(out->jump_host, sizeof out->jump_host, "%s", host);
    return port == NULL ? 0 : read_port(node, strtoll(port, NULL, 10), &out->jump_port, err);
}

/* true: the host's own loopback and the node's port; else where its database listens. */
static int read_tunnel(const struct conf_node *group, struct node_ssh *out, struct err *err)
{
    const struct conf_node *node = conf_child(group, "tunnel");
    char text[300], *port = NULL;

    if (node == NULL)
        return 0;
    if (conf_kind(node) == CONF_BOOL)
        return conf_bool(group, "tunnel", &out->has_tunnel, err);
    if (conf_kind(node) != CONF_TEXT)
        return conf_error(node, err,
                          "tunnel is true, false or \"host:port\": where the database listens, "
                          "seen from its host");
    int rc = member_text(group, "tunnel", text, sizeof text, err);
    if (rc != 0)
        return rc;
    const char *host = split_address(text, &port);
    if (*host == '\0' || strlen(host) >= sizeof out->tunnel_host)
        return conf_error(node, err, "tunnel is written \"host:port\"; port may be left out");
    out->has_tunnel = true;
    (void)snprintf(out->tunnel_host, sizeof out->tunnel_host, "%s", host);
    return port == NULL ? 0 : read_port(node, strtoll(port, NULL, 10), &out->tunnel_port, err);
}

static int read_transport(const struct conf_node *group, bool *out_is_program, struct err *err)
{
    char text[16];

    if (conf_child(group, "transport") == NULL)
        return 0;
    int rc = member_text(group, "transport", text, sizeof text, err);
    if (rc != 0)
        return rc;
    *out_is_program = strcmp(text, "program") == 0;
    if (!*out_is_program && strcmp(text, "library") != 0)
        return conf_error(conf_child(group, "transport"), err,
                          "transport is \"%s\"; expected library or program (the ssh of this host)",
                          text);
    return 0;
}

static int read_words(const struct conf_node *group, const char *folder, struct node_ssh *out,
                      struct err *err)
{
    int64_t port = out->port;
    int rc = 0;

    if (conf_child(group, "host") != NULL)
        rc = member_text(group, "host", out->host, sizeof out->host, err);
    if (rc == 0 && conf_child(group, "user") != NULL)
        rc = member_text(group, "user", out->user, sizeof out->user, err);
    if (rc == 0 && conf_child(group, "port") != NULL)
        rc = conf_int(group, "port", &port, err);
    if (rc == 0)
        rc = read_port(conf_child(group, "port"), port, &out->port, err);
    if (rc == 0 && conf_child(group, "passphrase") != NULL) {
        secret_release(&out->passphrase);
        rc = member_secret(group, "passphrase", folder, &out->passphrase, err);
        out->has_passphrase = rc == 0;
    }
    return rc;
}

static int read_server(const struct conf_node *group, struct node_ssh *out, struct err *err)
{
    int64_t port = out->seed_port;
    int rc = 0;
    if (conf_child(group, "seed_port") != NULL)
        rc = conf_int(group, "seed_port", &port, err);
    if (rc == 0)
        rc = read_port(conf_child(group, "seed_port"), port, &out->seed_port, err);
    if (rc == 0)
        rc = member_words(group, "stop", &out->stop, &out->stop_count, err);
    if (rc == 0)
        rc = member_words(group, "start", &out->start, &out->start_count, err);
    return rc;
}

static int read_group(const struct conf_node *owner, const char *folder, struct node_ssh *out,
                      struct err *err)
{
    static const char *const known[] = {
        "host",  "user",  "port",      "identity",  "passphrase", "known_hosts",
        "agent", "jump",  "sudo",      "transport", "drop_in",    "defaults_file",
        "stop",  "start", "seed_port", "tunnel",    NULL};
    const struct conf_node *group = NULL;

    if (conf_child(owner, "ssh") == NULL)
        return 0;
    int rc = member_group(owner, "ssh", EXAMPLE, &group, err);
    rc = rc != 0 ? rc : conf_only(group, known, err);
    rc = rc != 0 ? rc : read_words(group, folder, out, err);
    rc = rc != 0 ? rc : read_path(group, "identity", folder, out->identity, err);
    rc = rc != 0 ? rc : read_path(group, "known_hosts", folder, out->known_hosts, err);
    rc = rc != 0 ? rc : read_flag(group, "agent", &out->agent, err);
    rc = rc != 0 ? rc : read_flag(group, "sudo", &out->sudo, err);
    rc = rc != 0 ? rc : read_jump(group, out, err);
    rc = rc != 0 ? rc : read_tunnel(group, out, err);
    rc = rc != 0 ? rc : read_transport(group, &out->is_program, err);
    rc = rc != 0 ? rc : read_path_there(group, "drop_in", out->drop_in, err);
    rc = rc != 0 ? rc : read_path_there(group, "defaults_file", out->defaults_file, err);
    return rc != 0 ? rc : read_server(group, out, err);
}

/* What cannot be told from one group alone. */
static int complete(const struct conf_node *group, struct node_ssh *ssh, struct err *err)
{
    const char *home = getenv("HOME");

    if (ssh->user[0] == '\0')
        return conf_error(group, err, "user is missing: who logs in? ssh = " EXAMPLE);
    if (ssh->identity[0] == '\0' && !ssh->agent)
        return conf_error(group, err,
                          "identity is missing: the file of a private key; or agent = "
                          "true");
    if (ssh->has_passphrase && ssh->is_program)
        return conf_error(group, err,
                          "the ssh program cannot be handed a passphrase: load the key "
                          "into an agent (ssh-add) and write agent = true");
    if (ssh->known_hosts[0] != '\0')
        return 0;
    if (home == NULL ||
        snprintf(ssh->known_hosts, PATH_MAX, "%s/.ssh/known_hosts", home) >= PATH_MAX)
        return conf_error(group, err,
                          "known_hosts is missing, and so is HOME: which file has the "
                          "keys of hosts?");
    return 0;
}

int service_ssh_read(const struct conf_node *cluster, const struct conf_node *group,
                     const char *folder, struct node *node, struct err *err)
{
    const struct conf_node *own = conf_child(group, "ssh");
    const struct conf_node *shared = conf_child(cluster, "ssh");

    if (own == NULL && shared == NULL)
        return 0;
    struct node_ssh *ssh = calloc(1, sizeof *ssh);
    if (ssh == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the configuration");
    (void)snprintf(ssh->host, sizeof ssh->host, "%s", node->host);
    ssh->port = 22;
    ssh->seed_port = SEED_PORT;
    (void)snprintf(ssh->tunnel_host, sizeof ssh->tunnel_host, "127.0.0.1");
    ssh->tunnel_port = node->port;
    int rc = read_group(cluster, folder, ssh, err);
    rc = rc != 0 ? rc : read_group(group, folder, ssh, err);
    rc = rc != 0 ? rc : complete(own != NULL ? own : shared, ssh, err);
    if (rc != 0) {
        secret_release(&ssh->passphrase);
        texts_free(ssh->stop, ssh->stop_count);
        texts_free(ssh->start, ssh->start_count);
        free(ssh);
        return rc;
    }
    node->ssh = ssh;
    return 0;
}
