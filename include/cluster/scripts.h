/* SPDX-License-Identifier: MIT */
/*
 * cluster/scripts.h - the scripts of src/remote, as they are in the files, for hosts to run.
 * Threads: constants.
 */
#ifndef CUTOVER_CLUSTER_SCRIPTS_H
#define CUTOVER_CLUSTER_SCRIPTS_H

extern const char script_seed[], script_inventory[];

#endif
