/* SPDX-License-Identifier: MIT */
/*
 * What keeps a closed side closed when it restarts. A person must be able to undo it without us: a
 * journal may be lost, and this program, too.
 */
#include <stdio.h>

#include "cli/status.h"
#include "cluster/drop_in.h"

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

static void print_file(const struct status *status, enum side side)
{
    const struct held_file *file = &status->files[side];
    char where[DROP_IN_WHERE_SIZE];

    (void)drop_in_where(DROP_IN_CLOSED, service_primary(status->service, side), where);
    if (file->is_there == TRI_UNKNOWN)
        (void)printf("held      unknown whether there is %s: %s\n", where, file->error);
    else if (status_file_is_left(status, side))
        (void)printf("held      LEFT BEHIND: %s is open, and a restart would close it; delete %s\n",
                     side_title(side), where);
    else if (file->is_there == TRI_YES)
        (void)printf("held      %s comes back closed from a restart: %s; `cutover` deletes it when "
                     "it opens that side\n",
                     side_title(side), where);
}

void status_print_held(const struct status *status)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (status->held[side].count > 0)
            print_side(facts_primary(&status->facts, side), &status->held[side]);
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (status->files[side].is_asked)
            print_file(status, side);
    if (status->held_error[0])
        (void)printf("held      unknown: %s\n", status->held_error);
}
