/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's section of a snapshot. Where the process logs and measures is its own. */
#ifndef MOTE_SNAPSHOT_CONFIG_H
#define MOTE_SNAPSHOT_CONFIG_H

#include "vmm/config.h"
#include "vmm/state_file.h"

void snapshot_config_save(const struct vm_config *config, struct state_writer *writer);

/* Into a configuration in which nothing is set that a boot needs. What is there then was judged
 * as a request's would be; the paths name what was booted, and nothing is opened by them. */
int snapshot_config_load(struct vm_config *config, const struct state_file *state,
			 struct error *err);

#endif
