/* SPDX-License-Identifier: Apache-2.0 */
/* fault KIND: dies in a stated way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fault_null(void)
{
	*(volatile int *)0 = 1;
}

static void fault_jump(void)
{
	void (*volatile nowhere)(void) = (void (*)(void))0xdead0000;

	nowhere();
}

/* The compiler would make a constant of it. */
static void fault_code(void)
{
	volatile char *code = (volatile char *)(void *)fault_null;

	*code = 0;
}

static void fault_stack(void)
{
	static char data[64];
	void (*volatile run)(void) = (void (*)(void))(void *)data;

	run();
}

static const struct {
	const char *name;
	void (*run)(void);
} faults[] = {
	{"null", fault_null},
	{"jump", fault_jump},
	{"write-code", fault_code},
	{"run-data", fault_stack},
	{"abort", (void (*)(void))abort},
};

int main(int argc, char **argv)
{
	for (unsigned int i = 0; argc == 2 && i < sizeof(faults) / sizeof(faults[0]); i++)
		if (!strcmp(argv[1], faults[i].name))
			faults[i].run();
	fprintf(stderr, "usage: fault null|jump|write-code|run-data|abort\n");
	return 2;
}
