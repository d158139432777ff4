/* SPDX-License-Identifier: MIT */
/*
 * io/file_lock.h - one process of this host at a time; ends with the process, however it dies.
 * Threads: a lock belongs to one thread.
 * Source   Linux fcntl(2), open file description locks
 */
#ifndef CUTOVER_IO_FILE_LOCK_H
#define CUTOVER_IO_FILE_LOCK_H

#include "base/attr.h"
#include "base/err.h"

struct file_lock {
    int fd_plus_one; /* 0: not held, so zeroed memory is none */
};

/*
 * Create the file when absent, and lock it without waiting. The file stays.
 * Errors  ERR_BUSY/NONE another process has it, or had it and removed the file;
 *         ERR_IO/NONE names the file
 */
MUST_CHECK int file_lock_take(struct file_lock *lock, const char *path, struct err *err);
void file_lock_release(struct file_lock *lock); /* zeroed memory allowed */

#endif
