/* SPDX-License-Identifier: Apache-2.0 */
/* A static program that is linked position-independent: what points to something has been
 * relocated when main() begins. */
#include <stdint.h>
#include <string.h>

#include "check.h"

static int value = 42;
static const char *const names[] = {"one", "two"};
static int *const pointers[] = {&value};
static __thread int own = 7;

static int by_name(const char *name)
{
	for (int i = 0; i < 2; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static int (*const volatile functions[])(const char *) = {by_name};

int main(void)
{
	uint64_t here = (uint64_t)(uintptr_t)main;

	CHECK(here > 1 << 20); /* it is linked to zero */
	CHECK(functions[0]("two") == 1 && *pointers[0] == 42 && own == 7);
	return check_result();
}
