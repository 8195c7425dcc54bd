/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of the process that several files of system calls share. */
#ifndef GUEST_PROCESS_H
#define GUEST_PROCESS_H

#include <stdint.h>

#define PROCESS_ID 2 /* 1 would be init, for which some programs behave otherwise */

uint32_t process_umask(void);
#endif
