/* SPDX-License-Identifier: MIT */
/*
 * Accounts that are locked so that a closed side lets nobody write when it restarts. A person must
 * be able to let them in without us: a journal may be lost, and this program, too.
 */
#include <stdio.h>

#include "cli/status.h"

#define TEXT_CAP_BYTES (1U << 20)

static void print_side(const struct node_facts *primary, const struct held_list *list)
{
    CLEANUP(buf_release) struct buf names = {0};
    unsigned locked = 0;

    for (size_t i = 0; i < list->count; i++)
        locked += list->accounts[i].is_locked;
    buf_init(&names, TEXT_CAP_BYTES);
    hold_quote(list, true, &names);
    if (locked == 0) {
        (void)printf("held      %s: nobody, though cutover.held there names %zu account(s)\n",
                     primary->node->name, list->count);
        return;
    }
    (void)printf("held      %s: %u of %zu account(s) locked, by run %s since %.19s UTC, so that a "
                 "restart lets nobody write there; `cutover` lets them in when it opens that "
                 "side; by hand:\n          SET SESSION sql_log_bin = 0; ALTER USER IF EXISTS %s "
                 "ACCOUNT UNLOCK;\n",
                 primary->node->name, locked, list->count, list->accounts[0].run,
                 list->accounts[0].since, buf_text(&names));
}

void status_print_held(const struct status *status)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (status->held[side].count > 0)
            print_side(facts_primary(&status->facts, side), &status->held[side]);
    if (status->held_error[0])
        (void)printf("held      unknown: %s\n", status->held_error);
}
