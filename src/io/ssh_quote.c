/* SPDX-License-Identifier: MIT */
/* Words for another host's shell, and the leash on which a command runs there. */
#include "io/ssh_quote.h"

#include <string.h>

/*
 * $1 bytes of input, $2 seconds, then the command. Once the input is through, the leash reads on:
 * its `cat` ends when the connection does, however that died, and it signals the process group that
 * sshd made for this shell; while the leash is in it, that number is nobody else's. `timeout` has a
 * group of its own and hands SIGTERM on to all of it.
 */
static const char GUARD[] =
    "exec 3<&0; bytes=$1; limit=$2; shift 2; "
    "{ head -c \"$bytes\" <&3; { cat <&3; kill -TERM 0; } >/dev/null 2>&1 & } | "
    "timeout -k 3 \"$limit\" \"$@\" 3<&- & command=$!; "
    "trap 'kill -TERM $command 2>/dev/null; wait $command; exit 143' TERM HUP INT; "
    "wait $command 2>/dev/null";

void ssh_quote(struct buf *out, const char *word)
{
    buf_putc(out, '\'');
    for (const char *c = word; *c; c++) {
        if (*c == '\'')
            buf_puts(out, "'\\''");
        else
            buf_putc(out, *c);
    }
    buf_putc(out, '\'');
}

void ssh_quote_guarded(struct buf *out, const char *const *argv, size_t input_len, int64_t limit_s)
{
    buf_puts(out, "exec sh -c ");
    ssh_quote(out, GUARD);
    buf_printf(out, " sh %zu %lld", input_len, (long long)limit_s);
    for (const char *const *word = argv; *word; word++) {
        buf_putc(out, ' ');
        ssh_quote(out, *word);
    }
}
