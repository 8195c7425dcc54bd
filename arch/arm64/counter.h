/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTE_ARM64_COUNTER_H
#define MOTE_ARM64_COUNTER_H

#include <stdint.h>

/* Ticks of the counters in a second, this host's and its guests' (CNTFRQ_EL0). */
uint64_t arm64_counter_hz(void);

#endif
