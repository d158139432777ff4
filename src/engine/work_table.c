/* SPDX-License-Identifier: MIT */
/* The procedures a plan may name. */
#include <string.h>

#include "engine/work.h"

static const struct work_row rows[] = {
    {"seed.wipe", work_seed_wipe},
    {"seed.copy", work_seed_copy},
    {"seed.check", work_seed_check},
    {"seed.clone", work_seed_clone},
    {"seed.copy_check", work_seed_copy_check},
    {"seed.clone_check", work_seed_clone_check},
    {"seed.clone_settle", work_seed_clone_settle},
    {"seed.physical_check", work_seed_physical_check},
    {"seed.physical_copy", work_seed_physical_copy},
    {"seed.physical_place", work_seed_physical_place},
    {"seed.physical_clean", work_seed_physical_clean},
    {"seed.physical_settle", work_seed_physical_settle},
    {"link.runs", work_link_runs},
    {"link.absent", work_link_absent},
    {"link.catch_up", work_link_catch_up},
    {"link.check", work_link_check},
    {"link.check_clean", work_link_check_clean},
    {"replicas.check", work_replicas_check},
    {"link.probe", work_link_probe},
    {"link.probe_back", work_link_probe_back},
    {"retire.check", work_retire_check},
    {"fence.ready", work_fence_ready},
    {"fence.close", work_fence_close},
    {"fence.still", work_fence_still},
    {"fence.hold", work_fence_hold},
    {"fence.lock", work_fence_lock},
    {"fence.held", work_fence_held},
    {"fence.release", work_fence_release},
    {"fence.let_in", work_fence_let_in},
    {"fence.file", work_fence_file},
    {"fence.unfile", work_fence_unfile},
    {"service.stop", work_service_stop},
    {"service.restore", work_service_restore},
    {"service.rests", work_service_rests},
    {"service.start", work_service_start},
    {"service.withdraw", work_service_withdraw},
    {"service.runs", work_service_runs},
    {"side.open", work_side_open},
    {"side.put_back", work_side_put_back},
    {"side.is_closed", work_side_is_closed},
    {"side.is_open", work_side_is_open},
    {"drain", work_drain},
    {"forecast", work_forecast},
    {"events.move", work_events_move},
    {"stagger.file", work_stagger_file},
    {"stagger.unfile", work_stagger_unfile},
    {"stagger.check", work_stagger_check},
    {"sessions.renew", work_sessions_renew},
    {"sessions.check", work_sessions_check},
    {"stragglers.wait", work_stragglers_wait},
    {"verify.run", work_verify_run},
    {"verify.tail", work_verify_tail},
    {"gate", work_gate},
    {"approve", work_approve},
    {"watch", work_watch},
    {"schema.note", work_schema_note},
    {"abandon.absent", work_abandon_absent},
    {"abandon.apply", work_abandon_apply},
    {"abandon.list", work_abandon_list},
    {"abandon.events", work_abandon_events},
    {"abandon.tell", work_abandon_tell},
    {"dns.wait_old_ttl", work_dns_wait_old_ttl},
    {"dns.check_old_ttl", work_dns_check_old_ttl},
    {"dns.check_records", work_dns_check_records},
    {"dns.converge", work_dns_converge},
};

const struct work_row *work_table(size_t *out_count)
{
    *out_count = ARRAY_LEN(rows);
    return rows;
}

const struct work_row *work_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}
