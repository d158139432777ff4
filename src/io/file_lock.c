/* SPDX-License-Identifier: MIT */
/* A lock on a whole file, of the open file: a fork or a second open of ours cannot lose it. */
#include "io/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Who opened it may get the lock of a file that its last owner removed in between. */
static bool is_there(int fd, const char *path)
{
    struct stat ours, theirs;

    return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
           ours.st_ino == theirs.st_ino;
}

int file_lock_take(struct file_lock *lock, const char *path, struct err *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_set(err, ERR_IO, EFFECT_NONE, "cannot open %s: %s", path, strerror(errno));
    int why = fcntl(fd, F_OFD_SETLK, &whole) == 0 ? 0 : errno;
    if (why == 0 && is_there(fd, path)) {
        lock->fd_plus_one = fd + 1;
        return 0;
    }
    (void)close(fd); /* nothing was written */
    if (why == 0)
        return err_set(err, ERR_BUSY, EFFECT_NONE, "another process removed %s", path);
    if (why == EAGAIN || why == EACCES)
        return err_set(err, ERR_BUSY, EFFECT_NONE, "another process holds %s", path);
    return err_set(err, ERR_IO, EFFECT_NONE, "cannot lock %s: %s", path, strerror(why));
}

void file_lock_release(struct file_lock *lock)
{
    if (lock->fd_plus_one)
        (void)close(lock->fd_plus_one - 1); /* which gives the lock back */
    lock->fd_plus_one = 0;
}
