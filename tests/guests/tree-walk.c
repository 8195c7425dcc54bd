/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the device tree a thousand times, as big as the monitor makes it. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	unsigned int length = 0;

	for (int i = 0; i < 1000; i++)
		if (tree_chosen(tree, "no such property"))
			print("found what is not there\n");
	for (const char *text = tree_chosen(tree, "bootargs"); text && *text; text++)
		length++;
	print_value("boot_args", length);
}
