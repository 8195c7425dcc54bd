/* SPDX-License-Identifier: Apache-2.0 */
/* A register table with one row of every kind, and a host that has all of it. For tests of the
 * engine; the architectures' tables have tests of their own. Included once by each program. */
#ifndef MOTE_TEST_REGS_FIXTURE_H
#define MOTE_TEST_REGS_FIXTURE_H

#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/fake/kvm.h"
#include "vmm/bytes.h"
#include "vmm/log.h"
#include "vmm/reg_image.h"

enum {
	PC,
	X0,
	PSTATE,
	V0,
	VL,
	MODE,
	ID,
	ESR,
	FAR,
	COUNT,
	CVAL,
	CTL,
	TCR,
	TSR,
	OR_TSR,
	CLEAR_TSR,
	EVENTS,
	ROWS,
	PENDING = ROWS,
	CODE,
	REGISTERS,
};

#define ID_32(n) (KVM_REG_ARM64 | KVM_REG_SIZE_U32 | (n))
#define ID_64(n) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | (n))
#define ID_128(n) (KVM_REG_ARM64 | KVM_REG_SIZE_U128 | (n))

static const struct reg_row fixture_rows[ROWS] = {
	[PC] = {"PC", ID_64(1), REG_RUNTIME, REG_GUEST, 0, 8, 0, 0},
	[X0] = {"X0", ID_64(2), REG_RUNTIME, REG_GUEST, 8, 8, 0, 0},
	[PSTATE] = {"PSTATE", ID_64(3), REG_RUNTIME, REG_GUEST, 16, 8, 0, 0},
	[V0] = {"V0", ID_128(4), REG_FPSIMD, REG_GUEST, 24, 16, 0, 0},
	[VL] = {"VL", ID_64(5), REG_FEATURE, REG_EARLY, 40, 8, 0, 0},
	[MODE] = {"MODE", ID_64(6), REG_FEATURE, REG_BEFORE_RUN, 48, 8, 0, 0},
	[ID] = {"ID", ID_64(7), REG_FEATURE, REG_READ_ONLY, 56, 8, 0, 0},
	[ESR] = {"ESR", ID_64(8), REG_RESET, REG_GUEST, 64, 8, 0, 0},
	[FAR] = {"FAR", ID_64(9), REG_RESET, REG_GUEST, 72, 8, 0, 0},
	[COUNT] = {"COUNT", ID_64(10), REG_TIMER, REG_VOLATILE | REG_CLOCK, 80, 8, 0, 0},
	[CVAL] = {"CVAL", ID_64(11), REG_TIMER, REG_GUEST, 88, 8, 0, 0},
	[CTL] = {"CTL", ID_64(12), REG_TIMER, REG_VOLATILE | REG_ENABLE | REG_STATUS_BITS(1 << 2),
		 96, 8, 0, 0},
	[TCR] = {"TCR", ID_32(13), REG_TIMER, REG_GUEST, 104, 4, 0, 0},
	[TSR] = {"TSR", ID_32(14), REG_TIMER, REG_VOLATILE | REG_READ_ONLY, 108, 4, 0, 0},
	[OR_TSR] = {"OR_TSR", ID_32(15), REG_TIMER, REG_OR_BITS, 112, 4, 0, 0},
	[CLEAR_TSR] = {"CLEAR_TSR", ID_32(16), REG_TIMER, REG_CLEAR_BITS, 116, 4, 0, 0},
	[EVENTS] = {"VCPU_EVENTS", REG_BLOCK_ID(1), REG_EVENT, REG_BLOCK | REG_LATE, 120, 8,
		    KVM_GET_VCPU_EVENTS, KVM_SET_VCPU_EVENTS},
};

static const struct reg_field fixture_fields[] = {
	{"PENDING", EVENTS, 0, 1},
	{"CODE", EVENTS, 4, 4},
};

static const struct reg_table fixture_table = {fixture_rows, fixture_fields, ROWS, REGISTERS - ROWS,
					       128};

/* ---- the host ---- */

enum { FD = 7 };

static struct regs regs;
static struct error err;
static uint8_t host_events[8];
static int host_events_code; /* what KVM_GET/SET_VCPU_EVENTS fail with */

static int host_block(int fd, unsigned long request, void *argument)
{
	(void)fd;
	if (request == KVM_GET_VCPU_EVENTS && !host_events_code)
		memcpy(argument, host_events, sizeof(host_events));
	if (request == KVM_SET_VCPU_EVENTS && !host_events_code)
		memcpy(host_events, argument, sizeof(host_events));
	return -host_events_code;
}

static struct fake_reg *host(unsigned int row)
{
	return fake_kvm_reg(FD, fixture_rows[row].id);
}

static UNUSED uint64_t host_get(unsigned int row)
{
	return fake_kvm_get(FD, fixture_rows[row].id);
}

static UNUSED void host_set(unsigned int row, uint64_t value)
{
	fake_kvm_set(FD, fixture_rows[row].id, value);
}

static bool host_bits(struct fake_call *call, const void *from)
{
	uint64_t bits = bytes_load_le(from, 4), status = host_get(TSR);

	if (call->id == fixture_rows[OR_TSR].id)
		host_set(TSR, status | bits);
	else if (call->id == fixture_rows[CLEAR_TSR].id)
		host_set(TSR, status & ~bits);
	else
		return false;
	return true;
}

/* Has every row but `missing`. */
static UNUSED void host_without(unsigned int missing)
{
	fake_kvm_reset();
	fake_kvm.other = host_block;
	fake_kvm.set_one = host_bits;
	for (unsigned int row = 0; row < ROWS; row++)
		if (row != missing && !(fixture_rows[row].flags & REG_BLOCK))
			host(row);
	if (missing < ROWS)
		fake_kvm_refuse(KVM_GET_ONE_REG, fixture_rows[missing].id, ENOENT);
	if (missing < ROWS)
		fake_kvm_refuse(KVM_SET_ONE_REG, fixture_rows[missing].id, ENOENT);
}

/* ---- fixture ---- */

static UNUSED int setup(void **state)
{
	(void)state;
	host_without(ROWS);
	memset(host_events, 0, sizeof(host_events));
	host_events_code = 0;
	memset(&err, 0, sizeof(err));
	assert_ok(regs_init(&regs, &fixture_table, FD, NULL, &err), err);
	return 0;
}

static UNUSED int teardown(void **state)
{
	(void)state;
	regs_finish(&regs);
	return 0;
}

/* Another vCPU in this one's place; the host is as it is. */
static UNUSED void new_vcpu(void)
{
	regs_finish(&regs);
	assert_ok(regs_init(&regs, &fixture_table, FD, NULL, &err), err);
	fake_kvm_clear_log();
}

static UNUSED uint64_t get(unsigned int number)
{
	uint64_t value = 0xdead;

	assert_ok(reg_get(&regs, number, &value, &err), err);
	return value;
}

static UNUSED void set(unsigned int number, uint64_t value)
{
	assert_ok(reg_set(&regs, number, value, &err), err);
}

static UNUSED void flush(void)
{
	assert_ok(regs_flush(&regs, &err), err);
}

static UNUSED void fetch(unsigned int classes)
{
	assert_ok(regs_fetch(&regs, classes, &err), err);
}

/* Since the log was cleared: nothing but these. */
static UNUSED void assert_calls(unsigned int gets, unsigned int sets)
{
	assert_int_equal(fake_kvm_count(KVM_GET_ONE_REG), gets);
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), sets);
	assert_int_equal(fake_kvm_calls(), gets + sets + fake_kvm_count(KVM_GET_REG_LIST));
}

static UNUSED void assert_written(unsigned int nth, unsigned int row)
{
	const struct fake_call *call = fake_kvm_call(KVM_SET_ONE_REG, nth);

	assert_non_null(call);
	assert_int_equal(call->id, fixture_rows[row].id);
}

/* ---- what is logged meanwhile ---- */

#define LOG_FILE "log"

static UNUSED int log_setup(void **state)
{
	return scratch_setup(state) || log_open(LOG_FILE, LOG_INFO, &err);
}

static UNUSED void log_forget(void)
{
	assert_int_equal(truncate(LOG_FILE, 0), 0);
}

static UNUSED const char *logged(void)
{
	static char text[4096];
	FILE *file = fopen(LOG_FILE, "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
