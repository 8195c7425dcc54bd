/* SPDX-License-Identifier: Apache-2.0 */
/* Output without end, byte by byte. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	(void)tree;
	for (;;)
		print("flood ");
}
