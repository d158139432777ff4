/* SPDX-License-Identifier: MIT */
/* When commits may be held again. */
#include "domain/pulse.h"

bool pulse_is_rested(const struct pulse_rest *rest)
{
    if (rest->rested_ms >= PULSE_REST_MAX_MS)
        return true;
    return rest->rested_ms >= PULSE_REST_MIN_MS && rest->done >= rest->held;
}
