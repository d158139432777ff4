/* SPDX-License-Identifier: MIT */
/*
 * Prints conflicts as JSON lines while both sides are written to, for test_conflicts.py: first
 * "reading" once both logs are read, and at the end of its input how many there were in all.
 *
 * conflicts_check CFG
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/signals.h"
#include "io/db.h"
#include "playbook/read.h"
#include "verify/conflicts.h"

#define LOOK_MS 20

static void print_line(json_t *line)
{
    (void)json_dumpf(line, stdout, 0);
    printf("\n");
    (void)fflush(stdout);
    json_decref(line);
}

static void print_found(struct conflicts *conflicts)
{
    struct conflict conflict;

    while (conflicts_take(conflicts, &conflict))
        print_line(json_pack(
            "{s:s,s:s,s:s,s:s,s:I,s:I}", "table", conflict.table, "key", conflict.key, "old",
            conflict.transaction[SIDE_OLD], "new", conflict.transaction[SIDE_NEW], "old_ms",
            (json_int_t)conflict.at_ms[SIDE_OLD], "new_ms", (json_int_t)conflict.at_ms[SIDE_NEW]));
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct service service = {0};
    struct conflicts *conflicts = NULL;
    struct conflicts_status now;
    bool was_reading = false;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char line[64];

    if (argc != 2 || signals_install(&err) || db_library_init(&err) ||
        service_read(argv[1], &service, &err) || conflicts_start(&service, &conflicts, &err)) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    do {
        print_found(conflicts);
        conflicts_look(conflicts, &now);
        if (now.is_reading && !was_reading)
            print_line(json_pack("{s:b}", "reading", 1));
        if (!now.is_reading && was_reading)
            print_line(json_pack("{s:b,s:s}", "reading", 0, "problem", now.problem));
        was_reading = now.is_reading;
    } while (poll(&input, 1, LOOK_MS) == 0 || read(STDIN_FILENO, line, sizeof(line)) > 0);
    conflicts_look(conflicts, &now);
    print_found(conflicts);
    print_line(json_pack("{s:I,s:I,s:I}", "found", (json_int_t)now.found, "on_the_way",
                         (json_int_t)now.on_the_way, "unjudged", (json_int_t)now.unjudged));
    conflicts_free(conflicts);
    service_release(&service);
    db_library_end();
    return 0;
}
