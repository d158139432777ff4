/* SPDX-License-Identifier: MIT */
/* The folder of the sockets, and a tunnel for each node that has one. */
#include "cluster/tunnels.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/address.h"
#include "cluster/host.h"
#include "io/file_lock.h"
#include "io/ssh_tunnel.h"

#define PREFIX "cutover-tunnel-"
#define LOCK "lock"
#define FOLDER_SIZE 80 /* a socket's path is short */
#define FOLDER_TRIES 5

struct tunnels {
    char folder[FOLDER_SIZE]; /* "" = none yet */
    struct file_lock lock;    /* whose folder can be locked by another is nobody's any more */
    struct host hosts[SERVICE_NODE_CAP];
    char sockets[SERVICE_NODE_CAP][sizeof(((struct node *)0)->socket)];
    struct ssh_tunnel *each[SERVICE_NODE_CAP];
    size_t count;
};

/* --- the folder ------------------------------------------------------------------------------- */

/* ssh reads % and $ in the paths that it is given; and a socket's path has a limit. */
static bool is_plain(const char *path)
{
    for (const char *c = path; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("/._-", *c) == NULL)
            return false;
    return path[0] == '/' && strlen(path) + sizeof PREFIX + 8 < FOLDER_SIZE;
}

static const char *base_folder(void)
{
    const char *own = getenv("XDG_RUNTIME_DIR");

    return own != NULL && is_plain(own) && access(own, W_OK | X_OK) == 0 ? own : "/tmp";
}

/* What cannot be removed stays for the next start: nobody else can use it. */
static void remove_folder(const char *folder)
{
    char path[PATH_MAX];
    DIR *open = opendir(folder);

    if (open == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(open)) != NULL;)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, LOCK) != 0 &&
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < PATH_MAX)
            (void)unlink(path);
    (void)closedir(open);
    if (snprintf(path, sizeof path, "%s/" LOCK, folder) < PATH_MAX)
        (void)unlink(path);
    (void)rmdir(folder);
}

/* The folders of processes that were killed. A live one holds its lock. */
static void sweep(const char *base)
{
    char folder[PATH_MAX], path[PATH_MAX];
    struct stat status;
    DIR *open = opendir(base);

    if (open == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(open)) != NULL;) {
        CLEANUP(file_lock_release) struct file_lock lock = {0};
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) != 0 ||
            snprintf(folder, sizeof folder, "%s/%s", base, entry->d_name) >= PATH_MAX ||
            snprintf(path, sizeof path, "%s/%s/" LOCK, base, entry->d_name) >= PATH_MAX)
            continue;
        if (lstat(folder, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
            file_lock_take(&lock, path, NULL) == 0)
            remove_folder(folder);
    }
    (void)closedir(open);
}

/* Somebody who sweeps may take a folder between its making and its lock: then another is made. */
static int make_folder(struct tunnels *tunnels, struct err *err)
{
    const char *base = base_folder();
    char path[PATH_MAX];
    int rc = 0;

    sweep(base);
    for (int i = 0; i < FOLDER_TRIES; i++) {
        struct err cause = {0};
        (void)snprintf(tunnels->folder, FOLDER_SIZE, "%s/" PREFIX "XXXXXX", base);
        if (mkdtemp(tunnels->folder) == NULL) {
            rc = err_set(err, ERR_IO, EFFECT_NONE, "cannot make %s for the sockets of tunnels: %s",
                         tunnels->folder, strerror(errno));
            tunnels->folder[0] = '\0';
            return rc;
        }
        (void)snprintf(path, sizeof path, "%s/" LOCK, tunnels->folder);
        rc = file_lock_take(&tunnels->lock, path, &cause);
        if (rc == 0)
            return 0;
        if (err != NULL)
            *err = cause;
    }
    return rc;
}

/* --- tunnels ---------------------------------------------------------------------------------- */

static bool has_tunnel(const struct node *node)
{
    return node->ssh != NULL && node->ssh->has_tunnel;
}

static void tunnels_end(struct tunnels *tunnels)
{
    for (size_t i = 0; i < tunnels->count; i++)
        ssh_tunnel_stop(tunnels->each[i]);
    if (tunnels->folder[0] != '\0')
        remove_folder(tunnels->folder);
    file_lock_release(&tunnels->lock);
    free(tunnels);
}

/* From the host of `from` to host:port; `node` gets its socket. */
static int start_one(struct tunnels *tunnels, const struct node *from, const char *host,
                     unsigned port, struct node *node, struct err *err)
{
    size_t at = tunnels->count;

    host_settings(&tunnels->hosts[at], from);
    (void)snprintf(node->socket, sizeof node->socket, "%s/%zu.sock", tunnels->folder, at);
    memcpy(tunnels->sockets[at], node->socket,
           sizeof tunnels->sockets[at]); /* it outlives `node` */
    const struct ssh_tunnel_options options = {
        .ssh = &tunnels->hosts[at].settings,
        .host = host,
        .port = port,
        .socket_path = tunnels->sockets[at],
    };
    int rc = ssh_tunnel_start(&tunnels->each[at], &options, err);
    tunnels->count += rc == 0;
    return rc;
}

void tunnels_endp(struct tunnels **tunnels)
{
    if (*tunnels != NULL)
        tunnels_end(*tunnels);
    *tunnels = NULL;
}

bool tunnels_show_password(const struct service *service, const struct node *to)
{
    return service->tls.mode == TLS_OFF && address_reach(to->host) != ADDRESS_LOCAL;
}

int tunnels_between(const struct node *from, const struct node *to, struct node *out,
                    struct tunnels **out_tunnels, struct err *err)
{
    CLEANUP(tunnels_endp) struct tunnels *tunnels = calloc(1, sizeof *tunnels);

    if (tunnels == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for a tunnel");
    struct node node = *to;
    int rc = make_folder(tunnels, err);
    rc = rc != 0 ? rc : start_one(tunnels, from, to->host, to->port, &node, err);
    if (rc != 0)
        return rc;
    *out = node;
    *out_tunnels = tunnels;
    tunnels = NULL;
    return 0;
}

int tunnels_start(struct service *service, struct err *err)
{
    bool is_any = false;
    int rc = 0;

    for (size_t i = 0; i < service->node_count; i++)
        is_any = is_any || has_tunnel(&service->nodes[i]);
    if (!is_any)
        return 0;
    service->tunnels = calloc(1, sizeof *service->tunnels);
    if (service->tunnels == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for tunnels");
    service->end_tunnels = tunnels_end;
    rc = make_folder(service->tunnels, err);
    for (size_t i = 0; rc == 0 && i < service->node_count; i++)
        if (has_tunnel(&service->nodes[i]))
            rc = start_one(service->tunnels, &service->nodes[i], service->nodes[i].ssh->tunnel_host,
                           service->nodes[i].ssh->tunnel_port, &service->nodes[i], err);
    return rc;
}
