/* SPDX-License-Identifier: Apache-2.0 */
/* Runs what lies behind RAM. */
#include "tests/guests/guest.h"

void guest_main(uint64_t tree)
{
	((void (*)(uint64_t))(uintptr_t)(RAM + (512ull << 20)))(tree);
	print("came back\n");
}
