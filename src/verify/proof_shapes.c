/* SPDX-License-Identifier: MIT */
/* The shapes a proof works with, shared by its threads. */
#include "verify/proof_inner.h"

#include <stdlib.h>

static void shapes_free(struct proof_shapes *shapes)
{
    cascades_release(&shapes->cascades[0]);
    cascades_release(&shapes->cascades[1]);
    table_catalog_release(&shapes->source);
    table_catalog_release(&shapes->replica);
    free(shapes);
}

/* The replica side is read once it has applied what the source had: a definition may be on its way.
 */
int proof_shapes_load(struct proof *proof, struct pair *pair, struct proof_shapes **out,
                      struct err *err)
{
    struct proof_shapes *shapes = calloc(1, sizeof(*shapes));
    if (!shapes)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for the shapes of tables");
    shapes->users = 1;
    int rc = schema_load(proof->service, &pair->source, &shapes->source, err);
    if (!rc)
        rc = pair_wait(pair, &pair->source, &pair->replica, COMPARE_PATIENCE_MS, true, err);
    if (!rc)
        rc = schema_load(proof->service, &pair->replica, &shapes->replica, err);
    if (!rc)
        rc = cascades_init(&shapes->cascades[0], &shapes->source, err);
    if (!rc)
        rc = cascades_init(&shapes->cascades[1], &shapes->replica, err);
    if (rc) {
        shapes_free(shapes);
        return rc;
    }
    *out = shapes;
    return 0;
}

struct proof_shapes *proof_shapes_use(struct proof *proof)
{
    PROOF_HOLD(proof);
    proof->shapes->users++;
    return proof->shapes;
}

void proof_shapes_drop(struct proof_shapes **shapes)
{
    if (*shapes && --(*shapes)->users == 0)
        shapes_free(*shapes);
    *shapes = NULL;
}
