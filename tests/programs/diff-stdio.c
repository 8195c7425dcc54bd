/* SPDX-License-Identifier: Apache-2.0 */
/* What C programs do most: formatted output, floating point, allocation, stdin, sorting,
 * arguments and environment. */
#define _GNU_SOURCE
#include <float.h>
#include <locale.h>
#include <math.h>

#include "diff-trace.h"

extern char **environ;

static void test_numbers(void)
{
	static const double values[] = {0,      -0.0,          1,       0.1,      1.0 / 3,   1e300,
					5e-324, 123456789.125, DBL_MAX, INFINITY, -INFINITY, M_PI};

	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		printf("%f %e %g %a %.17g %10.3f|%-12.2e|%+.0f\n", values[i], values[i], values[i],
		       values[i], values[i], values[i], values[i], values[i]);
	printf("%Lf %Lg\n", (long double)1 / 3, LDBL_MAX);
	printf("%d %u %x %#o %lld %zu %5d|%-5d|%05d %+d %c %s %.3s %%\n", -1, 3000000000u, 255, 8,
	       -9223372036854775807ll, sizeof(long), 42, 42, 42, 42, 'c', "string", "string");
	printf("%.15g %.15g %.15g\n", sin(1), exp(10), pow(2, 0.5));
	printf("%.15g %.15g %.15g\n", strtod("1e-310", NULL), atof("0x1.8p3"), fmod(10, 3));
	printf("%ld %ld\n", lrint(2.5), lround(2.5));
	errno = 0;
	printf("%ld %d\n", strtol("99999999999999999999", NULL, 10), errno);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void test_allocation(void)
{
	static void *blocks[2000];
	unsigned random = 1, sum = 0;
	int *numbers = malloc(100000 * sizeof(int));

	for (int i = 0; i < 100000; i++)
		numbers[i] = (int)((random = random * 1103515245 + 12345) >> 8 & 0xfffff);
	qsort(numbers, 100000, sizeof(int), compare);
	for (int i = 1; i < 100000; i++)
		sum += numbers[i - 1] > numbers[i];
	printf("out of order: %u, middle %d\n", sum, numbers[50000]);
	free(numbers);
	for (int i = 0; i < 3000; i++) {
		unsigned n = (random = random * 1103515245 + 12345) >> 8;
		size_t size = n % 3 ? n % 500 : n % 150000;

		free(blocks[n % 2000]);
		blocks[n % 2000] = malloc(size);
		memset(blocks[n % 2000], (int)n, size);
		if (!(n % 7))
			blocks[n % 2000] = realloc(blocks[n % 2000], size * 2 + 1);
	}
	for (int i = 0; i < 2000; i++)
		free(blocks[i]);
	TRACE(malloc((size_t)1 << 60) ? 0 : -1);
}

static void test_files(void)
{
	FILE *file = fopen("lines", "w+");
	char line[100];
	int n;

	for (int i = 0; i < 5000; i++)
		fprintf(file, "line %d\n", i);
	rewind(file);
	for (n = 0; fgets(line, sizeof(line), file); n++)
		;
	printf("%d lines, the last one %s", n, line);
	printf("at %ld\n", ftell(file));
	fseek(file, -9, SEEK_END);
	TRACE(fscanf(file, "%s %d", line, &n));
	printf("%s %d\n", line, n);
	ungetc('u', file);
	TRACE(fgetc(file));
	fseek(file, 0, SEEK_SET);
	fputs("LINE", file);
	TRACE(fclose(file));
	file = fopen("lines", "a");
	fputs("appended\n", file);
	printf("at %ld\n", ftell(file));
	fclose(file);
	TRACE(fopen("none/x", "r") ? 0 : -1);
	TRACE(fopen("lines", "wx") ? 0 : -1);
	TRACE(remove("lines"));
	file = tmpfile();
	TRACE(file ? fprintf(file, "temporary") : -1);
	TRACE(setlocale(LC_ALL, "C") ? 0 : -1);
	perror("perror");
}

static void test_input(void)
{
	static char block[5000];
	size_t n, total = 0;
	unsigned sum = 0;

	while ((n = fread(block, 1, sizeof(block), stdin)) > 0) {
		total += n;
		for (size_t i = 0; i < n; i++)
			sum = sum * 31 + (unsigned char)block[i];
	}
	printf("input: %zu bytes, %u, end %d\n", total, sum, !!feof(stdin));
	TRACE(getchar());
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("argument %d: %zu bytes \"%s\"\n", i, strlen(argv[i]), argv[i]);
	HOLDS(argv[argc] == NULL);
	for (char **e = environ; *e; e++)
		if (!strncmp(*e, "DIFF", 4))
			printf("environment \"%s\"\n", *e);
	trace_enter();
	test_numbers();
	test_allocation();
	test_files();
	test_input();
	fprintf(stderr, "to standard error\n");
	printf("no newline at the end");
	return argc + 40;
}
