/* SPDX-License-Identifier: MIT */
/*
 * engine/work.h - the procedures a plan may name, by theme. Each is idempotent; one that is used as
 * a check answers
 *                 ERR_REFUSED/NONE when the servers say "no" and anything else when they could not
 *                 be asked.
 * Threads: the driver's.
 */
#ifndef CUTOVER_ENGINE_WORK_H
#define CUTOVER_ENGINE_WORK_H

#include "domain/gate.h"
#include "engine/driver.h"

#define WORK(function)                                                                             \
    int function(struct run *run, const struct plan_step *step, const json_t *args, struct err *err)

/* work_link.c: links, copies and positions */
WORK(work_seed_wipe);
WORK(work_seed_copy_check);
WORK(work_seed_copy);
WORK(work_seed_check);
WORK(work_link_runs);
WORK(work_link_absent);
WORK(work_link_catch_up);
/* What could not be judged of a seed is said; NULL: nothing. */
MUST_CHECK int work_note_room(struct run *run, const struct node *roomless, struct err *err);
/* What is known of a copy that arrived, and by what: nobody shall take it for a comparison. */
MUST_CHECK int work_note_checked(struct run *run, const char *where, const char *how,
                                 struct err *err);
WORK(work_link_check);
WORK(work_link_check_clean);
WORK(work_replicas_check);
WORK(work_link_probe);
WORK(work_link_probe_back);
/* Write a row on a side, see it on the other, and remember when. */
MUST_CHECK int work_probe_from(struct run *run, enum side from, struct err *err);
/* The same unless that was seen less than so long ago. */
MUST_CHECK int work_keep_probe(struct run *run, enum side from, int64_t valid_ms, struct err *err);
WORK(work_retire_check);

/* work_clone.c: copies by MySQL's clone plugin */
WORK(work_seed_clone);
WORK(work_seed_clone_check);
WORK(work_seed_clone_settle);

/* work_physical.c: copies by mariadb-backup */
WORK(work_seed_physical_check);
WORK(work_seed_physical_copy);
WORK(work_seed_physical_place);
WORK(work_seed_physical_clean);
WORK(work_seed_physical_settle);

/* work_fence.c: closing, draining, opening */
WORK(work_fence_close);
WORK(work_fence_still);
WORK(work_side_open);
WORK(work_side_put_back);
WORK(work_side_is_closed);
WORK(work_side_is_open);
WORK(work_drain);
WORK(work_events_move);
/* Open what closing this side needs, and note how it was found, unless that has been done. */
MUST_CHECK int work_make_fence(struct run *run, enum side side, struct session *session,
                               struct err *err);

/* work_ready.c: what is done before anybody has to wait for it */
WORK(work_forecast);
WORK(work_fence_ready);
/* Wait for a moment at which the other side is right behind. */
MUST_CHECK int work_pass_gate(struct run *run, enum side from, const json_t *args, struct err *err);

/* hold_keeper.c: a closed side that restarts */
WORK(work_fence_hold);
WORK(work_fence_lock);
WORK(work_fence_held);
WORK(work_fence_release);

/* work_drop_in.c: the same by a file on its host */
WORK(work_fence_file);
WORK(work_fence_unfile);
WORK(work_stagger_file);
WORK(work_stagger_unfile);

/* work_services.c: what works beside the database */
WORK(work_service_stop);
WORK(work_service_restore);
WORK(work_service_rests);
WORK(work_service_start);
WORK(work_service_withdraw);
WORK(work_service_runs);

/* let_in.c: the same at once, when a side was opened */
WORK(work_fence_let_in);

/* work_sessions.c: who counts by which increment */
WORK(work_stagger_check);
WORK(work_sessions_renew);
WORK(work_sessions_check);

/* work_stragglers.c: who still writes where */
WORK(work_stragglers_wait);

/* work_verify.c */
WORK(work_verify_run);
WORK(work_verify_tail);

/* work_gate.c: conditions and people */
WORK(work_gate);
WORK(work_approve);
WORK(work_watch);

/* work_abandon.c: giving up what OLD lacks */
WORK(work_abandon_absent);
WORK(work_abandon_apply);
WORK(work_abandon_list);
WORK(work_abandon_events);
WORK(work_abandon_tell);

/* work_way_back.c */
WORK(work_schema_note);

/* work_dns.c */
WORK(work_dns_wait_old_ttl);
WORK(work_dns_check_old_ttl);
WORK(work_dns_check_records);
WORK(work_dns_converge);

#endif
