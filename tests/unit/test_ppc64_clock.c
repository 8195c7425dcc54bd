/* SPDX-License-Identifier: Apache-2.0 */
/* The time base of a guest on the scripted KVM, which takes its offset by steps of 2^24. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "arch/ppc64/counter.h"
#include "arch/ppc64/regs.h"
#include "tests/fake/kvm.h"
#include "vmm/arch_state.h"

enum { FD = 7, STEP = 1 << 24 };

static struct regs regs;
static struct error err;

static int setup(void **state)
{
	(void)state;
	fake_kvm_reset();
	fake_kvm_refuse(KVM_GET_REG_LIST, FAKE_ANY, EINVAL);
	return regs_init(&regs, &arch_regs, FD, NULL, &err);
}

static int teardown(void **state)
{
	(void)state;
	regs_finish(&regs);
	return 0;
}

/* Never less than it ought to be, and what it is more is said. */
static void test_the_clock_is_set_by_steps_and_what_is_left_is_said(void **state)
{
	const uint64_t host = ppc64_timebase();
	const uint64_t wanted[] = {0, 1, host, host + 1, host + STEP, host - STEP, UINT64_MAX / 2};
	uint64_t ticks = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(wanted); i++) {
		struct arch_clock_plan plan = arch_clock_plan(wanted[i]);

		assert_int_equal(plan.value % STEP, 0);
		assert_int_equal(host + plan.value + plan.rest, wanted[i]);
		assert_true((int64_t)plan.rest <= 0 && (int64_t)plan.rest > -STEP);
		assert_ok(arch_clock_set(&regs, &plan, &err), err);
		assert_int_equal(fake_kvm_get(FD, KVM_REG_PPC_TB_OFFSET), plan.value);
		assert_ok(arch_clock_get(&regs, &ticks, &err), err);
		assert_int_equal(ticks + plan.rest, wanted[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_the_clock_is_set_by_steps_and_what_is_left_is_said, setup, teardown),
	};

	return cmocka_run_group_tests_name("ppc64_clock", tests, NULL, NULL);
}
