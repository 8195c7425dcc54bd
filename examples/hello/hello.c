/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest program:  mote run hello */
#include <stdio.h>

int main(void)
{
	puts("Hello from a microVM.");
	return 0;
}
