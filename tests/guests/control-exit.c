/* SPDX-License-Identifier: Apache-2.0 */
/* Ends with the status that the boot arguments give, and a reason without an end. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	/* The control page is the first of the last 64 KiB; 32 MiB of RAM. */
	struct control_page *page = (struct control_page *)(RAM + (32 << 20) - 0x10000);

	for (unsigned int i = 0; i < sizeof(page->reason); i++)
		page->reason[i] = (char)(i % 2 ? 'x' : i | 1);
	guest_barrier();
	store(CONTROL + CONTROL_EXIT, 8, boot_value(tree));
	print("came back\n");
}
