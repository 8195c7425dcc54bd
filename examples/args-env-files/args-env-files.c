/* SPDX-License-Identifier: Apache-2.0 */
/* Prints its arguments and environment, then each file named, and appends a line to it. What
 * it writes stays in the microVM: the directory given with --root is only copied.
 *   echo kept >dir/note
 *   mote run --env GREETING=hi --root dir args-env-files /note
 *   cat dir/note */
#include <errno.h>
#include <stdio.h>
#include <string.h>

extern char **environ;

static void print_list(const char *title, char **list)
{
	printf("%s:\n", title);
	for (; *list; list++)
		printf("  %s\n", *list);
}

static int print_file(const char *path)
{
	char line[256];
	FILE *file = fopen(path, "r");

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	printf("%s:\n", path);
	while (fgets(line, sizeof(line), file))
		printf("  %s", line);
	fclose(file);
	return 0;
}

static int append(const char *path, const char *line)
{
	FILE *file = fopen(path, "a");
	int failed = !file || fprintf(file, "%s\n", line) < 0;

	if (file)
		failed |= fclose(file) != 0;
	if (failed)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return failed;
}

int main(int argc, char **argv)
{
	int status = 0;

	(void)argc;
	print_list("arguments", argv);
	print_list("environment", environ);
	for (char **path = argv + 1; *path; path++) {
		status |= print_file(*path) || append(*path, "written in the microVM") ||
			  print_file(*path);
	}
	return status;
}
