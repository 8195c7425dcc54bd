/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the runtime busy for as long as one system call takes: large reads, which nothing
 * interrupts. hang COUNT: how many, then a line and sleep. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char buffer[96 << 20];

int main(int argc, char **argv)
{
	int zero = open("/dev/zero", O_RDONLY), count = argc > 1 ? atoi(argv[1]) : 1;

	while (count--)
		if (read(zero, buffer, sizeof(buffer)) < 0)
			return 1;
	puts("done");
	fflush(stdout);
	for (;;)
		pause();
}
