/* SPDX-License-Identifier: Apache-2.0 */
/* Copies standard input, or the files named, to standard output, byte for byte:
 *   mote run cat <any-file | sha256sum
 *   mote run --root DIR cat /notes.txt */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int copy(int from, const char *name)
{
	char buffer[65536];
	ssize_t count;

	while ((count = read(from, buffer, sizeof(buffer))) > 0) {
		for (ssize_t done = 0, step; done < count; done += step) {
			step = write(STDOUT_FILENO, buffer + done, (size_t)(count - done));
			if (step < 0) {
				perror("standard output");
				return 1;
			}
		}
	}
	if (count < 0)
		perror(name);
	return count < 0;
}

static int copy_file(const char *name)
{
	int fd = strcmp(name, "-") ? open(name, O_RDONLY) : STDIN_FILENO;
	int status;

	if (fd < 0) {
		perror(name);
		return 1;
	}
	status = copy(fd, name);
	if (fd != STDIN_FILENO)
		close(fd);
	return status;
}

int main(int argc, char **argv)
{
	int status = 0;

	if (argc < 2)
		return copy_file("-");
	for (int i = 1; i < argc; i++)
		status |= copy_file(argv[i]);
	return status;
}
