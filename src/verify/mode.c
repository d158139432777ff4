/* SPDX-License-Identifier: MIT */
/* The names of the ways to compare. */
#include "verify/verify.h"

const char *verify_mode_name(enum verify_mode mode)
{
    static const char *const names[] = {
        [VERIFY_AUTO] = "auto",
        [VERIFY_STREAM] = "stream",
        [VERIFY_REMOTE] = "remote",
        [VERIFY_FAST] = "fast",
    };
    return names[mode];
}
