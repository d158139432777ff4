/* SPDX-License-Identifier: MIT */
/* The configuration, and the ways to its servers. */
#include "cli/service_open.h"

#include "cluster/tunnels.h"
#include "playbook/read.h"

int service_open(const char *path, struct service *out, struct err *err)
{
    int rc = service_read(path, out, err);

    return rc != 0 ? rc : tunnels_start(out, err);
}
