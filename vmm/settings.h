/* SPDX-License-Identifier: Apache-2.0 */
/* The requests that only change the configuration, before the start. Whether the state
 * allows them is control.c's question. Loop thread only. */
#ifndef MOTE_SETTINGS_H
#define MOTE_SETTINGS_H

#include "vmm/config.h"
#include "vmm/control.h"

/* Judges and stores the request's member; what it owns is moved out when that succeeds. Other
 * requests are -ENOSYS without a message. */
int settings_apply(struct vm_config *config, struct request *request, struct error *err);

#endif
