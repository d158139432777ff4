/* SPDX-License-Identifier: MIT */
/*
 * The cutover protocol, small enough that every order of events can be tried. README.md says what
 * is in it and what is not; run.py runs it in all its forms and with each guard removed.
 *
 * MODE is chosen when it is compiled (-DMODE=FENCED or SHARED), all else by the environment when it
 * is run, because compiling takes longer than most runs:
 *
 *   MODEL_BACK     0: OLD to NEW; 1: NEW to OLD
 *   MODEL_KEEPS    1: read_only survives a restart (SET PERSIST); 0: it does not, accounts are held
 *   MODEL_BREATH   1: the intents of the fence are on disk at once, their outcomes follow
 *   MODEL_MUTANT   0, or the number of the guard that is removed
 *   MODEL_WRITES, MODEL_FAULTS, MODEL_LIVES   how much happens in one execution
 *
 * A part's name here is its name in src/engine/actions_flip.c with _ for -; what is done about the
 * past has the names of src/engine/recover.c and run.c. etc/lint/model.sh compares them.
 */
#define FENCED 0
#define SHARED 1
#ifndef MODE
#define MODE FENCED
#endif

c_decl {
    \#include <stdlib.h>
    static int model_number(const char *name, int otherwise)
    {
        const char *text = getenv(name);
        return text ? atoi(text) : otherwise;
    }
};

bit BACK, KEEPS, BREATH;
byte MUTANT;
byte WRITES; /* of the application */
byte FAULTS; /* of all kinds together */
byte LIVES;  /* how often a person types run --resume or abort */

#define OLD 0
#define NEW 1
#define FROM BACK
#define TO (1 - BACK)

/* The parts in their order. check_stagger and certify: shared mode only. The fence: fenced only. */
#define CHECK_LINKS 1
#define CHECK_STAGGER 2
#define PROBE 3
#define READY 4
#define FORECAST 5
#if MODE == FENCED
#define HOLD_FROM 6
#define CLOSE_FROM 7
#define DRAIN 8
#define COMPARE_TAIL 9
#define PROBE_BACK 10
#define STILL_CLOSED 11
#define OPEN_TO 12
#define LET_IN 13
#define MOVE_EVENTS 14
#define FLIP 15
#define CONVERGE 16
#define LAST CONVERGE
#else
#define CERTIFY 6
#define OPEN_TO 7
#define LET_IN 8
#define MOVE_EVENTS 9
#define FLIP 10
#define CONVERGE 11
#define CHASE 12 /* from here on it is the playbook step settle */
#define HOLD_FROM 13
#define CLOSE_FROM 14
#define DRAIN 15
#define LAST DRAIN
#endif

/* --- what is true ---------------------------------------------------------------------------- */

bit up[2], ro[2]; /* a primary runs; refuses writes now */
bit keep[2];      /* what closes it at its next start: SET PERSIST */
bit held[2];      /* accounts of the application are locked; survives a restart by itself */
bit staggered;

byte own[2], has[2]; /* sets of writes: made there, present there */
byte made;           /* all of them are acknowledged */
#define RUNS 0
#define CUT 1
#define STOPPED 2
byte link[2]; /* link[s] brings to s what the other side has */

bit names;    /* which side the records point to */
byte answers; /* which sides some resolver may still tell: an old answer may linger for ever */

byte lock[2], epoch[2]; /* who holds the lease's lock; the last epoch that was signed */

/* The journal. It survives everything but belongs to one controller at a time. */
#define RUNNING 0
#define DONE 1
#define ABORTED 2
#define UNDONE 3 /* by itself; may be gone on with */
byte run_state, begun, done, writer;
bit committed, closing; /* closing: FROM's closing has begun and is not undone */

/* Of the world, not of the program. */
bit dead[2];       /* a controller is killed */
bit was_opened;        /* open-to took effect in this execution */
byte at; /* the part that the run's owner is in: intruders act up to the last look at them */
byte faults; /* that have happened */
#define may_go_wrong (faults < FAULTS)

/* --- what must be --------------------------------------------------------------------------- */

#define bit_of(i) (1 << (i))

/* Would it accept a write of the application? */
#define accepts(s) (up[s] && !ro[s] && !held[s])
#define lacks(s) ((bit_of(made) - 1) & ~has[s])

hidden byte law_1_never_two_open, law_2_nothing_lost, way_back_is_open, ends_in_a_named_situation;

inline judge()
{
    law_1_never_two_open = !(accepts(OLD) && accepts(NEW)) || (MODE == SHARED && staggered);
    assert(law_1_never_two_open);
#if MODE == FENCED
    /* Stronger than "not lost in the end": who writes there sees all that was promised before. */
    law_2_nothing_lost = (!accepts(OLD) || !lacks(OLD)) && (!accepts(NEW) || !lacks(NEW));
    assert(law_2_nothing_lost);
#endif
}

#define is_mirrored (!ro[OLD] && !held[OLD] && (ro[NEW] || held[NEW]) && names == OLD)
#define is_switched (!ro[NEW] && !held[NEW] && (ro[OLD] || held[OLD]) && names == NEW)
#define is_fenced ((ro[OLD] || held[OLD]) && (ro[NEW] || held[NEW]))
#define is_shared (!ro[OLD] && !held[OLD] && !ro[NEW] && !held[NEW] && staggered)
#define is_stopped (link[OLD] == STOPPED || link[NEW] == STOPPED)

/* Nothing can happen any more. A run that is neither done nor aborted waits for a person. */
inline judge_end()
{
    law_2_nothing_lost = is_stopped || (!lacks(OLD) && !lacks(NEW));
    assert(law_2_nothing_lost);
    ends_in_a_named_situation =
        run_state == RUNNING || is_stopped || is_mirrored || is_switched || is_fenced || is_shared;
    assert(ends_in_a_named_situation);
}

/* --- the world ------------------------------------------------------------------------------- */

#define next_of(set) ((set) & -(set)) /* its oldest member: bits are given in order of commit */
#define arriving(s) next_of(own[1 - (s)] & ~has[s])

inline write_at(s)
{
    own[s] = own[s] | bit_of(made);
    has[s] = has[s] | bit_of(made);
    made++;
}

inline crash(s)
{
    up[s] = 0;
    lock[s] = 0;
    faults++;
}

/* Its my.cnf may say read_only, or not. docs/requirements.md wants it of a NEW that forgets. */
inline start_again(s, says_read_only)
{
    up[s] = 1;
    ro[s] = keep[s] | says_read_only;
    judge();
}

#define BEFORE_LAST_LOOK_AT_FROM (at <= STILL_CLOSED)
#define BEFORE_LAST_LOOK_AT_LINK (at <= PROBE_BACK)

active proctype world()
{
    d_step {
        c_code {
            now.BACK = model_number("MODEL_BACK", 0);
            now.KEEPS = model_number("MODEL_KEEPS", 1);
            now.BREATH = model_number("MODEL_BREATH", 1);
            now.MUTANT = model_number("MODEL_MUTANT", 0);
            now.WRITES = model_number("MODEL_WRITES", 2);
            now.FAULTS = model_number("MODEL_FAULTS", 1);
            now.LIVES = model_number("MODEL_LIVES", 2);
        };
        up[OLD] = 1;
        up[NEW] = 1;
        ro[TO] = 1;
        keep[TO] = KEEPS;
        names = FROM;
        answers = (BACK -> 3 : bit_of(FROM)); /* the way there leaves these behind: */
        held[TO] = BACK && !KEEPS;
        staggered = 1
    }
#if MODE == SHARED
    if
    :: staggered = 0
    :: skip
    fi;
#endif
    run controller(1, 1, 1);
    run controller(2, LIVES, 0);
    do
    /* Users write where their resolver sends them. */
    :: d_step { made < WRITES && (answers & 1) && accepts(OLD) -> write_at(OLD); judge() }
    :: d_step { made < WRITES && (answers & 2) && accepts(NEW) -> write_at(NEW); judge() }
    :: d_step { link[OLD] == RUNS && up[OLD] && up[NEW] && arriving(OLD) ->
                has[OLD] = has[OLD] | arriving(OLD) }
    :: d_step { link[NEW] == RUNS && up[OLD] && up[NEW] && arriving(NEW) ->
                has[NEW] = has[NEW] | arriving(NEW) }
    :: d_step { up[OLD] && may_go_wrong -> crash(OLD) }
    :: d_step { up[NEW] && may_go_wrong -> crash(NEW) }
    :: d_step { !up[OLD] -> start_again(OLD, 1) }
    :: d_step { !up[NEW] -> start_again(NEW, 1) }
    :: d_step { !up[FROM] -> start_again(FROM, 0) }
    :: d_step { !up[TO] && (KEEPS || BACK) -> start_again(TO, 0) }
    :: d_step { may_go_wrong && link[TO] == RUNS -> link[TO] = CUT; faults++ }
    :: d_step { may_go_wrong && link[FROM] == RUNS -> link[FROM] = CUT; faults++ }
    :: d_step { link[OLD] == CUT -> link[OLD] = RUNS }
    :: d_step { link[NEW] == CUT -> link[NEW] = RUNS }
#if MODE == FENCED
    :: d_step { may_go_wrong && link[FROM] == RUNS && BEFORE_LAST_LOOK_AT_LINK ->
                link[FROM] = STOPPED; faults++ }
    :: d_step { may_go_wrong && up[FROM] && BEFORE_LAST_LOOK_AT_FROM && !was_opened ->
                write_at(FROM); faults++; judge() }
    :: d_step { may_go_wrong && up[FROM] && up[TO] && (ro[FROM] || held[FROM]) && !was_opened &&
                !lock[OLD] && !lock[NEW] ->
                ro[FROM] = 0; held[FROM] = 0; keep[FROM] = 0; faults++; judge() }
#else
    :: d_step { may_go_wrong && link[FROM] == RUNS -> link[FROM] = STOPPED; faults++ }
#endif
    :: d_step { may_go_wrong && (lock[OLD] == 1 || lock[NEW] == 1) && !dead[0] ->
                dead[0] = 1; faults++ }
    :: d_step { may_go_wrong && (lock[OLD] == 2 || lock[NEW] == 2) && !dead[1] ->
                dead[1] = 1; faults++ }
    /* The first controller stands still for a minute: servers end the session that is its lease. */
    :: d_step { may_go_wrong && lock[OLD] == 1 && lock[NEW] == 1 ->
                lock[OLD] = 0; lock[NEW] = 0; faults++ }
    :: d_step { timeout -> judge_end() } ; break
    od
}

/* --- statements ------------------------------------------------------------------------------ */

#define OK 0
#define FAILED 1  /* refused, or known not to have happened */
#define UNKNOWN 2 /* no answer came */
#define NOT_OURS 3
#define KILLED 4   /* this process is no more: nothing that follows is done */
#define is_dead dead[me - 1]

/* A statement on one side, over a session that lives longer than the lease's. */
#define SQL_IF(may, s, effect)                                                                     \
    atomic {                                                                                       \
        if                                                                                         \
        :: is_dead -> rc = KILLED                                                                  \
        :: !is_dead && !up[s] -> rc = FAILED                                                       \
        :: !is_dead && up[s] && !(may) -> rc = FAILED                                              \
        :: !is_dead && up[s] && (may) -> effect; judge(); rc = OK                                  \
        :: !is_dead && up[s] && (may) && may_go_wrong ->                                           \
            faults++; effect; judge(); rc = UNKNOWN                                                \
        :: !is_dead && up[s] && (may) && may_go_wrong -> faults++; rc = UNKNOWN                    \
        fi                                                                                         \
    }

#define SQL(s, effect) SQL_IF(true, s, effect)

/* The statement that opens a side asks for the lease's lock there, on the server. */
#define OPEN(s, effect) SQL_IF(lock[s] == me || MUTANT == 12 || MUTANT == 7, s, effect)

/*
 * Others that change something come right after a look at how long ago the lease was seen to be
 * ours. In the moment between the two a controller does not stand still for a minute.
 */
#define is_seen (lock[OLD] == me || lock[NEW] == me || MUTANT == 22 || MUTANT == 7)
#define CHANGE(s, effect) SQL_IF(is_seen, s, effect)

#define AND(statement)                                                                             \
    if                                                                                             \
    :: rc == OK -> statement                                                                       \
    :: else                                                                                        \
    fi

/* A transaction of the journal: whoever adopted the run since is the only one who writes. */
#define JOURNAL(effect)                                                                            \
    atomic {                                                                                       \
        if                                                                                         \
        :: is_dead -> rc = KILLED                                                                  \
        :: !is_dead && (writer == me || MUTANT == 14) -> effect                                    \
        :: else -> rc = NOT_OURS                                                                   \
        fi                                                                                         \
    }

/* --- the lease ------------------------------------------------------------------------------- */

/* A node that is sealed (closed for administrators, too) takes no signature. */
#define can_sign(s) (up[s] && !(KEEPS && ro[s]))

inline sign(s)
{
    if
    :: can_sign(s) -> epoch[s] = mine
    :: else
    fi
}

/* Both locks, or, for an abort, one while the other primary does not answer. */
inline lease_take(is_one_enough)
{
    atomic {
        (MUTANT == 7 || (!lock[OLD] && !lock[NEW])) && (up[OLD] || up[NEW]) &&
            ((up[OLD] && up[NEW]) || is_one_enough) ->
        mine = (epoch[OLD] > epoch[NEW] -> epoch[OLD] : epoch[NEW]) + 1;
        lock[OLD] = (up[OLD] -> me : 0);
        lock[NEW] = (up[NEW] -> me : 0);
        sign(OLD);
        sign(NEW)
    }
}

#define retakeable(s) (up[s] && !lock[s] && epoch[s] <= mine)

/* Before a part. A lock that was lost is taken again unless somebody has signed since. */
inline lease_renew()
{
    atomic {
        if
        :: is_dead -> rc = KILLED
        :: !is_dead && (MUTANT == 7 || (lock[OLD] == me && lock[NEW] == me)) -> rc = OK
        :: else ->
            if
            :: lock[OLD] == me && retakeable(NEW) -> lock[NEW] = me; sign(NEW); rc = OK
            :: lock[NEW] == me && retakeable(OLD) -> lock[OLD] = me; sign(OLD); rc = OK
            :: lock[OLD] != me && lock[NEW] != me && retakeable(OLD) && retakeable(NEW) ->
                lock[OLD] = me; lock[NEW] = me; sign(OLD); sign(NEW); rc = OK
            :: else -> rc = NOT_OURS
            fi
        fi
    }
}

/* Before undoing: one that is ours keeps all others out. */
inline lease_check_any()
{
    atomic {
        if
        :: is_dead -> rc = KILLED
        :: !is_dead &&
           (MUTANT == 7 || ((lock[OLD] == me || lock[NEW] == me) &&
                            (lock[OLD] == me || !lock[OLD]) && (lock[NEW] == me || !lock[NEW]))) ->
            rc = OK
        :: else -> rc = NOT_OURS
        fi
    }
}

/* The lock of a side that is about to be opened, when it went with its connection: while the other
 * one is ours nobody else has had it. A sealed node has no signature that would tell. */
inline lease_hold_side(s)
{
    atomic {
        if
        :: rc == OK && lock[s] != me && retakeable(s) && (lock[1 - s] == me || MUTANT == 23) ->
            lock[s] = me; sign(s)
        :: else
        fi
    }
}

inline lease_free()
{
    lock[OLD] = (lock[OLD] == me -> 0 : lock[OLD]);
    lock[NEW] = (lock[NEW] == me -> 0 : lock[NEW])
}

/* --- intents and outcomes --------------------------------------------------------------------- */

#if MODE == FENCED
/* The intents up to still-closed go with the first; the commit's is written beside that one. */
#define is_in_breath(p) (BREATH && (p) > CLOSE_FROM && (p) <= OPEN_TO)
#define writes_intent(p) (!is_in_breath(p) || (p) == STILL_CLOSED)
#define writes_outcome(p) (!is_in_breath(p) && !(BREATH && (p) == CLOSE_FROM) || (p) == OPEN_TO)
#define asks_lease(p) (!is_in_breath(p))
#define intent_of(p)                                                                               \
    (!BREATH -> (p) : ((p) == CLOSE_FROM -> STILL_CLOSED : ((p) == STILL_CLOSED -> OPEN_TO : (p))))
#else
#define writes_intent(p) true
#define writes_outcome(p) true
#define asks_lease(p) true
#define intent_of(p) (p)
#endif

inline intent()
{
    if
    :: rc == OK && writes_intent(part) ->
        JOURNAL(begun = (begun > intent_of(part) -> begun : intent_of(part));
                closing = closing || part == HOLD_FROM;
                committed = committed || begun >= OPEN_TO; closed_it = closing;
                committed_it = committed)
    :: else
    fi
}

inline outcome()
{
    if
    :: rc == OK && writes_outcome(part) -> JOURNAL(done = part)
    :: else
    fi
}

/* Who stands still while another goes on with his run is not what intruders come before. */
#define come_to(p) at = (writer == me -> (p) : at)

/* --- the parts ------------------------------------------------------------------------------- */

#define both_up (up[OLD] && up[NEW])

inline check_links()
{
    atomic {
        rc = (both_up && link[OLD] == RUNS && link[NEW] == RUNS && names == FROM -> OK : FAILED)
    }
    target = has[FROM]
}

inline check_stagger()
{
    rc = (staggered || MUTANT == 15 -> OK : FAILED)
}

inline probe()
{
    atomic { rc = (both_up && link[OLD] == RUNS && link[NEW] == RUNS -> OK : FAILED) }
}

inline ready()
{
    skip
}

inline forecast()
{
    skip
}

/* Whom to lock is written down. */
inline hold_from()
{
    skip
}

/* What holds across a restart is there before anything relies on it. */
inline close_from()
{
    CHANGE(FROM, ro[FROM] = 1; keep[FROM] = KEEPS && MUTANT != 1);
    if
    :: rc == OK && !KEEPS && MUTANT != 1 && MUTANT != 17 ->
        CHANGE(FROM, held[FROM] = 1); /* begun beside the proof; still-closed asks what became of it */
        rc = (rc == KILLED -> KILLED : OK)
    :: else
    fi
}

inline drain()
{
    SQL(FROM, want = has[FROM]);
    target = (MUTANT == 2 -> target : want);
    atomic {
        if
        :: rc == OK && MUTANT != 3 && (target & ~has[TO]) -> rc = FAILED /* the budget is over */
        :: else
        fi
    }
#if MODE == SHARED
    AND(SQL(FROM, seen = (KEEPS && ro[FROM] || !KEEPS && held[FROM])));
    rc = (rc == OK && !seen -> FAILED : rc)
#endif
}

/* What it finds is a difference that the other parts should have excluded: nothing rests on it. */
inline compare_tail()
{
    skip
}

inline probe_back()
{
    atomic {
        if
        :: MUTANT == 4 -> come_to(STILL_CLOSED)
        :: MUTANT != 4 && both_up && link[FROM] == RUNS && !arriving(FROM) -> come_to(STILL_CLOSED)
        :: MUTANT != 4 && (!both_up || link[FROM] != RUNS) -> rc = FAILED
        fi
    }
}

/* An answer that was lost is looked up: the record says whether the change was made. */
inline flip()
{
    atomic {
        if
        :: is_dead -> rc = KILLED
        :: !is_dead -> names = TO; answers = answers | bit_of(TO)
        :: !is_dead && may_go_wrong -> faults++; names = TO; answers = answers | bit_of(TO)
        :: !is_dead && may_go_wrong ->
            faults++; names = TO; answers = answers | bit_of(TO); rc = UNKNOWN
        :: !is_dead && may_go_wrong -> faults++; rc = UNKNOWN
        fi
    }
}

#define is_closed(s) (ro[s] && (KEEPS || held[s] || MUTANT == 1 || MUTANT == 17))

/* A sealed node takes no signature: behind the fence a lock that was lost is not taken again. */
#define has_not_moved (is_closed(FROM) && !(own[FROM] & ~want))
#define is_lease_confirmed                                                                         \
    ((lock[OLD] == me && lock[NEW] == me) || MUTANT == 7)

inline still_closed()
{
    if
    :: MUTANT != 10 ->
        SQL(FROM, seen = (has_not_moved && is_lease_confirmed); come_to(OPEN_TO))
    :: else -> SQL(FROM, seen = is_lease_confirmed)
    fi;
    rc = (rc == OK && !seen -> FAILED : rc);
    if
    :: MUTANT == 9 && rc == OK -> flip()
    :: else
    fi
}

inline open_effect()
{
    ro[TO] = 0;
    was_opened = accepts(TO);
    way_back_is_open = (MODE == SHARED || link[FROM] != STOPPED);
    assert(way_back_is_open)
}

/*
 * It commits even if accounts are still locked there: those are let in at once. What of that fails,
 * let_in() does again; what is forgotten after it is no failure.
 */
inline open_to()
{
    OPEN(TO, open_effect());
    if
    :: rc == OK && MUTANT == 5 -> intent()
    :: else
    fi;
    if
    :: rc == OK && MUTANT == 17 && !KEEPS -> CHANGE(FROM, held[FROM] = 1)
    :: else
    fi;
    if
    :: rc == OK && KEEPS -> CHANGE(TO, keep[TO] = 0); rc = (rc == KILLED -> KILLED : OK)
    :: rc == OK && !KEEPS && MODE == FENCED ->
        CHANGE(TO, held[TO] = 0; was_opened = 1);
        rc = (rc == KILLED -> KILLED : OK)
    :: else
    fi
}

inline let_in()
{
    if
    :: !KEEPS -> CHANGE(TO, held[TO] = 0; was_opened = 1)
    :: else
    fi
}

inline move_events()
{
    SQL(TO, skip)
}

inline converge()
{
    skip
}

#if MODE == SHARED
inline certify()
{
    skip
}

/* Old answers linger for ever, so it never proves that nobody comes. */
inline chase()
{
    skip
}
#endif

/* --- what is done about the past ------------------------------------------------------------- */

/* Why the past is looked at: a part failed, or a person said what to do about an earlier run. */
#define SETTLE_FAILURE 0
#define PREPARE_RESUME 1
#define ABORT_RUN 2
#define is_refused (rc == KILLED || rc == NOT_OURS)

#define is_open(s) (!ro[s])

#if MODE == SHARED
#define FIRST_OF_STEP (part >= CHASE -> CHASE : CHECK_LINKS)
#define is_in_cutover (part < CHASE)
#else
#define FIRST_OF_STEP CHECK_LINKS
#define is_in_cutover true
#endif

/*
 * The commit step has begun, but did it happen? A side that is closed now may have been open and
 * closed by its restart: what it acknowledged then must be on the other side first. What was half
 * opened is closed again.
 */
inline take_back_commit()
{
    if
    :: committed_it && why == SETTLE_FAILURE && part < OPEN_TO ->
        JOURNAL(committed = 0; committed_it = 0) /* never sent */
    :: committed_it && is_unsure ->
        if
        :: MUTANT != 11 -> SQL(TO, seen = !is_open(TO))
        :: else -> seen = 1
        fi;
        if
        :: rc == OK && seen && MUTANT != 11 ->
            CHANGE(TO, ro[TO] = 1; keep[TO] = KEEPS);
            if
            :: rc == OK && MUTANT != 16 -> SQL(FROM, seen = !(own[TO] & ~has[FROM]))
            :: else
            fi
        :: else
        fi;
        if
        :: rc == OK && seen -> is_unsure = 0; JOURNAL(committed = 0; committed_it = 0)
        :: rc == OK && !seen && up[TO] && is_open(TO) -> is_unsure = 0; JOURNAL(done = OPEN_TO)
        :: else
        fi;
        rc = (rc == KILLED || rc == NOT_OURS -> rc : OK)
    :: else
    fi
}

/* What it closed it opens; what holds it goes last. */
inline undo()
{
    if
    :: closed_it ->
        lease_check_any();
        lease_hold_side(FROM);
        AND(OPEN(FROM, ro[FROM] = 0));
        AND(CHANGE(FROM, keep[FROM] = 0; held[FROM] = 0));
        if
        :: rc == OK -> JOURNAL(closing = 0; closed_it = 0; at = 0)
        :: else
        fi
    :: else -> rc = OK
    fi
}

/* What a committed step made true and is not true any more is done again. */
inline doubt_committed()
{
    part = (done >= OPEN_TO && up[TO] && !is_open(TO) -> OPEN_TO : done + 1)
}

/* Both nodes may be sealed, and show no signature of who came and went: the journal does. */
#define is_taken (writer != me && MUTANT != 24 && MUTANT != 14)

/* --- the walk -------------------------------------------------------------------------------- */

/* What changes nothing on a server needs no moment of its own. */
inline act_quietly()
{
    if
    :: rc != OK -> skip
    :: rc == OK && part == CHECK_LINKS -> check_links(); outcome()
    :: rc == OK && part == CHECK_STAGGER -> check_stagger(); outcome()
    :: rc == OK && part == PROBE -> probe(); outcome()
    :: rc == OK && part == READY -> ready(); outcome()
    :: rc == OK && part == FORECAST -> forecast(); outcome()
    :: rc == OK && part == HOLD_FROM -> hold_from(); outcome()
#if MODE == FENCED
    :: rc == OK && part == COMPARE_TAIL -> compare_tail(); outcome()
#else
    :: rc == OK && part == CERTIFY -> certify(); outcome()
    :: rc == OK && part == CHASE -> chase(); outcome()
#endif
    :: rc == OK && part == MOVE_EVENTS -> move_events(); outcome()
    :: rc == OK && part == CONVERGE -> converge(); outcome()
    :: else
    fi
}

inline act()
{
    if
    :: rc == OK && part == CLOSE_FROM -> close_from(); outcome()
    :: rc == OK && part == DRAIN -> drain(); outcome()
#if MODE == FENCED
    :: rc == OK && part == PROBE_BACK -> probe_back(); outcome()
    :: rc == OK && part == STILL_CLOSED -> still_closed(); outcome()
#endif
    :: rc == OK && part == OPEN_TO -> open_to(); outcome()
    :: rc == OK && part == LET_IN -> let_in(); outcome()
    :: rc == OK && part == FLIP -> flip(); outcome()
    :: else
    fi
}

inline perform()
{
    atomic {
        rc = OK;
        if
        :: asks_lease(part) -> lease_renew()
        :: else
        fi;
        if
        :: rc == OK && at < part -> come_to(part)
        :: else
        fi;
        if
        :: MUTANT != 5 || part < OPEN_TO - 1 || part > OPEN_TO -> intent()
        :: else
        fi;
        act_quietly()
    }
    act()
}

/*
 * What has not committed is undone; a cutover is never continued in its middle. What has committed
 * is gone on with when a person says so.
 */
inline look_back()
{
#if MODE == SHARED
    if
    :: why == PREPARE_RESUME && part == CONVERGE && done == part -> part = CHASE; is_back = 0
    :: else -> skip
    fi;
#endif
    take_back_commit();
    if
    :: !is_back -> skip
    :: is_back && is_refused
    :: is_back && !is_refused && committed_it &&
           (why == ABORT_RUN && MUTANT != 8 || why != ABORT_RUN && is_in_cutover) ->
        if
        :: why == PREPARE_RESUME && (!is_unsure || MUTANT == 20) -> doubt_committed(); is_back = 0
        :: else
        fi
    :: MUTANT == 6 && is_back && !is_refused && why == PREPARE_RESUME &&
           !(committed_it && is_in_cutover) -> part = done + 1; is_back = 0
    :: else ->
        undo();
        if
        :: rc == OK && why == PREPARE_RESUME ->
            part = FIRST_OF_STEP;
            is_back = 0;
            JOURNAL(begun = part - 1; done = part - 1)
        :: rc == OK && why == SETTLE_FAILURE && !committed_it -> JOURNAL(run_state = UNDONE)
        :: rc == OK && why == ABORT_RUN -> JOURNAL(run_state = ABORTED)
        :: else
        fi
    fi
}

inline walk()
{
    do
    :: is_back ->
        look_back();
        if
        :: is_back || is_refused -> break
        :: else
        fi
    :: !is_back && part > LAST ->
        JOURNAL(run_state = DONE; law_2_nothing_lost = !lacks(TO); assert(law_2_nothing_lost));
        break
    :: !is_back && part <= LAST ->
        perform();
        if
        :: rc == OK -> part++
        :: rc == KILLED || (rc != OK && is_taken) -> break
        :: else ->
            is_back = 1;
            why = SETTLE_FAILURE;
            rc = OK;
            is_unsure = (part == OPEN_TO && (begun == OPEN_TO || MUTANT == 21))
        fi
    od
}

/* --- a controller, once or as often as a person starts it ------------------------------------- */

#define is_over (run_state == DONE || run_state == ABORTED)

inline adopt()
{
    atomic {
        writer = me;
        closed_it = closing;
        committed_it = committed;
        run_state = (is_over -> run_state : RUNNING)
    }
}

inline one_life()
{
    if
    :: is_first -> part = CHECK_LINKS
    :: !is_first -> is_back = 1; why = PREPARE_RESUME
    :: !is_first -> is_back = 1; why = ABORT_RUN
    fi;
    if
    :: MUTANT == 19 && !is_first -> atomic { believed = run_state; was_committed = committed }
    :: else
    fi;
    lease_take(why == ABORT_RUN);
    if
    :: MUTANT == 19 && !is_first -> d_step { run_state = believed; committed = was_committed }
    :: else
    fi;
    adopt();
    if
    :: is_over -> skip
    :: !is_over ->
        if
        :: is_back -> part = begun; is_unsure = (begun == OPEN_TO && done < OPEN_TO)
        :: else
        fi;
        walk()
    fi
}

proctype controller(byte me; byte lives; bit is_first)
{
    byte rc, mine, part, want, target;
    bit closed_it, committed_it; /* what this process remembers of its own run */
    bit seen, is_back, is_unsure;
    byte why;
    byte believed;
    bit was_committed;

    do
    :: lives == 0 || (is_over && !is_first) -> break
    :: lives > 0 && (is_first || (writer && !is_over)) ->
        one_life();
        atomic {
            lease_free();
            dead[me - 1] = 0;
            lives--;
            is_first = 0;
            rc = 0;
            mine = 0;
            part = 0;
            want = 0;
            target = 0;
            closed_it = 0;
            committed_it = 0;
            seen = 0;
            is_back = 0;
            is_unsure = 0;
            believed = 0;
            was_committed = 0;
            why = 0
        }
    od
}
