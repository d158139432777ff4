/* SPDX-License-Identifier: MIT */
/*
 * A plan as `run --plan FILE` and the journal have it. What is accepted is written as the same
 * value, with the same hash, and can be shown.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "domain/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_plan(const struct plan *plan, const json_t *read)
{
    CLEANUP(buf_release) struct buf text = {0};
    CLEANUP(json_release) json_t *written = NULL;
    char hash[DIGEST_HEX_LEN + 1];

    must(plan_to_json(plan, &written, NULL) == 0 && json_equal(written, read));
    must(plan_hash(plan, hash, NULL) == 0);
    buf_init(&text, 16 << 20);
    (void)!plan_print(plan, &text, NULL); /* may be too long; must end */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(json_release) json_t *document = NULL;
    struct plan plan = {0};
    struct err err = {0};

    if (json_parse((const char *)data, size, &document, &err) != 0) {
        must(err.code != ERR_NONE && err.msg[0]);
        return 0;
    }
    const json_t *json = json_object_get(document, "plan");
    if (plan_from_json(json, &plan, &err) == 0) {
        check_plan(&plan, json);
        plan_release(&plan);
    } else {
        must(err.code != ERR_NONE && err.effect == EFFECT_NONE && err.msg[0]);
    }
    return 0;
}
