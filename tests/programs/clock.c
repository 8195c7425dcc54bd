/* SPDX-License-Identifier: Apache-2.0 */
/* clock MS: sleeps and prints how long that was by the monotonic clock. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	long ms = argc == 2 ? atol(argv[1]) : 1000, began;
	struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	printf("sleeping %ld\n", ms);
	fflush(stdout);
	began = now_ms();
	if (nanosleep(&pause, NULL))
		return 1;
	printf("slept %ld\n", now_ms() - began);
	return 0;
}
