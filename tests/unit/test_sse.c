/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ctl/sse.h"

static struct buf heard;

static void hear(void *context, const struct sse_event *event)
{
    (void)context;
    buf_printf(&heard, "%s %lld %s|", event->name, (long long)event->id, event->data);
}

static void feed_in_pieces(const char *text, size_t piece)
{
    CLEANUP(sse_release) struct sse sse;
    size_t len = strlen(text);

    buf_reset(&heard);
    sse_init(&sse, hear, NULL);
    for (size_t at = 0; at < len; at += piece)
        sse_feed(&sse, text + at, len - at < piece ? len - at : piece);
}

static void test_events_are_whole_however_they_come(void **state)
{
    static const char text[] = "event: lag\ndata: {\"a\":1}\n\n"
                               ": still here\n\n"
                               "id: 42\nevent: journal\ndata: {}\n\n"
                               "data: one\ndata:two\n\n"
                               "event: cut\ndata: off";

    (void)state;
    for (size_t piece = 1; piece < sizeof text; piece++) {
        feed_in_pieces(text, piece);
        assert_string_equal(buf_text(&heard), "lag 0 {\"a\":1}|journal 42 {}|message 0 one\ntwo|");
    }
}

static int setup(void **state)
{
    (void)state;
    buf_init(&heard, 4096);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_release(&heard);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_events_are_whole_however_they_come)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
