/* SPDX-License-Identifier: Apache-2.0 */
/* Never comes back. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	(void)tree;
	for (;;)
		;
}
