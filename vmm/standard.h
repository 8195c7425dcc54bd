/* SPDX-License-Identifier: Apache-2.0 */
/* The standard descriptors 0, 1 and 2 of a process that may have been started without them. */
#ifndef MOTE_STANDARD_H
#define MOTE_STANDARD_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/error.h"

/* Fills those that are closed, so that nothing that is opened later becomes one of them: reading
 * and writing them goes on to fail with EBADF. First thing in main. */
int standard_fill(struct error *err);

/* From here on descriptors 1 and 2 are one file, of which the last `bytes` are kept, or up to twice
 * as many: what is older becomes a hole. Before threads start. */
void standard_keep(uint64_t bytes);

/* Whether that is so. */
bool standard_keeps(void);

/* Tells what was written to fd, whichever it is. Any thread. */
void standard_wrote(int fd, uint64_t bytes);

#endif
