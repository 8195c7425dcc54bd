/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTE_FUZZ_RUNTIME_H
#define MOTE_FUZZ_RUNTIME_H

extern long fuzz_allocations; /* how many succeed before one fails; -1: all */

#endif
