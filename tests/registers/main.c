/* SPDX-License-Identifier: Apache-2.0 */
/* registers GUESTS LOOKS: the registers of vCPUs on the real KVM, in TAP format. GUESTS is the
 * folder of the bare-metal guests, LOOKS how often a running one is stopped and looked at. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/registers/machine.h"

int main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: registers GUESTS LOOKS\n", stderr);
		return 2;
	}
	test_state();
	test_kernel();
	test_order(argv[1]);
	test_ticks(argv[1], (unsigned int)strtoul(argv[2], NULL, 10));
	return tap_end();
}
