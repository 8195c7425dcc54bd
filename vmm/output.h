/* SPDX-License-Identifier: Apache-2.0 */
/* Files and FIFOs that the process appends to: log, metrics, serial console. */
#ifndef MOTE_OUTPUT_H
#define MOTE_OUTPUT_H

#include "vmm/error.h"

/* Opens path for appending, made with mode 0600 if it isn't there: a descriptor that does
 * not block, or -errno with a message that begins with `what`. A FIFO needs no reader. */
int output_open(const char *what, const char *path, struct error *err);

#endif
