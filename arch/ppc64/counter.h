/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTE_PPC64_COUNTER_H
#define MOTE_PPC64_COUNTER_H

#include <stdint.h>

/* The host's time base (TB). */
uint64_t ppc64_timebase(void);

/* Its ticks in a second, which are its guests', too. */
uint64_t ppc64_timebase_hz(void);

#endif
