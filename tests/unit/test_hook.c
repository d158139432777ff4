/* SPDX-License-Identifier: MIT */
/* Programs of others: what they get of ours, and that none of them outlives its time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/hook.h"

static char folder[] = "/tmp/cutover-hook-XXXXXX";
static char program[64], told[64];

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(program, sizeof program, "%s/program", folder);
    (void)snprintf(told, sizeof told, "%s/told", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(program);
    (void)unlink(told);
    return rmdir(folder);
}

static void write_program(const char *body)
{
    FILE *file = fopen(program, "we");

    assert_non_null(file);
    (void)fprintf(file, "#!/bin/bash\nexec 1>%s\n%s\n", told, body);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(program, 0700), 0);
}

static void read_told(char *out, size_t out_size)
{
    FILE *file = fopen(told, "re");

    assert_non_null(file);
    size_t len = fread(out, 1, out_size - 1, file);
    out[len] = '\0';
    (void)fclose(file);
}

static bool unwanted(void *context)
{
    return clock_mono_ms() >= *(int64_t *)context;
}

static int run(int64_t timeout_ms, int64_t *unwanted_ms, struct err *err)
{
    static const char *const environment[] = {"PATH=/usr/bin:/bin", "CUTOVER_EVENT=7", NULL};
    const struct hook hook = {.path = program,
                              .environment = environment,
                              .input = "{\"event\":7}",
                              .input_len = 11,
                              .timeout_ms = timeout_ms,
                              .is_unwanted = unwanted_ms ? unwanted : NULL,
                              .context = unwanted_ms};
    return hook_run(&hook, err);
}

static void test_it_gets_the_text_and_nothing_else_of_ours(void **state)
{
    char text[2048];
    struct err err = {0};
    int secret = fcntl(STDIN_FILENO, F_DUPFD, 77); /* as a library may leave one for children */

    (void)state;
    assert_true(secret >= 77);
    assert_int_equal(setenv("CUTOVER_TEST_PASSWORD", "swordfish", 1), 0);
    write_program("cat; echo; echo fds: $(ls /proc/$$/fd | sort -n | head -c 100); env");
    assert_int_equal(run(5000, NULL, &err), 0);
    read_told(text, sizeof text);
    (void)close(secret);
    assert_ptr_equal(strstr(text, "{\"event\":7}\n"), text);
    char held[32];
    (void)snprintf(held, sizeof held, " %d ", secret);
    assert_null(strstr(strstr(text, "fds:"), held));
    assert_non_null(strstr(text, "CUTOVER_EVENT=7"));
    assert_null(strstr(text, "swordfish"));
    assert_null(strstr(text, "HOME="));
}

static void test_another_status_and_a_signal_are_told_apart(void **state)
{
    struct err err = {0};

    (void)state;
    write_program("exit 3");
    assert_int_equal(run(5000, NULL, &err), ERR_REFUSED);
    assert_string_equal(err.msg, "it ended with exit status 3");
    write_program("kill -9 $$");
    assert_int_equal(run(5000, NULL, &err), ERR_REFUSED);
    assert_string_equal(err.msg, "it was killed by signal 9");
    assert_int_equal(unlink(program), 0);
    assert_int_equal(run(5000, NULL, &err), ERR_IO);
    assert_int_equal(err.effect, EFFECT_NONE);
}

static void test_what_ignores_its_end_is_killed_with_all_it_started(void **state)
{
    char text[64];
    struct err err = {0};
    int64_t began_ms = clock_mono_ms();

    (void)state;
    write_program("trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo $!; "
                  "while :; do sleep 1; done");
    assert_int_equal(run(300, NULL, &err), ERR_TIMEOUT);
    assert_int_equal(err.effect, EFFECT_UNKNOWN);
    assert_in_range(clock_mono_ms() - began_ms, 300, 10000);
    read_told(text, sizeof text);
    long left = strtol(text, NULL, 10);
    assert_true(left > 1);
    int64_t until_ms = clock_mono_ms() + 5000; /* whoever inherits it has to look first */
    while (kill((pid_t)left, 0) == 0 && clock_mono_ms() < until_ms) {
        char path[64], stat[256] = "";
        (void)snprintf(path, sizeof path, "/proc/%ld/stat", left);
        FILE *file = fopen(path, "re");
        if (!file || !fgets(stat, sizeof stat, file) || strstr(stat, ") Z "))
            until_ms = 0;
        if (file)
            (void)fclose(file);
    }
    assert_true(until_ms == 0 || kill((pid_t)left, 0) != 0);
}

static void test_nobody_waits_longer_than_somebody_wants_it(void **state)
{
    struct err err = {0};
    int64_t began_ms = clock_mono_ms(), until_ms = began_ms + 200;

    (void)state;
    write_program("sleep 60");
    assert_int_equal(run(50000, &until_ms, &err), ERR_STOPPED);
    assert_in_range(clock_mono_ms() - began_ms, 200, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_gets_the_text_and_nothing_else_of_ours),
        cmocka_unit_test(test_another_status_and_a_signal_are_told_apart),
        cmocka_unit_test(test_what_ignores_its_end_is_killed_with_all_it_started),
        cmocka_unit_test(test_nobody_waits_longer_than_somebody_wants_it),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
