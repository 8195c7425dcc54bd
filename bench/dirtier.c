/* SPDX-License-Identifier: Apache-2.0 */
/* dirtier PAGES: writes to so many pages of 4 KiB and says a byte; again whenever it gets SIGUSR1:
 * what a snapshot is measured by. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES_MAX = 16384 };

static unsigned char memory[PAGES_MAX * PAGE];

int main(int argc, char **argv)
{
	int pages = argc == 2 ? atoi(argv[1]) : 0, signal;
	sigset_t wanted;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGUSR1);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	if (pages > PAGES_MAX)
		return 1;
	do {
		for (int i = 0; i < pages; i++)
			memory[i * PAGE]++;
		if (write(1, ".", 1) != 1)
			return 1;
	} while (sigwait(&wanted, &signal) == 0);
	return 1;
}
