/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a path for a listening Unix socket: bound under a temporary name beside it and
 * renamed when it listens, so that who sees the path can connect. */
#include "vmm/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

static int socket_address(struct sockaddr_un *address, const char *what, const char *path,
			  struct error *err)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path))
		return error_set(err, ENAMETOOLONG, "%s %.100s…: the path is too long", what, path);
	strcpy(address->sun_path, path);
	return 0;
}

/* The name to bind to first: beside path, unique while we live. */
static int temporary_name(struct sockaddr_un *address, const char *what, const char *path,
			  struct error *err)
{
	const char *slash = strrchr(path, '/');
	int directory = slash ? (int)(slash - path) + 1 : 0;
	char name[256];

	snprintf(name, sizeof(name), "%.*s.%x", directory > 200 ? 200 : directory, path,
		 (unsigned)getpid());
	return socket_address(address, what, name, err);
}

/* 0 when nobody answers at the socket path any more. */
static int check_dead(const struct sockaddr_un *address, const char *what, struct error *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int failed;

	if (fd < 0)
		return error_errno(err, "%s", what);
	failed = connect(fd, (const struct sockaddr *)address, sizeof(*address)) ? errno : 0;
	close(fd);
	if (failed == ECONNREFUSED || failed == ENOENT)
		return 0;
	return error_set(err, EADDRINUSE, "%s %s is in use by another process", what,
			 address->sun_path);
}

static int remove_stale(const struct sockaddr_un *address, const char *what, struct error *err)
{
	struct stat status;
	int result;

	if (lstat(address->sun_path, &status))
		return errno == ENOENT ? 0 : error_errno(err, "%s %s", what, address->sun_path);
	if (!S_ISSOCK(status.st_mode))
		return error_set(err, EEXIST, "%s %s exists and is not a socket", what,
				 address->sun_path);
	result = check_dead(address, what, err);
	if (result)
		return result;
	if (unlink(address->sun_path) && errno != ENOENT)
		return error_errno(err, "%s %s", what, address->sun_path);
	return 0;
}

static int bind_listening(const struct listener *listener, const struct sockaddr_un *address,
			  struct error *err)
{
	/* The mode of the unbound socket becomes that of the file. */
	if (fchmod(listener->fd, 0600) ||
	    bind(listener->fd, (const struct sockaddr *)address, sizeof(*address)) ||
	    listen(listener->fd, BACKLOG))
		return error_errno(err, "%s %s", listener->what, listener->path);
	return 0;
}

static int appear(struct listener *listener, const struct sockaddr_un *temporary, struct error *err)
{
	struct stat status;

	if (lstat(temporary->sun_path, &status))
		return error_errno(err, "%s %s", listener->what, listener->path);
	listener->device = status.st_dev;
	listener->inode = status.st_ino;
	if (syscall(SYS_renameat2, AT_FDCWD, temporary->sun_path, AT_FDCWD, listener->path,
		    RENAME_NOREPLACE))
		return error_errno(err, "%s %s", listener->what, listener->path);
	return 0;
}

static int publish(struct listener *listener, const struct sockaddr_un *temporary,
		   struct error *err)
{
	int result;

	unlink(temporary->sun_path); /* of a dead process that had our number */
	result = bind_listening(listener, temporary, err);
	if (!result)
		result = appear(listener, temporary, err);
	if (result)
		unlink(temporary->sun_path);
	return result;
}

int listener_open(struct listener *listener, const char *what, const char *path, struct error *err)
{
	struct sockaddr_un address, temporary;
	int result = socket_address(&address, what, path, err);

	if (!result)
		result = temporary_name(&temporary, what, path, err);
	if (!result)
		result = remove_stale(&address, what, err);
	if (result)
		return result;
	listener->what = what;
	strcpy(listener->path, address.sun_path);
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0)
		return error_errno(err, "%s", what);
	result = publish(listener, &temporary, err);
	if (result)
		close(listener->fd);
	return result;
}

void listener_close(struct listener *listener)
{
	struct stat status;

	close(listener->fd);
	if (!lstat(listener->path, &status) && status.st_dev == listener->device &&
	    status.st_ino == listener->inode)
		unlink(listener->path);
}

bool listener_peer_allowed(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) &&
	       (peer.uid == 0 || peer.uid == geteuid());
}
