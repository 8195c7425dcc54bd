/* SPDX-License-Identifier: Apache-2.0 */
/* endure ROUNDS MS: counts, allocates, sleeps, writes files, holds vector registers and lets
 * timers fire, and checks in each round that nothing of it was lost, came early or came twice.
 * Prints "round N" after each and "ok" at the end: whatever was done to its machine meanwhile. The
 * end comes after ROUNDS, or with SIGTERM. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "cpu.h"

enum { BLOCKS = 64, BLOCK = 20000 };

static uint32_t *blocks[BLOCKS];
static uint32_t seeds[BLOCKS];
static volatile unsigned long alarms;
static unsigned long ticks;

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state;
}

/* One block is made anew, all are looked at. */
static void memory_round(unsigned round)
{
	unsigned slot = round % BLOCKS;
	uint32_t state;

	free(blocks[slot]);
	blocks[slot] = malloc(BLOCK);
	state = seeds[slot] = round + 1;
	for (unsigned i = 0; blocks[slot] && i < BLOCK / 4; i++)
		blocks[slot][i] = next(&state);
	for (unsigned b = 0; b < BLOCKS; b++) {
		state = seeds[b];
		for (unsigned i = 0; blocks[b] && i < BLOCK / 4; i++)
			if (blocks[b][i] != next(&state)) {
				CHECK(!"a block of memory is as it was written");
				return;
			}
	}
}

/* A line is added, and the file read as a whole. */
static void file_round(int fd, unsigned round)
{
	char line[16], found[16];
	unsigned first = round > 40 ? round - 40 : 0;

	CHECK(snprintf(line, sizeof(line), "%010u\n", round) == 11);
	CHECK(pwrite(fd, line, 11, (off_t)round * 11) == 11);
	for (unsigned i = first; i <= round; i++) {
		snprintf(line, sizeof(line), "%010u\n", i);
		if (pread(fd, found, 11, (off_t)i * 11) != 11 || memcmp(line, found, 11)) {
			CHECK(!"the file is as it was written");
			return;
		}
	}
}

static void vector_round(unsigned round)
{
	static uint8_t from[CPU_VECTORS], to[CPU_VECTORS];
	uint32_t state = round;

	for (unsigned i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)(next(&state) >> 24);
	cpu_vectors_hold(from, to, 200000);
	CHECK(!memcmp(from, to, sizeof(from)));
}

static void sleep_round(long ms)
{
	static int64_t last, last_wall;
	const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
	int64_t began = now(CLOCK_MONOTONIC), wall;

	int interrupted;

	CHECK(began >= last);
	interrupted = clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL) == EINTR;
	last = now(CLOCK_MONOTONIC);
	CHECK(interrupted || last >= began + ms * 1000000);
	wall = now(CLOCK_REALTIME);
	CHECK(wall > last_wall);
	last_wall = wall;
}

static volatile int ended;

static void on_end(int number)
{
	ended = number;
}

static void on_alarm(int number)
{
	(void)number;
	alarms++;
}

/* A periodic timer: expiries are exactly as many as periods have passed. */
static void timer_round(int timer, const int64_t armed[2], int64_t period)
{
	uint64_t expired = 0;
	int64_t before, after;

	before = now(CLOCK_MONOTONIC);
	while (read(timer, &expired, sizeof(expired)) < 0 && errno == EINTR)
		;
	CHECK(expired > 0);
	after = now(CLOCK_MONOTONIC);
	ticks += expired;
	CHECK(ticks >= (unsigned long)((before - armed[1]) / period));
	CHECK(ticks <= (unsigned long)((after - armed[0]) / period));
}

/* A single one: fires once, and not early. */
static void alarm_round(int64_t *due)
{
	static unsigned long seen;
	const struct itimerspec once = {.it_value = {0, 7000000}};
	static timer_t timer;
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};

	if (!*due) {
		CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	} else {
		CHECK(alarms <= seen + 1);
		CHECK(alarms == seen || now(CLOCK_MONOTONIC) >= *due);
		if (alarms == seen) {
			CHECK(now(CLOCK_MONOTONIC) < *due + INT64_C(60000000000));
			return;
		}
		seen++;
	}
	*due = now(CLOCK_MONOTONIC) + 7000000;
	CHECK(timer_settime(timer, 0, &once, NULL) == 0);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 100;
	long ms = argc > 2 ? atol(argv[2]) : 5;
	const int64_t period = 3000000;
	const struct itimerspec each = {{0, period}, {0, period}};
	int fd = open("/tmp/endure", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int timer = timerfd_create(CLOCK_MONOTONIC, 0);
	int64_t armed[2], due = 0; /* armed: not before, not after */

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, on_alarm);
	signal(SIGTERM, on_end);
	armed[0] = now(CLOCK_MONOTONIC);
	CHECK(timerfd_settime(timer, 0, &each, NULL) == 0);
	armed[1] = now(CLOCK_MONOTONIC);
	for (unsigned round = 0; round < rounds && !ended && !check_failures; round++) {
		memory_round(round);
		file_round(fd, round);
		vector_round(round);
		sleep_round(ms);
		timer_round(timer, armed, period);
		alarm_round(&due);
		printf("round %u\n", round);
	}
	return check_result();
}
