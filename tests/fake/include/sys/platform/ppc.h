/* SPDX-License-Identifier: Apache-2.0 */
/* The scripted host's answer to what glibc asks a POWER kernel. */
#ifndef MOTE_FAKE_PPC_H
#define MOTE_FAKE_PPC_H

#include <stdint.h>

enum { FAKE_TIMEBASE_HZ = 123456789 };

static inline uint64_t __ppc_get_timebase_freq(void)
{
	return FAKE_TIMEBASE_HZ;
}

static inline uint64_t __ppc_get_timebase(void)
{
	return 1000000;
}

#endif
