/* SPDX-License-Identifier: MIT */
/* Requirements: what is not known never satisfies one. */
#include <stdlib.h>
#include <string.h>

#include "domain/gate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct gate_values nothing_known;
    struct requirement requirement;
    struct requirement_state state;
    char input[512] = "", now[256];

    if (size >= sizeof input)
        return 0;
    if (size)
        memcpy(input, data, size);
    if (requirement_parse(input, &requirement, NULL))
        return 0;
    requirement_state_init(&state);
    if (requirement_met(&requirement, &nothing_known, 0, &state, now) ||
        requirement_met(&requirement, &nothing_known, INT64_MAX, &state, now))
        abort();
    return 0;
}
