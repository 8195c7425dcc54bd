/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a system call that no kernel has, twice: ENOSYS each time. */
#include <errno.h>
#include <unistd.h>

int main(void)
{
	for (int i = 0; i < 2; i++) {
		errno = 0;
		if (syscall(4000) != -1 || errno != ENOSYS)
			return 1;
	}
	return 0;
}
