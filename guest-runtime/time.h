/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and their conversions. Nanoseconds as uint64_t everywhere inside. */
#ifndef GUEST_TIME_H
#define GUEST_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define NANOSECONDS 1000000000ull

struct timespec64 {
	int64_t seconds, nanoseconds;
};

/* CLOCK_REALTIME now. The host is asked once, and again when it says that it has to be. */
uint64_t time_wall(void);
/* Asks it then, and moves what waits for a moment of the wall clock. */
void time_settle(void);
/* What the program has run: since the start, without the time slept. */
uint64_t time_cpu(void);
struct timespec64 time_split(uint64_t nanoseconds);
/* 0, -EFAULT, -EINVAL; too far away becomes UINT64_MAX - 1. */
int time_from_user(uint64_t address, uint64_t *nanoseconds);
/* The same from seconds and microseconds. */
int time_from_user_us(uint64_t address, uint64_t *nanoseconds);
/* A deadline on clock_now's scale from a relative time, saturating below UINT64_MAX. */
uint64_t time_deadline(uint64_t relative);
/* As poll has it: negative is never, 0 is now. */
uint64_t time_deadline_ms(int relative);
/* Clocks by the number that user mode gives. */
bool time_clock_exists(uint64_t clock);
bool time_clock_is_wall(uint64_t clock);
/* The moment when such a clock shows `at`, on clock_now's scale; 0 if it has. */
uint64_t time_convert(uint64_t clock, uint64_t at);
#endif
