/* SPDX-License-Identifier: MIT */
/*
 * cli/inventory_text.h - inventories, their list and what differs, for people. Each takes the
 *                        document that --json prints.
 * Threads: pure.
 */
#ifndef CUTOVER_CLI_INVENTORY_TEXT_H
#define CUTOVER_CLI_INVENTORY_TEXT_H

#include "base/buf.h"
#include "base/json.h"

#define INVENTORY_TEXT_CAP_BYTES (64U << 20)

typedef void inventory_writer(const json_t *value, struct buf *out);

inventory_writer inventory_text, inventory_markdown; /* the text is a summary */
inventory_writer inventory_list_text, inventory_list_markdown;
inventory_writer inventory_diff_text, inventory_diff_markdown;

#endif
