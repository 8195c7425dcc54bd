/* SPDX-License-Identifier: Apache-2.0 */
/* allocate MIB [hold]: takes that much in one piece, fills and checks it; with hold says so, and
 * waits. allocate exhaust: takes pieces of 1 MiB, filling each, until there are no more, which
 * must come as NULL. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static int allocate(size_t mib, int hold)
{
	unsigned char *bytes = malloc(mib * MIB);

	if (!bytes) {
		perror("malloc");
		return 1;
	}
	for (size_t i = 0; i < mib; i++)
		memset(bytes + i * MIB, (int)i, MIB);
	for (size_t i = 0; i < mib * MIB; i += 997)
		if (bytes[i] != (unsigned char)(i / MIB))
			return 1;
	if (hold) {
		puts("filled");
		fflush(stdout);
		pause();
	}
	free(bytes);
	return 0;
}

static int exhaust(void)
{
	size_t count = 0;
	unsigned char *bytes;

	while ((bytes = malloc(MIB))) {
		memset(bytes, 0x5a, MIB);
		if (++count > 1000000)
			return 1;
	}
	printf("%zu MiB, then %s\n", count, strerror(errno));
	return errno == ENOMEM && count > 16 ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	return strcmp(argv[1], "exhaust") ? allocate((size_t)atol(argv[1]), argc > 2) : exhaust();
}
