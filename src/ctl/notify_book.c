/* SPDX-License-Identifier: MIT */
#include "ctl/notify_book.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"

int notify_key(const struct service_notify *target, char out[NOTIFY_KEY_SIZE], struct err *err)
{
    const char *text = target->exec[0] ? target->exec : secret_bytes(&target->url);
    char hash[DIGEST_HEX_LEN + 1];
    int rc = digest_sha256_hex(text, strlen(text), hash, err);

    if (!rc)
        (void)snprintf(out, NOTIFY_KEY_SIZE, "%.16s", hash);
    return rc;
}

static void read_file(struct notify_book *book)
{
    json_t *whole = json_load_file(book->path, 0, NULL);

    book->targets = json_incref(json_object_get(whole, "targets"));
    json_decref(whole);
    if (!json_is_object(book->targets)) { /* none yet, or torn: everybody is told from now on */
        json_decref(book->targets);
        book->targets = json_object();
    }
}

void notify_book_look(struct notify_book *book, const char *journal_path)
{
    *book = (struct notify_book){0};
    (void)snprintf(book->path, sizeof book->path, "%.*s.notified", PATH_MAX - 32, journal_path);
    read_file(book);
}

int notify_book_open(struct notify_book *book, const char *journal_path, struct err *err)
{
    char lock_path[PATH_MAX];

    *book = (struct notify_book){0};
    (void)snprintf(book->path, sizeof book->path, "%.*s.notified", PATH_MAX - 32, journal_path);
    (void)snprintf(lock_path, sizeof lock_path, "%.*s.lock", PATH_MAX - 8, book->path);
    int rc = file_lock_take(&book->lock, lock_path, err);
    if (!rc)
        read_file(book);
    return rc;
}

void notify_book_release(struct notify_book *book)
{
    json_decref(book->targets);
    file_lock_release(&book->lock);
    *book = (struct notify_book){0};
}

json_int_t notify_book_seq(const struct notify_book *book, const char *key)
{
    return json_int_or(json_object_get(book->targets, key), "seq", -1);
}

json_int_t notify_book_at(const struct notify_book *book, const char *key)
{
    return json_int_or(json_object_get(book->targets, key), "at_us", 0);
}

/* Not synced: what a crash of the machine takes back is told again. */
static int write_file(const struct notify_book *book, struct err *err)
{
    CLEANUP(json_release) json_t *whole = json_pack("{s:O}", "targets", book->targets);
    char part[PATH_MAX];

    (void)snprintf(part, sizeof part, "%.*s.part", PATH_MAX - 8, book->path);
    if (!whole || json_dump_file(whole, part, JSON_INDENT(1) | JSON_SORT_KEYS) != 0 ||
        rename(part, book->path) != 0)
        return err_set(err, ERR_IO, EFFECT_NONE, "cannot write %s: %s", book->path,
                       strerror(errno));
    return 0;
}

int notify_book_put(struct notify_book *book, const char *key, const char *label,
                    const struct notify_told *told, struct err *err)
{
    const json_t *was = json_object_get(book->targets, key);
    json_t *now =
        json_pack("{s:s,s:I,s:I,s:I,s:I}", "label", label, "seq", told->seq, "at_us", told->at_us,
                  "delivered", json_int_or(was, "delivered", 0) + told->is_delivered, "failed",
                  json_int_or(was, "failed", 0) + told->is_failed);

    if (!now || json_object_set_new(book->targets, key, now))
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what was told");
    return write_file(book, err);
}
