/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's side of the control device (vmm/dev/control_abi.h): streams, the end of the
 * machine, and what the monitor says through the shared page. */
#ifndef GUEST_CONTROL_H
#define GUEST_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/dev/control_abi.h"

struct machine;

void control_init(const struct machine *machine);
struct control_page *control_page(void);

/* Writes to stream 1 or 2 from physically contiguous memory: 0 or -errno of the host. */
int control_write(int stream, const void *buffer, size_t length);
/* Bytes read, 0 at the end of the file, -EAGAIN: ask again after the interrupt. With a
 * length of 0 it says whether a read would not block: 1 or -EAGAIN (any buffer will do). */
int64_t control_read(void *buffer, size_t length);
/* The host's wall clock, nanoseconds since 1970. */
uint64_t control_wall_clock(void);
/* Signals that came from outside since the last call, bit n-1 for signal n. */
uint64_t control_signals(void);
bool control_has_signals(void);
/* Counts restores: another value says that this machine is a copy of an earlier one. */
uint64_t control_epoch(void);
/* Changes when the wall clock has to be asked for again. */
uint64_t control_clock_epoch(void);
/* What is to be added to the counter since, in ticks, modulo 2^64. */
uint64_t control_clock_rest(void);
/* Something waits for the wall clock: from now on a change of it is an interrupt. */
void control_wall_waits(void);
bool control_is_terminal(int stream);
/* A terminal in raw mode: its line discipline is ours. */
bool control_is_raw(int stream);
/* For the watchdog: this machine does something; it sleeps, or no longer does. */
void control_beat(void);
void control_idle(bool idle);

/* Before the application begins (CONTROL_STOP_BEGIN) or is killed by a signal: whether a debugger
 * stops it where it is, so that there is nothing to do but to return to it. */
bool control_stop(unsigned what, const char *reason);

_Noreturn void control_exit(unsigned kind, int signal, int code, const char *reason);
#endif
