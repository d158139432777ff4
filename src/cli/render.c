/* SPDX-License-Identifier: MIT */
/* Terminal or pipe: width, colour, wrapped text, JSON. */
#include "cli/render.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

#define DEFAULT_COLUMNS 80
#define WRAP_COLUMNS 100

static void make_room(void *context)
{
    progress_clear(context);
}

void render_init(struct render *render, const struct cli_options *options)
{
    const char *terminal = getenv("TERM");
    bool can_move = terminal && strcmp(terminal, "dumb") != 0;

    *render =
        (struct render){.is_quiet = options->is_quiet,
                        .is_progress_terminal = can_move && isatty(STDERR_FILENO),
                        .has_color = can_move && !options->has_no_color && isatty(STDOUT_FILENO),
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .printed_ms = clock_mono_ms()};
    log_before_line(make_room, render);
}

void render_release(struct render *render)
{
    log_before_line(NULL, NULL);
    progress_clear(render);
    (void)pthread_mutex_destroy(&render->lock);
}

size_t render_columns(FILE *stream)
{
    struct winsize size;

    if (!isatty(fileno(stream)))
        return 0;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return DEFAULT_COLUMNS;
    return size.ws_col;
}

const char *render_color(const struct render *render, enum render_color color)
{
    static const char *const codes[] = {[COLOR_PLAIN] = "\033[0m",
                                        [COLOR_GOOD] = "\033[32m",
                                        [COLOR_NOTE] = "\033[36m",
                                        [COLOR_WARN] = "\033[33m",
                                        [COLOR_BAD] = "\033[31m"};

    return render->has_color ? codes[color] : "";
}

void render_labelled(FILE *stream, size_t indent, const char *label, const char *text)
{
    size_t columns = render_columns(stream);
    size_t width = columns == 0 ? SIZE_MAX : columns < WRAP_COLUMNS ? columns : WRAP_COLUMNS;
    size_t margin = indent + render_width(label, strlen(label));
    size_t at = 0; /* 0 = this line is empty behind the margin */

    (void)fprintf(stream, "%*s%s", (int)indent, "", label);
    for (const char *word = text + strspn(text, " \n"); *word; word += strspn(word, " \n")) {
        size_t len = strcspn(word, " \n");
        size_t shown = render_width(word, len);
        if (at > 0 && at + 1 + shown > width) {
            (void)fprintf(stream, "\n%*s", (int)margin, "");
            at = 0;
        }
        if (at == 0)
            at = margin;
        else
            at += (size_t)fprintf(stream, " ");
        (void)fwrite(word, 1, len, stream);
        at += shown;
        word += len;
    }
    (void)fputc('\n', stream);
}

void render_wrapped(FILE *stream, size_t indent, const char *text)
{
    render_labelled(stream, indent, "", text);
}

int render_json(const json_t *value, struct err *err)
{
    if (json_dumpf(value, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER) != 0 && !ferror(stdout))
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "cannot print the facts as JSON");
    (void)fputc('\n', stdout); /* main asks the stream whether all of it arrived */
    return 0;
}
