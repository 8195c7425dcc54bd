/* SPDX-License-Identifier: Apache-2.0 */
/* Counts in user mode and says a byte every so often: what a restore is measured by. */
#include <unistd.h>

int main(void)
{
	volatile unsigned long count = 0;

	for (;;) {
		for (int i = 0; i < 2000; i++)
			count++;
		if (write(1, ".", 1) != 1)
			return 1;
	}
}
