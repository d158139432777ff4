/* SPDX-License-Identifier: MIT */
/*
 * engine/journal_inventory.h - inventories (domain/inventory.h) in the journal.
 * Threads: as engine/journal.h.
 */
#ifndef CUTOVER_ENGINE_JOURNAL_INVENTORY_H
#define CUTOVER_ENGINE_JOURNAL_INVENTORY_H

#include "base/json.h"
#include "engine/journal.h"

/* Kept for ever, under a number. */
MUST_CHECK int journal_inventory_add(struct journal *journal, const json_t *document,
                                     int64_t *out_id, struct err *err);

/* The caller releases it. ERR_REFUSED/NONE: this service has none of that number. */
MUST_CHECK int journal_inventory_get(struct journal *journal, const char *service, int64_t id,
                                     json_t **out, struct err *err);

/*
 * [{"id", "taken", "old_bytes", "new_bytes"}], oldest first; bytes are null for a side that was not
 * read. Empty in a journal that is older than inventories. The caller releases it.
 */
MUST_CHECK int journal_inventory_list(struct journal *journal, const char *service, json_t **out,
                                      struct err *err);

#endif
