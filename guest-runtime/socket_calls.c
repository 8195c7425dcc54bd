/* SPDX-License-Identifier: Apache-2.0 */
/* There is no network: no address family exists, and no descriptor is a socket. Libraries
 * ask (name services, shells looking at their stdin) and go on from these answers. */
#include <linux/errno.h>

#include "file.h"
#include "syscall.h"

HANDLER(no_family)
{
	(void)a;
	return -EAFNOSUPPORT;
}

HANDLER(no_socket)
{
	return descriptor_file(a[0]) ? -ENOTSOCK : -EBADF;
}
