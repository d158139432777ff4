/* SPDX-License-Identifier: MIT */
/* The only place that reads clocks or sleeps. */
#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/signals.h"

static int64_t now_us(clockid_t id)
{
    struct timespec now;

    if (clock_gettime(id, &now) != 0)
        abort(); /* both clocks exist on every Linux: without time nothing here is safe */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
    return now_us(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

int64_t clock_boot_ms(void)
{
    return now_us(CLOCK_BOOTTIME) / 1000;
}

int64_t clock_wall_us(void)
{
    return now_us(CLOCK_REALTIME);
}

char *clock_iso8601(int64_t wall_us, char out[32])
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm utc;
    char date[24];

    if (!gmtime_r(&seconds, &utc) || !strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc))
        date[0] = '\0';
    (void)snprintf(out, 32, "%.20s.%03dZ", date, (int)(wall_us / 1000 % 1000));
    return out;
}

char *clock_human_ms(int64_t duration_ms, char out[32])
{
    if (duration_ms < 1000)
        (void)snprintf(out, 32, "%lld ms", (long long)duration_ms);
    else if (duration_ms < 60000)
        (void)snprintf(out, 32, "%.1f s", (double)duration_ms / 1000.0);
    else if (duration_ms < 3600000)
        (void)snprintf(out, 32, "%lld m %02lld s", (long long)(duration_ms / 60000),
                       (long long)(duration_ms / 1000 % 60));
    else
        (void)snprintf(out, 32, "%lld h %02lld m", (long long)(duration_ms / 3600000),
                       (long long)(duration_ms / 60000 % 60));
    return out;
}

static const struct {
    const char *unit;
    int64_t ms;
} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

int clock_parse_ms(const char *text, int64_t *out_ms, struct err *err)
{
    char *end = NULL;

    errno = 0;
    long long number = isdigit((unsigned char)text[0]) ? strtoll(text, &end, 10) : -1;
    if (number == 0 && end && *end == '\0') {
        *out_ms = 0;
        return 0;
    }
    for (size_t i = 0; number >= 0 && errno == 0 && i < ARRAY_LEN(units); i++)
        if (strcmp(end, units[i].unit) == 0 && number <= INT64_MAX / units[i].ms / 2) {
            *out_ms = number * units[i].ms;
            return 0;
        }
    return err_set(err, ERR_CONFIG, EFFECT_NONE,
                   "\"%.40s\" is not a duration; expected a number and a unit: 250ms, 10s, 5m, 1h",
                   text);
}

bool clock_sleep_ms(int64_t duration_ms)
{
    int64_t until = clock_mono_ms() + duration_ms;
    struct pollfd stop = {.fd = signals_wait_fd(), .events = POLLIN};

    for (;;) {
        int64_t left = until - clock_mono_ms();
        if (signals_stop_wanted())
            return false;
        if (left <= 0)
            return true;
        (void)poll(&stop, 1, left > 60000 ? 60000 : (int)left); /* EINTR: the loop asks again */
    }
}

void clock_nap_ms(int64_t duration_ms)
{
    int64_t until = clock_mono_ms() + duration_ms;

    for (int64_t left = duration_ms; left > 0; left = until - clock_mono_ms())
        (void)poll(NULL, 0, (int)left); /* EINTR: the loop asks again */
}
