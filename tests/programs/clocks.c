/* SPDX-License-Identifier: Apache-2.0 */
/* clocks MS [random]: every MS a line: "at", the monotonic and the wall clock in ms, and how often
 * a timer has fired that is set to each whole second of the wall clock; or 16 random bytes and the
 * machine's generation. Says "back" if a clock goes back, "early" if a sleep or a timer is. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static volatile unsigned fired;

static void on_timer(int number)
{
	(void)number;
	fired++;
}

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void set_timer(timer_t timer, int64_t at)
{
	const struct itimerspec when = {.it_value = {at, 0}};

	timer_settime(timer, TIMER_ABSTIME, &when, NULL);
}

static void show_random(void)
{
	uint8_t bytes[16];
	char generation[64] = "";
	FILE *file = fopen("/proc/mote/generation", "r");

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes) || !file ||
	    !fgets(generation, sizeof(generation), file))
		printf("no random bytes");
	printf(" ");
	for (unsigned i = 0; i < sizeof(bytes); i++)
		printf("%02x", bytes[i]);
	printf(" %s", generation);
	if (file)
		fclose(file);
}

int main(int argc, char **argv)
{
	long ms = argc > 1 ? atol(argv[1]) : 50;
	const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
	int64_t mono = 0, wall = 0, due;
	unsigned seen = 0;
	timer_t timer;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, on_timer);
	timer_create(CLOCK_REALTIME, NULL, &timer);
	due = now(CLOCK_REALTIME) / 1000000000 + 1;
	set_timer(timer, due);
	for (;;) {
		int64_t before = now(CLOCK_MONOTONIC), at;
		int interrupted = nanosleep(&pause, NULL) != 0;

		at = now(CLOCK_MONOTONIC);
		if (at < mono)
			printf("back\n");
		if (!interrupted && at < before + ms * 1000000)
			printf("early\n");
		mono = at;
		at = now(CLOCK_REALTIME);
		if (at < wall)
			printf("wall back\n");
		wall = at;
		if (fired != seen) {
			if (fired != seen + 1 || at < due * 1000000000)
				printf("timer early or twice\n");
			seen = fired;
			due = at / 1000000000 + 1;
			set_timer(timer, due);
		} else if (at > due * 1000000000 + 500000000) {
			printf("timer lost, early no more\n");
			due = at / 1000000000 + 1;
			set_timer(timer, due);
		}
		printf("at %lld %lld", (long long)(mono / 1000000), (long long)(wall / 1000000));
		if (argc > 2)
			show_random();
		else
			printf(" %u\n", seen);
	}
}
