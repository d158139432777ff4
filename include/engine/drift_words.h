/* SPDX-License-Identifier: MIT */
/*
 * engine/drift_words.h - who could have changed a server: sessions that are there and may.
 * Threads: the driver's.
 */
#ifndef CUTOVER_ENGINE_DRIFT_WORDS_H
#define CUTOVER_ENGINE_DRIFT_WORDS_H

#include <stddef.h>

struct run;
struct node;

/* "connected and allowed to: root@10.0.0.5:4711 (session 12), ...", or why that is not known. */
void drift_suspects(struct run *run, const struct node *node, char *out, size_t out_size);

#endif
