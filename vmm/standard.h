/* SPDX-License-Identifier: Apache-2.0 */
/* The standard descriptors 0, 1 and 2 of a process that may have been started without them. */
#ifndef MOTE_STANDARD_H
#define MOTE_STANDARD_H

#include "vmm/error.h"

/* Fills those that are closed, so that nothing that is opened later becomes one of them: reading
 * and writing them goes on to fail with EBADF. First thing in main. */
int standard_fill(struct error *err);

#endif
