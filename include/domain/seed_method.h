/* SPDX-License-Identifier: MIT */
/*
 * domain/seed_method.h - the ways in which NEW gets its copy of OLD.
 * Threads: pure.
 */
#ifndef CUTOVER_DOMAIN_SEED_METHOD_H
#define CUTOVER_DOMAIN_SEED_METHOD_H

enum seed_method { SEED_COPY, SEED_CLONE, SEED_PHYSICAL };
#define SEED_METHOD_COUNT 3

struct seed_method_row {
    const char *name;
    const char *copies; /* what NEW holds afterwards */
    const char *needs;
    const char *params; /* of the action, which it looks at */
};

const struct seed_method_row *seed_method_row(enum seed_method method);

#endif
