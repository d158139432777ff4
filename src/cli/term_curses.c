/* SPDX-License-Identifier: MIT */
/*
 * ncurses finds out what has to be sent, and never sends it: it writes into a file in memory, whose
 * bytes are put through to the terminal as fast as that takes them. ncurses itself would wait for a
 * terminal that has stopped (Ctrl-S, a dead connection), in ways that no signal ends.
 */
#include "cli/term_curses.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include <ncurses.h>
#include <term.h>

#include "base/clock.h"
#include "cli/keys.h"

#define LEAVE_MS 500 /* how long a terminal may take to take the last bytes */
#define ESCAPE_MS 300
#define LINE_CAP 1024
#define SAID_CAP_BYTES 65536

struct terminal {
    int fd;       /* of our own: what is set on it is set on nobody else's */
    int frame_fd; /* the file in memory */
    FILE *frame;
    SCREEN *screen;
    struct buf pending; /* left to send, from `sent` on */
    size_t sent;
    size_t width, height;
    struct keys keys;
    int64_t key_ms; /* when the last byte came */
    bool is_color, is_gone;
    int said_fd, stderr_fd; /* what is said meanwhile goes there, and where it belongs; -1 */
};

/* For the handlers. */
static struct {
    int fd; /* -1: nothing is to be put back */
    struct termios modes;
    char leave[256];
    size_t leave_len;
    int stderr_fd;
} before = {.fd = -1, .stderr_fd = -1};
static int wake_pipe[2] = {-1, -1};
static volatile sig_atomic_t is_resized, is_continued, is_stop_wanted;

bool terminal_has_unicode(void)
{
    (void)setlocale(LC_CTYPE, "");
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* --- signals ---------------------------------------------------------------------------------- */

static void note_signal(int number)
{
    int saved_errno = errno;

    if (number == SIGWINCH)
        is_resized = 1;
    else if (number == SIGCONT)
        is_continued = 1;
    else
        is_stop_wanted = 1;
    if (wake_pipe[1] >= 0 && write(wake_pipe[1], "", 1) < 0)
        errno = 0; /* a full pipe is readable already */
    errno = saved_errno;
}

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
static struct sigaction fatal_before[ARRAY_LEN(fatal)];

/* Only what is safe in a handler. The signal comes again, to whoever had it before. */
static void leave_and_die(int number)
{
    if (before.fd >= 0) {
        ssize_t none = write(before.fd, before.leave, before.leave_len);
        (void)none;
        (void)tcsetattr(before.fd, TCSANOW, &before.modes);
        if (before.stderr_fd >= 0)
            (void)dup2(before.stderr_fd, STDERR_FILENO);
    }
    for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
        if (fatal[i] == number)
            (void)sigaction(number, &fatal_before[i], NULL);
    (void)raise(number);
}

static int install_handlers(struct err *err)
{
    static const int noted[] = {SIGWINCH, SIGCONT, SIGTSTP};
    struct sigaction note = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    struct sigaction die = {.sa_handler = leave_and_die};

    if (wake_pipe[0] < 0 && pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return err_set(err, ERR_IO, EFFECT_NONE, "cannot make a pipe: %s", strerror(errno));
    (void)sigemptyset(&note.sa_mask);
    (void)sigemptyset(&die.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(noted); i++)
        (void)sigaction(noted[i], &note, NULL);
    for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
        (void)sigaction(fatal[i], &die, &fatal_before[i]);
    return 0;
}

static void remove_handlers(void)
{
    static const int noted[] = {SIGWINCH, SIGCONT, SIGTSTP};

    for (size_t i = 0; i < ARRAY_LEN(noted); i++)
        (void)signal(noted[i], SIG_DFL);
    for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
        (void)sigaction(fatal[i], &fatal_before[i], NULL);
}

/* --- modes ------------------------------------------------------------------------------------ */

/* Ctrl-C comes as a key: it ends this process, and not what else runs in its group. */
static void enter_modes(const struct terminal *term)
{
    struct termios modes = before.modes;

    modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    modes.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | ISTRIP);
    modes.c_oflag &= ~(tcflag_t)OPOST;
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    (void)tcsetattr(term->fd, TCSANOW, &modes);
}

/* Without its padding ("$<50>"): that is for terminals of paper, and nobody here would wait. */
static void add_leave(const char *capability)
{
    const char *text = tigetstr(capability);

    if (!text || text == (const char *)-1) // NOLINT(performance-no-int-to-ptr)
        return;
    while (*text && before.leave_len < sizeof before.leave) {
        const char *padding_end = strncmp(text, "$<", 2) == 0 ? strchr(text, '>') : NULL;
        if (padding_end)
            text = padding_end + 1;
        else
            before.leave[before.leave_len++] = *text++;
    }
}

/* What ends all that we begin: colours, the hidden cursor, the other screen. */
static void make_leave(void)
{
    const char *other_screen = tigetstr("rmcup");
    bool has_other = other_screen && other_screen != (const char *)-1; // NOLINT

    before.leave_len = 0;
    add_leave("sgr0");
    add_leave("op");
    add_leave("cnorm");
    add_leave(has_other ? "rmcup" : "clear");
}

static void drain(struct terminal *term)
{
    int64_t due_ms = clock_mono_ms() + LEAVE_MS;

    while (terminal_is_busy(term) && clock_mono_ms() < due_ms) {
        struct pollfd wait = {.fd = term->fd, .events = POLLOUT};
        (void)poll(&wait, 1, 50);
        terminal_send(term);
    }
}

/* The modes first and at once: also a terminal that takes no bytes gets them back. */
static void leave(struct terminal *term)
{
    drain(term);
    buf_reset(&term->pending);
    term->sent = 0;
    buf_add(&term->pending, before.leave, before.leave_len);
    (void)tcsetattr(term->fd, TCSANOW, &before.modes);
    drain(term);
    buf_reset(&term->pending);
    term->sent = 0;
}

/* --- standard error --------------------------------------------------------------------------- */

/* A line of the log would be written across the screen: it waits until that is gone. */
static void keep_said(struct terminal *term)
{
    term->said_fd = term->stderr_fd = -1;
    if (!isatty(STDERR_FILENO))
        return;
    (void)fflush(stderr);
    term->said_fd = memfd_create("said", MFD_CLOEXEC);
    term->stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (term->said_fd >= 0 && term->stderr_fd >= 0)
        (void)dup2(term->said_fd, STDERR_FILENO);
    before.stderr_fd = term->stderr_fd;
}

static void tell_said(struct terminal *term)
{
    static char bytes[SAID_CAP_BYTES];

    if (term->said_fd < 0 || term->stderr_fd < 0)
        return;
    (void)fflush(stderr);
    (void)dup2(term->stderr_fd, STDERR_FILENO);
    before.stderr_fd = -1;
    off_t end = lseek(term->said_fd, 0, SEEK_CUR);
    off_t from = end > SAID_CAP_BYTES ? end - SAID_CAP_BYTES : 0;
    ssize_t len = pread(term->said_fd, bytes, sizeof bytes, from);
    if (len > 0)
        (void)fwrite(bytes, 1, (size_t)len, stderr);
    (void)close(term->said_fd);
    (void)close(term->stderr_fd);
}

/* --- opening and closing ---------------------------------------------------------------------- */

static int refuse(struct err *err, const char *why)
{
    (void)err_set(err, ERR_USAGE, EFFECT_NONE, "watch needs a terminal: %s", why);
    (void)err_hint(err, "\"cutover watch --once\" prints one screen and ends, \"cutover status\" "
                        "says it in full.");
    return ERR_USAGE;
}

/* Our own description of it: what is set on that does not concern whoever shares the other. */
static int open_own(struct terminal *term, struct err *err)
{
    char name[128];
    const int how = O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

    term->fd = ttyname_r(STDOUT_FILENO, name, sizeof name) == 0 ? open(name, how) : -1;
    if (term->fd < 0)
        term->fd = open("/dev/tty", how);
    if (term->fd < 0 || tcgetattr(term->fd, &before.modes) != 0)
        return refuse(err, strerror(errno));
    return 0;
}

static void read_size(struct terminal *term)
{
    struct winsize size;
    bool is_known = ioctl(term->fd, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row;

    term->width = is_known ? size.ws_col : 80;
    term->height = is_known ? size.ws_row : 24;
    if (term->width > LINE_CAP)
        term->width = LINE_CAP;
}

static void init_colors(const struct terminal *term)
{
    static const short fronts[] = {COLOR_GREEN, COLOR_CYAN, COLOR_YELLOW, COLOR_RED};

    if (!term->is_color)
        return;
    for (short i = 0; i < (short)ARRAY_LEN(fronts); i++)
        (void)init_pair((short)(i + 1), fronts[i], -1);
}

static int start_curses(struct terminal *term, bool has_color, struct err *err)
{
    const char *name = getenv("TERM");

    term->frame_fd = memfd_create("screen", MFD_CLOEXEC);
    term->frame = term->frame_fd >= 0 ? fdopen(term->frame_fd, "w") : NULL;
    if (!term->frame)
        return err_set(err, ERR_IO, EFFECT_NONE, "no memory for a screen: %s", strerror(errno));
    term->screen = newterm(name, term->frame, stdin);
    if (!term->screen || !tigetstr("cup")) {
        char why[160];
        (void)snprintf(why, sizeof why, "TERM=%.60s is not known here, or has no cursor to move",
                       name);
        return refuse(err, why);
    }
    (void)typeahead(-1);
    (void)curs_set(0);
    term->is_color = has_color && has_colors() && start_color() == OK && use_default_colors() == OK;
    init_colors(term);
    make_leave();
    return 0;
}

static int open_parts(struct terminal *term, bool has_color, struct err *err)
{
    const char *name = getenv("TERM");

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return refuse(err, "standard input or output is none");
    if (!name || !*name || strcmp(name, "dumb") == 0)
        return refuse(err, name && *name ? "TERM=dumb has no cursor to move" : "TERM is not set");
    int rc = open_own(term, err);
    if (!rc)
        rc = start_curses(term, has_color, err);
    if (!rc)
        rc = install_handlers(err);
    return rc;
}

int terminal_open(bool has_color, struct terminal **out, struct err *err)
{
    struct terminal *term = calloc(1, sizeof *term);

    if (!term)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory");
    *term = (struct terminal){.fd = -1, .frame_fd = -1, .said_fd = -1, .stderr_fd = -1};
    buf_init(&term->pending, (size_t)16 << 20);
    int rc = open_parts(term, has_color, err);
    if (rc) {
        terminal_close(term);
        return rc;
    }
    keep_said(term);
    before.fd = term->fd;
    enter_modes(term);
    read_size(term);
    terminal_redraw(term);
    *out = term;
    return 0;
}

void terminal_close(struct terminal *term)
{
    if (!term)
        return;
    if (before.fd >= 0) {
        leave(term);
        remove_handlers();
        before.fd = -1;
        tell_said(term);
    }
    if (term->screen) {
        (void)endwin(); /* into the file that nobody reads any more */
        delscreen(term->screen);
    }
    if (term->frame)
        (void)fclose(term->frame);
    if (term->fd >= 0)
        (void)close(term->fd);
    buf_release(&term->pending);
    free(term);
}

/* --- drawing ---------------------------------------------------------------------------------- */

int terminal_fd(const struct terminal *term)
{
    return term->fd;
}

int terminal_wake_fd(void)
{
    return wake_pipe[0];
}

bool terminal_is_gone(const struct terminal *term)
{
    return term->is_gone;
}

bool terminal_is_busy(const struct terminal *term)
{
    return !term->is_gone && term->sent < term->pending.len;
}

void terminal_size(const struct terminal *term, size_t *out_width, size_t *out_height)
{
    *out_width = term->width;
    *out_height = term->height;
}

void terminal_redraw(struct terminal *term)
{
    (void)resizeterm((int)term->height, (int)term->width);
    (void)clearok(curscr, TRUE);
}

/* Without colour the same things are told apart by weight; and always by the words. */
static void set_style(const struct terminal *term, enum cell_style style)
{
    static const struct {
        attr_t attributes;
        short pair;
        attr_t mono;
    } looks[CELL_STYLE_COUNT] = {
        [STYLE_PLAIN] = {A_NORMAL, 0, A_NORMAL},
        [STYLE_FAINT] = {A_DIM, 0, A_DIM},
        [STYLE_STRONG] = {A_BOLD, 0, A_BOLD},
        [STYLE_LABEL] = {A_BOLD, 2, A_BOLD},
        [STYLE_GOOD] = {A_NORMAL, 1, A_NORMAL},
        [STYLE_NOTE] = {A_NORMAL, 2, A_NORMAL},
        [STYLE_WARN] = {A_BOLD, 3, A_BOLD},
        [STYLE_BAD] = {A_BOLD, 4, A_BOLD},
        [STYLE_ALARM] = {A_BOLD | A_REVERSE, 4, A_BOLD | A_REVERSE},
    };

    (void)attr_set(term->is_color ? looks[style].attributes : looks[style].mono,
                   term->is_color ? looks[style].pair : 0, NULL);
}

static void draw_row(const struct terminal *term, const struct sheet *sheet, size_t row)
{
    const struct cell *cells = sheet->cells + row * sheet->width;
    wchar_t text[LINE_CAP + 1];

    for (size_t i = 0; i < sheet->width;) {
        size_t len = 0;
        while (i + len < sheet->width && len < LINE_CAP && cells[i + len].style == cells[i].style) {
            text[len] = (wchar_t)cells[i + len].glyph;
            len++;
        }
        set_style(term, cells[i].style);
        (void)mvaddnwstr((int)row, (int)i, text, (int)len);
        i += len;
    }
}

/* What ncurses has made of it, into the buffer. */
static void take_frame(struct terminal *term)
{
    char bytes[16384];
    off_t at = 0;
    ssize_t len;

    (void)fflush(term->frame);
    buf_reset(&term->pending);
    term->sent = 0;
    while ((len = pread(term->frame_fd, bytes, sizeof bytes, at)) > 0) {
        buf_add(&term->pending, bytes, (size_t)len);
        at += len;
    }
    if (ftruncate(term->frame_fd, 0) != 0 || lseek(term->frame_fd, 0, SEEK_SET) != 0)
        term->is_gone = true; /* memory that cannot be given back */
}

void terminal_draw(struct terminal *term, const struct sheet *sheet)
{
    if (terminal_is_busy(term))
        return;
    (void)erase();
    for (size_t row = 0; row < sheet->height && row < term->height; row++)
        draw_row(term, sheet, row);
    (void)wnoutrefresh(stdscr);
    (void)doupdate();
    take_frame(term);
    terminal_send(term);
}

void terminal_send(struct terminal *term)
{
    while (terminal_is_busy(term)) {
        ssize_t len =
            write(term->fd, term->pending.data + term->sent, term->pending.len - term->sent);
        if (len > 0) {
            term->sent += (size_t)len;
            continue;
        }
        if (len < 0 && errno != EAGAIN && errno != EINTR)
            term->is_gone = true;
        return;
    }
}

/* --- keys ------------------------------------------------------------------------------------- */

int terminal_key(struct terminal *term)
{
    unsigned char byte;
    ssize_t len;

    while ((len = read(term->fd, &byte, 1)) == 1) {
        term->key_ms = clock_mono_ms();
        int key = keys_take(&term->keys, byte);
        if (key != WATCH_KEY_NONE)
            return key;
    }
    if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR))
        term->is_gone = true;
    if (clock_mono_ms() - term->key_ms > ESCAPE_MS)
        return keys_idle(&term->keys);
    return WATCH_KEY_NONE;
}

/* --- stopping for a while --------------------------------------------------------------------- */

void terminal_suspend(struct terminal *term)
{
    leave(term);
    (void)raise(SIGSTOP); /* SIGCONT ends it */
    is_continued = 1;
}

void terminal_mind_signals(struct terminal *term)
{
    char bytes[64];

    while (read(wake_pipe[0], bytes, sizeof bytes) > 0)
        continue;
    if (is_stop_wanted) {
        is_stop_wanted = 0;
        terminal_suspend(term);
    }
    if (!is_resized && !is_continued)
        return;
    if (is_continued) {
        enter_modes(term);
        buf_reset(&term->pending);
        term->sent = 0;
        const char *other_screen = tigetstr("smcup");
        if (other_screen && other_screen != (const char *)-1) // NOLINT
            buf_puts(&term->pending, other_screen);
        const char *hidden = tigetstr("civis");
        if (hidden && hidden != (const char *)-1) // NOLINT
            buf_puts(&term->pending, hidden);
        drain(term);
    }
    is_resized = is_continued = 0;
    read_size(term);
    terminal_redraw(term);
}
