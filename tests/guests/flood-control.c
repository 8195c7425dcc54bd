/* SPDX-License-Identifier: Apache-2.0 */
/* Output without end, all of RAM at once. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	(void)tree;
	for (;;)
		store(CONTROL + CONTROL_STDERR, 8, CONTROL_BUFFER(RAM, 0xfffff));
}
