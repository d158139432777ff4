/* SPDX-License-Identifier: MIT */
/* Failures and outcomes as exit codes. */
#include "cli/exit_code.h"

static const struct exit_code_row rows[] = {
    {EXIT_DONE, "done; for verify: both sides are equal"},
    {EXIT_USAGE, "the command line is wrong"},
    {EXIT_CONFIG, "the configuration or a playbook is wrong; nothing was touched"},
    {EXIT_REFUSED, "a check or a gate refused, or verify found differences; nothing was changed"},
    {EXIT_UNDONE, "failed; what had been changed was undone"},
    {EXIT_PERSON, "a person is needed: the last lines say what is true now and what to type"},
    {EXIT_ABORTED, "stopped by a person or a signal; what had been changed was undone"},
    {EXIT_BUSY, "another controller holds the lease; the message names it"},
};
_Static_assert(ARRAY_LEN(rows) == EXIT_CODE_COUNT, "every exit code has a row");

const struct exit_code_row *exit_code_table(size_t *out_count)
{
    *out_count = ARRAY_LEN(rows);
    return rows;
}

enum exit_code exit_code_of(const struct err *err)
{
    if (err->code != ERR_NONE && err->effect != EFFECT_NONE)
        return EXIT_PERSON;

    switch (err->code) {
    case ERR_NONE:
        return EXIT_DONE;
    case ERR_USAGE:
        return EXIT_USAGE;
    case ERR_CONFIG:
        return EXIT_CONFIG;
    case ERR_REFUSED:
    case ERR_CONFLICT:
    case ERR_DATA:
        return EXIT_REFUSED;
    case ERR_BUSY:
        return EXIT_BUSY;
    case ERR_STOPPED:
        return EXIT_ABORTED;
    case ERR_LOST:
    case ERR_TIMEOUT:
    case ERR_SERVER:
    case ERR_PROTOCOL:
    case ERR_IO:
    case ERR_MEMORY:
        return EXIT_UNDONE;
    case ERR_BUG:
        return EXIT_PERSON;
    }
    return EXIT_PERSON;
}
