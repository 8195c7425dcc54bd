/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "vmm/output.h"

static const char *const level_names[] = {"Off", "Error", "Warning", "Info", "Debug"};

static int log_fd = STDERR_FILENO; /* set before threads start */
static int log_limit = LOG_WARNING; /* set before threads start */
static bool log_shows_level = true; /* set before threads start */

int log_level_parse(const char *name)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++)
		if (!strcasecmp(name, level_names[i]))
			return (int)i;
	return -1;
}

const char *log_level_name(int level)
{
	return level_names[level];
}

static int log_redirect(const char *path, struct error *err)
{
	int fd = output_open("log file", path, err);

	if (fd < 0)
		return fd;
	if (log_fd == STDERR_FILENO) {
		log_fd = fd;
		return 0;
	}
	dup3(fd, log_fd, O_CLOEXEC);
	close(fd);
	return 0;
}

int log_open(const char *path, int level, struct error *err)
{
	int result = path ? log_redirect(path, err) : 0;

	if (result == 0 && level >= 0)
		log_limit = level;
	return result;
}

void log_show_level(bool show)
{
	log_shows_level = show;
}

void log_message(enum log_level level, const char *format, ...)
{
	char line[512];
	va_list args;
	int head, body;

	if ((int)level > log_limit)
		return;
	head = snprintf(line, sizeof(line), "mote-vmm: %s%s",
			log_shows_level ? level_names[level] : "", log_shows_level ? ": " : "");
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
