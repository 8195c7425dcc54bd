/* SPDX-License-Identifier: Apache-2.0 */
/* The packets that look at one thread and change it: registers, memory, breakpoints. */
#include <errno.h>
#include <string.h>

#include "vmm/gdb.h"

/* ---- registers ---- */

void gdb_read_general(struct gdb *gdb, const char *text)
{
	unsigned int count = gdb->target->general(gdb->context);
	uint8_t values[GDB_GENERAL_MAX];
	size_t size = 0;
	int result = gdb->target->reg_read(gdb->context, gdb->thread, 0, count, values);

	(void)text;
	for (unsigned int reg = 0; reg < count; reg++)
		size += gdb->target->reg_size(gdb->context, reg);
	if (result < 0)
		gdb_fail(gdb, result);
	else
		gdb_put_hex(&gdb->out, values, size);
}

/* Only what differs is written: a G packet says all of them because one was changed. */
static int write_changed(struct gdb *gdb, unsigned int reg, const uint8_t *value)
{
	uint8_t old[GDB_REGISTER_MAX];
	int result = gdb->target->reg_read(gdb->context, gdb->thread, reg, 1, old);

	if (result < 0 || !memcmp(old, value, gdb->target->reg_size(gdb->context, reg)))
		return result;
	return gdb->target->reg_write(gdb->context, gdb->thread, reg, value);
}

void gdb_write_general(struct gdb *gdb, const char *text)
{
	uint8_t value[GDB_REGISTER_MAX];
	int result = 0;

	for (unsigned int reg = 0; result == 0 && reg < gdb->target->general(gdb->context); reg++) {
		if (gdb_take_hex(&text, value, gdb->target->reg_size(gdb->context, reg)))
			result = write_changed(gdb, reg, value);
		else
			result = -EINVAL;
	}
	gdb_done(gdb, result == 0 && *text ? -EINVAL : result);
}

static bool take_register(struct gdb *gdb, const char **at, unsigned int *reg, unsigned int *size)
{
	uint64_t number;

	if (!gdb_take_number(at, &number) || number > UINT32_MAX)
		return false;
	*reg = (unsigned int)number;
	*size = gdb->target->reg_size(gdb->context, *reg);
	return *size && *size <= GDB_REGISTER_MAX;
}

void gdb_read_register(struct gdb *gdb, const char *text)
{
	uint8_t value[GDB_REGISTER_MAX];
	unsigned int reg, size;
	int result = -EINVAL;

	if (take_register(gdb, &text, &reg, &size) && !*text)
		result = gdb->target->reg_read(gdb->context, gdb->thread, reg, 1, value);
	if (result < 0)
		gdb_fail(gdb, result);
	else
		gdb_put_hex(&gdb->out, value, size);
}

void gdb_write_register(struct gdb *gdb, const char *text)
{
	uint8_t value[GDB_REGISTER_MAX];
	unsigned int reg, size;

	if (take_register(gdb, &text, &reg, &size) && gdb_take_char(&text, '=') &&
	    gdb_take_hex(&text, value, size) && !*text)
		gdb_done(gdb, write_changed(gdb, reg, value));
	else
		gdb_fail(gdb, -EINVAL);
}

/* ---- memory ---- */

static bool take_range(const char **at, uint64_t *address, uint64_t *length)
{
	return gdb_take_number(at, address) && gdb_take_char(at, ',') &&
	       gdb_take_number(at, length);
}

void gdb_read_memory(struct gdb *gdb, const char *text)
{
	uint8_t bytes[GDB_PACKET_MAX / 2];
	uint64_t address, length;
	long count;

	if (!take_range(&text, &address, &length) || *text) {
		gdb_fail(gdb, -EINVAL);
		return;
	}
	count = gdb->target->read(gdb->context, gdb->thread, address, bytes,
				  length < sizeof(bytes) ? length : sizeof(bytes));
	if (count < 0)
		gdb_fail(gdb, (int)count);
	else
		gdb_put_hex(&gdb->out, bytes, (size_t)count);
}

static void write_bytes(struct gdb *gdb, uint64_t address, const void *bytes, uint64_t length)
{
	long count = gdb->target->write(gdb->context, gdb->thread, address, bytes, length);

	gdb_done(gdb, count < 0 ? (int)count : (uint64_t)count < length ? -EFAULT : 0);
}

void gdb_write_memory(struct gdb *gdb, const char *text)
{
	uint8_t bytes[GDB_PACKET_MAX / 2];
	uint64_t address, length;

	if (take_range(&text, &address, &length) && length <= sizeof(bytes) &&
	    gdb_take_char(&text, ':') && gdb_take_hex(&text, bytes, length) && !*text)
		write_bytes(gdb, address, bytes, length);
	else
		gdb_fail(gdb, -EINVAL);
}

void gdb_write_binary(struct gdb *gdb, const char *text)
{
	uint64_t address, length;

	if (take_range(&text, &address, &length) && gdb_take_char(&text, ':') &&
	    length == gdb->in.length - (size_t)(text - gdb->in.data))
		write_bytes(gdb, address, text, length);
	else
		gdb_fail(gdb, -EINVAL);
}

/* ---- breakpoints ---- */

static void change_point(struct gdb *gdb, const char *text, bool set)
{
	uint64_t type, address, length;
	int result = -EINVAL;

	if (gdb_take_number(&text, &type) && gdb_take_char(&text, ',') &&
	    take_range(&text, &address, &length) && !*text)
		result = type > GDB_POINT_ACCESS
				 ? -ENOTSUP
				 : gdb->target->point(gdb->context, gdb->thread, set,
						      (enum gdb_point)type, address, length);
	if (result != -ENOTSUP) /* an empty answer says that */
		gdb_done(gdb, result);
}

void gdb_insert_point(struct gdb *gdb, const char *text)
{
	change_point(gdb, text, true);
}

void gdb_remove_point(struct gdb *gdb, const char *text)
{
	change_point(gdb, text, false);
}
