/* SPDX-License-Identifier: Apache-2.0 */
/* Standard input that is a file: how much each read gives, into memory that nobody has touched,
 * over the ends of pages. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/uio.h>

#include "diff-trace.h"

enum { ROOM = 2 << 20 };

static char *fresh(void)
{
	char *memory = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void show(const char *what, const char *bytes, ssize_t count)
{
	unsigned sum = 0;

	for (ssize_t i = 0; i < count; i++)
		sum = sum * 31 + (unsigned char)bytes[i];
	printf("%s: %zd, sum %u\n", what, count, sum);
}

int main(void)
{
	static const struct {
		unsigned offset, size;
	} reads[] = {{0, 1},       {4032, 512}, {4095, 2},      {1, 4096},     {4000, 10000},
		     {100, 70000}, {0, 300000}, {4095, 300001}, {17, 1500000}, {0, 10}};
	struct iovec vector[3];
	char *memory = fresh(), name[32];

	vector[0] = (struct iovec){memory + 4090, 3};
	vector[1] = (struct iovec){memory + 8190, 5000};
	vector[2] = (struct iovec){memory + 65536 + 4000, 20000};
	show("vector", memory + 8190, readv(0, vector, 3));
	for (unsigned i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		memory = fresh();
		snprintf(name, sizeof(name), "%u bytes at %u", reads[i].size, reads[i].offset);
		show(name, memory + reads[i].offset,
		     read(0, memory + reads[i].offset, reads[i].size));
		munmap(memory, ROOM);
	}
	return 0;
}
