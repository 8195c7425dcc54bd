/* SPDX-License-Identifier: Apache-2.0 */
/* Run-time abstraction services: what a guest asks of its firmware. There is no firmware to jump
 * into: the guest makes the hypercall H_RTAS (0xf000) itself, r4 being the physical address of
 * the argument buffer. Tokens are in the device tree's /rtas, by name.
 * Source: Linux on Power Architecture Reference (LoPAR), part III, chapter 7. */
#ifndef MOTE_PPC64_RTAS_H
#define MOTE_PPC64_RTAS_H

#include "vmm/exit.h"

/* What a call puts into its first result. */
enum rtas_status {
	RTAS_SUCCESS = 0,
	RTAS_ERROR = -1, /* unknown token, or it can't be done now */
	RTAS_PARAMETER = -3,
};

/* Carries out a call. H_PARAMETER where the buffer isn't one. */
enum exit_action rtas(struct exit *exit, struct error *err);

/* The name of token 1, 2, …; NULL: there is no such call. */
const char *rtas_name(uint32_t token);

#endif
