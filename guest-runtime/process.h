/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of the process that several files of system calls share. */
#ifndef GUEST_PROCESS_H
#define GUEST_PROCESS_H

#include <stdint.h>

uint32_t process_umask(void);
#endif
