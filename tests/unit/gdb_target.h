/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up target for gdb's protocol: two threads, four registers, a page of memory. For a unit
 * test and a fuzz target; included once by each. */
#ifndef MOTE_TEST_GDB_TARGET_H
#define MOTE_TEST_GDB_TARGET_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/gdb.h"

enum {
	FAKE_THREADS = 2,
	FAKE_REGISTERS = 4,
	FAKE_GENERAL = 3,
	FAKE_BASE = 0x1000,
	FAKE_SIZE = 4096
};

static struct fake_target {
	uint64_t registers[FAKE_THREADS][FAKE_REGISTERS];
	uint8_t memory[FAKE_SIZE];
	unsigned int writes; /* of registers */
	unsigned int points; /* that are set */
	struct gdb_resume resumed[GDB_THREADS_MAX];
	struct gdb_stop stop;
	bool running, detached, killed, interrupted;
	char sent[1 << 17];
	size_t sent_length;
} fake_target;

static unsigned int fake_threads(void *context)
{
	(void)context;
	return FAKE_THREADS;
}

static const char *fake_name(void *context, unsigned int thread)
{
	(void)context;
	return thread ? "second" : "first";
}

static unsigned int fake_general(void *context)
{
	(void)context;
	return FAKE_GENERAL;
}

static unsigned int fake_reg_size(void *context, unsigned int reg)
{
	(void)context;
	return reg < FAKE_REGISTERS ? reg == 2 ? 4 : 8 : 0;
}

static bool fake_eager(void *context, unsigned int reg)
{
	(void)context;
	return reg == 1;
}

static int fake_reg_read(void *context, unsigned int thread, unsigned int reg, unsigned int count,
			 void *values)
{
	uint8_t *to = values;

	for (; count; count--, reg++) {
		memcpy(to, &fake_target.registers[thread][reg], fake_reg_size(context, reg));
		to += fake_reg_size(context, reg);
	}
	return 0;
}

static int fake_reg_write(void *context, unsigned int thread, unsigned int reg, const void *value)
{
	if (reg == 3)
		return -EPERM;
	fake_target.writes++;
	memcpy(&fake_target.registers[thread][reg], value, fake_reg_size(context, reg));
	return 0;
}

static long fake_span(uint64_t address, size_t length)
{
	uint64_t offset = address - FAKE_BASE;

	if (offset >= FAKE_SIZE)
		return length ? -EFAULT : 0;
	return (long)(length < FAKE_SIZE - offset ? length : FAKE_SIZE - offset);
}

static long fake_read(void *context, unsigned int thread, uint64_t address, void *to, size_t length)
{
	long count = fake_span(address, length);

	(void)context, (void)thread;
	if (count > 0)
		memcpy(to, fake_target.memory + (address - FAKE_BASE), (size_t)count);
	return count;
}

static long fake_write(void *context, unsigned int thread, uint64_t address, const void *from,
		       size_t length)
{
	long count = fake_span(address, length);

	(void)context, (void)thread;
	if (count > 0)
		memcpy(fake_target.memory + (address - FAKE_BASE), from, (size_t)count);
	return count;
}

static int fake_point(void *context, unsigned int thread, bool set, enum gdb_point type,
		      uint64_t address, uint64_t length)
{
	(void)context, (void)thread, (void)address;
	if (type == GDB_POINT_ACCESS)
		return -ENOTSUP;
	if (type == GDB_POINT_READ && length > 8)
		return -ENOSPC;
	fake_target.points += set ? 1 : -1u;
	return 0;
}

static char *fake_document(void *context, const char *object, const char *annex)
{
	(void)context;
	if (!strcmp(object, "features") && !strcmp(annex, "target.xml"))
		return strdup("<target>#$}*</target>");
	return NULL;
}

static void fake_resume(void *context, const struct gdb_resume *by_thread)
{
	(void)context;
	memcpy(fake_target.resumed, by_thread, sizeof(fake_target.resumed));
	fake_target.running = true;
}

static void fake_interrupt(void *context)
{
	(void)context;
	fake_target.interrupted = true;
}

static bool fake_stopped(void *context, struct gdb_stop *stop)
{
	(void)context;
	*stop = fake_target.stop;
	return !fake_target.running;
}

static uint64_t fake_bias(void *context)
{
	(void)context;
	return 0x400000;
}

static void fake_detach(void *context)
{
	(void)context;
	fake_target.detached = true;
}

static void fake_kill(void *context)
{
	(void)context;
	fake_target.killed = true;
}

static void fake_send(void *context, const void *bytes, size_t length)
{
	(void)context;
	if (length > sizeof(fake_target.sent) - fake_target.sent_length)
		fake_target.sent_length = 0;
	memcpy(fake_target.sent + fake_target.sent_length, bytes, length);
	fake_target.sent_length += length;
}

static const struct gdb_target fake_target_calls = {
	.threads = fake_threads,
	.thread_name = fake_name,
	.general = fake_general,
	.reg_size = fake_reg_size,
	.reg_eager = fake_eager,
	.reg_read = fake_reg_read,
	.reg_write = fake_reg_write,
	.read = fake_read,
	.write = fake_write,
	.point = fake_point,
	.document = fake_document,
	.resume = fake_resume,
	.interrupt = fake_interrupt,
	.stopped = fake_stopped,
	.bias = fake_bias,
	.detach = fake_detach,
	.kill = fake_kill,
	.send = fake_send,
};

#endif
