/* SPDX-License-Identifier: Apache-2.0 */
/* The part of /proc that ordinary programs read. A file's text is made when it is opened;
 * /proc/self/fd shows the table of descriptors. */
#include <linux/errno.h>
#include <linux/stat.h>

#include "arch.h"
#include "control.h"
#include "devices.h"
#include "file.h"
#include "filesystem.h"
#include "pages.h"
#include "proc.h"
#include "program.h"
#include "signal_state.h"
#include "space.h"
#include "string.h"
#include "time.h"
#include "user.h"
#include "wait.h"

#define LINE_MAX (PATH_LENGTH_MAX + 128)

static char line_buffer[LINE_MAX];

static struct text line_begin(void)
{
	line_buffer[0] = 0;
	return TEXT(line_buffer);
}

static void line_end(struct node *node, const struct text *line)
{
	content_append(node, line->buffer, line->length);
}

static const char *area_name(const struct area *area, char *path, size_t size)
{
	if (area->flags & AREA_STACK)
		return "[stack]";
	if (area->start >= program.start && area->end <= program.end)
		return program.path;
	if (area->start >= program.end && area->end <= page_up(program.break_end))
		return "[heap]";
	return area->node && node_path(area->node, path, size) ? path : "";
}

static void generate_maps(struct node *node)
{
	static char path[PATH_LENGTH_MAX];

	for (const struct area *area = space_first(); area; area = area->next) {
		struct text line = line_begin();

		text_hex(&line, area->start, 8);
		text_string(&line, "-");
		text_hex(&line, area->end, 8);
		text_string(&line, area->access & ACCESS_READ ? " r" : " -");
		text_string(&line, area->access & ACCESS_WRITE ? "w" : "-");
		text_string(&line, area->access & ACCESS_EXEC ? "x" : "-");
		text_string(&line, area->flags & AREA_SHARED ? "s " : "p ");
		text_hex(&line, area->offset, 8);
		text_string(&line, " 00:00 ");
		text_decimal(&line, area->node ? area->node->inode : 0);
		text_string(&line, " ");
		text_string(&line, area_name(area, path, sizeof(path)));
		text_string(&line, "\n");
		line_end(node, &line);
	}
}

static void field(struct text *line, const char *name, uint64_t kib)
{
	text_string(line, name);
	text_column(line, kib, 12);
	text_string(line, " kB\n");
}

static void generate_meminfo(struct node *node)
{
	uint64_t unit = PAGE_SIZE / 1024, total = pages_total() * unit;
	uint64_t free = total - pages_charged() * unit;
	struct text line = line_begin();

	field(&line, "MemTotal:    ", total);
	field(&line, "MemFree:     ", free);
	field(&line, "MemAvailable:", free);
	field(&line, "Buffers:     ", 0);
	field(&line, "Cached:      ", 0);
	field(&line, "SwapTotal:   ", 0);
	field(&line, "SwapFree:    ", 0);
	line_end(node, &line);
}

static void generate_cpuinfo(struct node *node)
{
	struct text line = line_begin();

	text_string(&line, "processor\t: 0\n\n");
	line_end(node, &line);
}

static void seconds(struct text *line, uint64_t nanoseconds)
{
	text_decimal(line, nanoseconds / NANOSECONDS);
	text_string(line, nanoseconds / 10000000 % 100 < 10 ? ".0" : ".");
	text_decimal(line, nanoseconds / 10000000 % 100);
}

static void generate_uptime(struct node *node)
{
	struct text line = line_begin();

	seconds(&line, clock_now());
	text_string(&line, " ");
	seconds(&line, wait_idle_time());
	text_string(&line, "\n");
	line_end(node, &line);
}

static void generate_status(struct node *node)
{
	struct text line = line_begin();

	text_string(&line, "Name:\t");
	text_string(&line, process_name());
	text_string(&line, "\nState:\tR (running)\nTgid:\t2\nPid:\t2\nPPid:\t1\n"
			   "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n");
	field(&line, "VmRSS:", space_pages() * (PAGE_SIZE / 1024));
	text_string(&line, "Threads:\t1\n");
	line_end(node, &line);
}

static void generate_stat(struct node *node)
{
	struct text line = line_begin();

	text_string(&line, "2 (");
	text_string(&line, process_name());
	text_string(&line, ") R 1 2 2 0 -1 0 0 0 0 0 ");
	text_decimal(&line, time_cpu() / (NANOSECONDS / 100));
	text_string(&line, " 0 0 0 20 0 1 0 0 ");
	text_decimal(&line, space_pages() << PAGE_SHIFT);
	text_string(&line, " ");
	text_decimal(&line, space_pages());
	text_string(
		&line,
		" 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	line_end(node, &line);
}

/* argv and the environment stand on the stack as /proc shows them. */
static void generate_from_stack(struct node *node, uint64_t start, uint64_t end)
{
	while (start < end) {
		size_t length = end - start < LINE_MAX ? end - start : LINE_MAX;

		if (copy_from_user(line_buffer, start, length) ||
		    content_append(node, line_buffer, length) < 0)
			return;
		start += length;
	}
}

static void generate_cmdline(struct node *node)
{
	generate_from_stack(node, program.arguments_start, program.arguments_end);
}

static void generate_environ(struct node *node)
{
	generate_from_stack(node, program.arguments_end, program.environment_end);
}

static void generate_comm(struct node *node)
{
	struct text line = line_begin();

	text_string(&line, process_name());
	text_string(&line, "\n");
	line_end(node, &line);
}

static void generate_mounts(struct node *node)
{
	struct text line = line_begin();

	text_string(&line, "rootfs / rootfs rw 0 0\nproc /proc proc rw 0 0\n");
	line_end(node, &line);
}

struct generated {
	const char *name;
	void (*generate)(struct node *node);
};

static void generate_loadavg(struct node *node)
{
	struct text line = line_begin();

	text_string(&line, "0.00 0.00 0.00 1/1 2\n");
	line_end(node, &line);
}

static void generate_version(struct node *node)
{
	struct text line = line_begin();

	text_string(&line, "Linux version 6.1.0-mote #1 mote\n"); /* as uname says */
	line_end(node, &line);
}

/* /proc/mote/generation: another line says that this machine has become a copy of what it was. */
static void generate_generation(struct node *node)
{
	struct text line = line_begin();

	for (unsigned i = 0; i < sizeof(control_page()->generation); i++)
		text_hex(&line, control_page()->generation[i], 2);
	text_string(&line, "\n");
	line_end(node, &line);
}

static const struct generated own_files[] = {{"generation", generate_generation}};
static const struct generated global_files[] = {
	{"cpuinfo", generate_cpuinfo}, {"loadavg", generate_loadavg}, {"version", generate_version},
	{"meminfo", generate_meminfo}, {"mounts", generate_mounts},   {"uptime", generate_uptime},
};
static const struct generated self_files[] = {
	{"cmdline", generate_cmdline}, {"comm", generate_comm},     {"environ", generate_environ},
	{"maps", generate_maps},       {"mounts", generate_mounts}, {"stat", generate_stat},
	{"status", generate_status},
};

static int add(struct node *directory, const char *name, struct node *node)
{
	int error = node ? entry_add(directory, name, strlen(name), node) : -ENOMEM;

	node_put(node);
	return error;
}

static int add_generated(struct node *directory, const struct generated *files, size_t count)
{
	int error = 0;

	for (size_t i = 0; !error && i < count; i++) {
		struct node *node = node_create(S_IFREG | 0444);

		if (node)
			node->generate = files[i].generate;
		error = add(directory, files[i].name, node);
	}
	return error;
}

static int add_link(struct node *directory, const char *name, const char *target)
{
	struct node *node = node_create(S_IFLNK | 0777);

	if (node) {
		node->image = (const uint8_t *)target;
		node->image_size = node->size = strlen(target);
	}
	return add(directory, name, node);
}

/* /proc/self/fd/N: a link that stands for the open file itself. */
static struct node *descriptor_link(struct node *directory, const char *name, size_t length)
{
	unsigned number = 0;
	struct node *node;

	(void)directory;
	for (size_t i = 0; i < length; i++) {
		if (name[i] < '0' || name[i] > '9' || number >= FILES_MAX)
			return 0;
		number = number * 10 + (unsigned)(name[i] - '0');
	}
	if (!descriptor_file(number))
		return 0;
	node = node_create(S_IFLNK | 0700);
	if (node)
		node->link_target = descriptor_file(number);
	return node;
}

static void decimal_name(char *name, size_t size, unsigned number)
{
	struct text text = {name, size, 0};

	text_decimal(&text, number);
}

/* Entries for reading the directory; lookups do not use them. */
static void descriptors_refresh(struct node *directory)
{
	char name[8];

	while (directory->first)
		entry_remove(directory, directory->first);
	for (unsigned n = 0; n < FILES_MAX; n++) {
		if (!descriptor_file(n))
			continue;
		decimal_name(name, sizeof(name), n);
		add_link(directory, name, "/");
	}
}

static int self_create(struct node *self)
{
	struct node *descriptors = directory_open(self, "fd", 0555);

	if (!descriptors)
		return -ENOMEM;
	descriptors->lookup = descriptor_link;
	descriptors->refresh = descriptors_refresh;
	add_link(self, "exe", program.path);
	add_link(self, "root", "/");
	return add_generated(self, self_files, sizeof(self_files) / sizeof(self_files[0]));
}

int proc_create(struct node *root)
{
	struct node *proc = directory_open(root, "proc", 0555), *self, *own;

	if (!proc || !directory_is_empty(proc))
		return 0; /* the initrd has its own */
	self = directory_open(proc, "2", 0555);
	if (!self)
		return -ENOMEM;
	add_link(proc, "self", "2");
	add_generated(proc, global_files, sizeof(global_files) / sizeof(global_files[0]));
	own = directory_open(proc, "mote", 0555);
	if (own)
		add_generated(own, own_files, sizeof(own_files) / sizeof(own_files[0]));
	return self_create(self);
}
