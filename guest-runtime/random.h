/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes: ChaCha20 with fast key erasure over the monitor's entropy. */
#ifndef GUEST_RANDOM_H
#define GUEST_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_init(void);
/* At most RANDOM_BLOCK bytes at a time. Checks first whether this machine has become a
 * copy, and takes new entropy then. */
#define RANDOM_BLOCK 32
void random_bytes(void *to, size_t length);
#endif
