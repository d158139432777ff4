/* SPDX-License-Identifier: MIT */
/* io/file_lock: one at a time, and never longer than its process. */
#include "io/file_lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ROUNDS 20000

static char path[64];

static int make_path(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/test_file_lock.%d", (int)getpid());
    return 0;
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

static void test_a_second_one_is_told_that_it_is_busy(void **state)
{
    (void)state;
    struct file_lock first = {0}, second = {0};
    struct err err = {0};

    assert_int_equal(file_lock_take(&first, path, &err), 0);
    assert_int_equal(file_lock_take(&second, path, &err), ERR_BUSY);
    file_lock_release(&second);
    assert_int_equal(file_lock_take(&second, path, &err), ERR_BUSY);
    file_lock_release(&first);
    assert_int_equal(file_lock_take(&second, path, &err), 0);
    file_lock_release(&second);
}

static void test_a_process_that_dies_holds_nothing(void **state)
{
    (void)state;
    struct file_lock lock = {0};
    struct err err = {0};
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct file_lock held = {0};
        _exit(file_lock_take(&held, path, &err) == 0 ? 7 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_int_equal(file_lock_take(&lock, path, &err), 0);
    file_lock_release(&lock);
}

/* Takes it, and removes it while it has it, again and again; how often was it somebody else's? */
static int remove_what_is_held(void)
{
    int strange = 0;

    for (int i = 0; i < ROUNDS; i++) {
        struct file_lock lock = {0};
        if (file_lock_take(&lock, path, NULL) != 0)
            continue;
        strange += unlink(path) != 0;
        file_lock_release(&lock);
    }
    return strange;
}

/* Two who sweep the same folder: to hold a file that is gone would be to hold nothing. */
static void test_who_has_the_lock_has_the_file(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(remove_what_is_held() == 0 ? 0 : 1);
    int strange = remove_what_is_held();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(strange, 0);
    assert_int_equal(WEXITSTATUS(status), 0);
    struct file_lock lock = {0};
    assert_int_equal(file_lock_take(&lock, path, NULL), 0); /* for who removes it at the end */
    file_lock_release(&lock);
}

static void test_a_file_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    struct file_lock lock = {0};
    struct err err = {0};

    assert_int_equal(file_lock_take(&lock, "/nowhere/at/all", &err), ERR_IO);
    assert_non_null(strstr(err.msg, "/nowhere/at/all"));
    file_lock_release(&lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_second_one_is_told_that_it_is_busy),
        cmocka_unit_test(test_a_process_that_dies_holds_nothing),
        cmocka_unit_test(test_who_has_the_lock_has_the_file),
        cmocka_unit_test(test_a_file_that_cannot_be_made_is_named),
    };
    return cmocka_run_group_tests_name("file_lock", tests, make_path, remove_path);
}
