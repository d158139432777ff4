/* SPDX-License-Identifier: MIT */
/*
 * base/log.h - lines for the operator on stderr: "12:00:03.391 INFO  run 7f3a step 4/9 ...".
 * Owns:     the sink (stderr as text or JSON lines, or the journal of systemd) and the level. Set
 *           once by main. A line of INFO and worse is also what `systemctl status` shows.
 * Who logs: cli and engine only; layers below return a struct err.
 * Threads:  any; one line is one write.
 * A secret never reaches this function: struct secret cannot be formatted.
 */
#ifndef CUTOVER_BASE_LOG_H
#define CUTOVER_BASE_LOG_H

#include "base/attr.h"
#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
/* LOG_JOURNALD: text on stderr as well where systemd's journal is not there. */
enum log_form { LOG_TEXT, LOG_JSON, LOG_JOURNALD };

void log_setup(enum log_level level, enum log_form form);
void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * What the lines of this thread are about from here on, for forms that have fields: the run, the
 * step ("4/drain"), the event of the journal that a line tells ("step.done"). "" nothing, NULL as
 * before. The first NULL of a thread is nothing.
 */
void log_about(const char *run, const char *step, const char *event);
/* Borrowed from the thread. */
const char *log_about_step(void);
const char *log_about_event(void);

/*
 * Called before each line is written, so that a progress line on the same terminal makes room. NULL
 * = nobody. Set while no other thread logs; the function may be called from any thread.
 */
void log_before_line(void (*make_room)(void *context), void *context);

/* The three-part form of a failure: message, DETAIL (where, native code), HINT. */
void log_failure(const struct err *err);

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

#endif
