/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/uffd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "vmm/memory_log.h"

static int uffd_open(struct error *err)
{
	struct uffdio_api api = {.api = UFFD_API, .features = UFFD_FEATURE_EVENT_REMOVE};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return error_errno(err, "userfaultfd for the kernel's faults, which KVM's are");
	if (ioctl(fd, UFFDIO_API, &api) < 0) {
		error_errno(err, "UFFDIO_API");
		close(fd);
		return -err->code;
	}
	return fd;
}

static int uffd_register(int fd, const struct memory *memory, struct error *err)
{
	struct uffdio_register range = {
		.range = {(uintptr_t)memory->host, memory->size},
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	return ioctl(fd, UFFDIO_REGISTER, &range) < 0 ? error_errno(err, "UFFDIO_REGISTER") : 0;
}

static int handler_connect(const char *path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, ENAMETOOLONG, "%.80s…: too long for a socket", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error_errno(err, "%s", path);
	if (fd >= 0)
		close(fd);
	return -err->code;
}

static int handler_tell(int socket, int uffd, const struct memory *memory, const char *path,
			struct error *err)
{
	size_t page = memory_page_size();
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	char text[256];
	struct iovec part = {text, 0};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	/* page_size_kib is in bytes there too: the older name of the same. */
	part.iov_len = (size_t)snprintf(text, sizeof(text),
					"[{\"base_host_virt_addr\":%llu,\"size\":%llu,"
					"\"offset\":0,\"page_size\":%zu,\"page_size_kib\":%zu}]",
					(unsigned long long)(uintptr_t)memory->host,
					(unsigned long long)memory->size, page, page);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &uffd, sizeof(int));
	if (sendmsg(socket, &message, MSG_NOSIGNAL) != (ssize_t)part.iov_len)
		return error_errno(err, "%s", path);
	return 0;
}

int uffd_map(struct memory *memory, uint64_t base, uint64_t size, const char *socket_path,
	     struct error *err)
{
	int uffd = uffd_open(err), socket = -1, result;

	if (uffd < 0)
		return uffd;
	result = memory_init(memory, base, size, err);
	if (result == 0) {
		memory_log_elsewhere(memory);
		result = uffd_register(uffd, memory, err);
	}
	if (result == 0) {
		socket = handler_connect(socket_path, err);
		result = socket < 0 ? socket : handler_tell(socket, uffd, memory, socket_path, err);
	}
	if (socket >= 0 && result < 0)
		close(socket);
	/* The handler has its own now; the socket's end would be ours, so both stay open with us.
	 */
	if (result < 0)
		close(uffd);
	return result;
}
