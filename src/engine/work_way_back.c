/* SPDX-License-Identifier: MIT */
/* What is remembered before the users move, for questions about the way back that come later. */
#include "base/log.h"
#include "engine/schema_memory.h"
#include "engine/work.h"

/* Nothing rests on it but what `status` says: it never bars the way there. */
WORK(work_schema_note)
{
    struct err none = {0};

    (void)step;
    (void)args;
    (void)err;
    if (schema_memory_put(run->journal, run->service, SIDE_NEW, &none))
        log_warn("how NEW's tables are made could not be kept: %s; whether somebody changes them "
                 "later will not be known, continuing",
                 none.msg);
    return 0;
}
