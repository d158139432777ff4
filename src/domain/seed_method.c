/* SPDX-License-Identifier: MIT */
/* What the ways of seeding take, need and copy. */
#include "domain/seed_method.h"

static const struct seed_method_row rows[SEED_METHOD_COUNT] = {
    [SEED_COPY] = {.name = "copy",
                   .copies = "the service's databases, row by row, through this program",
                   .needs = "nothing but the accounts; any pair of versions and flavours",
                   .params = "workers, rate"},
    [SEED_CLONE] = {.name = "clone",
                    .copies = "the whole server, by MySQL's clone plugin; all that NEW holds is "
                              "thrown away",
                    .needs = "MySQL 8.0.17 or newer of one series, the plugin on both sides",
                    .params = "rate"},
    [SEED_PHYSICAL] = {.name = "physical",
                       .copies = "the whole server, by mariadb-backup from host to host; all that "
                                 "NEW holds is thrown away",
                       .needs = "MariaDB of one series, SSH to the hosts (docs/hosts.md), room for "
                                "a second copy on NEW",
                       .params = "workers, rate"},
};

const struct seed_method_row *seed_method_row(enum seed_method method)
{
    return &rows[method];
}
