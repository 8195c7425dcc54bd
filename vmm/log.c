/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char *const level_names[] = {"Off", "Error", "Warning", "Info", "Debug"};

static int log_fd = STDERR_FILENO; /* set before threads start */
static enum log_level log_limit = LOG_WARNING; /* set before threads start */

int log_level_parse(const char *name)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++)
		if (!strcasecmp(name, level_names[i]))
			return (int)i;
	return -1;
}

int log_open(const char *path, enum log_level level, struct error *err)
{
	log_limit = level;
	if (!path)
		return 0;
	int fd =
		open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, "log file %s", path);
	if (log_fd == STDERR_FILENO) {
		log_fd = fd;
		return 0;
	}
	/* In the old one's place, which other threads may be writing to. */
	dup3(fd, log_fd, O_CLOEXEC);
	close(fd);
	return 0;
}

void log_message(enum log_level level, const char *format, ...)
{
	char line[512];
	va_list args;
	int head, body;

	if (level > log_limit)
		return;
	head = snprintf(line, sizeof(line), "mote-vmm: %s: ", level_names[level]);
	va_start(args, format);
	body = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, format, args);
	va_end(args);
	size_t length = (size_t)head + (size_t)(body > 0 ? body : 0);
	if (length > sizeof(line) - 2)
		length = sizeof(line) - 2;
	line[length++] = '\n';
	/* One write a line keeps lines of several threads whole; a full log loses the line. */
	if (write(log_fd, line, length) < 0)
		return;
}
