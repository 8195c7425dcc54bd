/* SPDX-License-Identifier: Apache-2.0 */
/* Says that it runs, and sleeps for good. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	puts("asleep");
	fflush(stdout);
	for (;;)
		pause();
}
