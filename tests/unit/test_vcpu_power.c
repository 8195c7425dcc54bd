/* SPDX-License-Identifier: Apache-2.0 */
/* A vCPU that is off where the monitor starts them: it waits for another one, and everything
 * that is asked of a vCPU can be asked of it meanwhile. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "arch/arm64/regs.h"
#include "tests/fake/kvm.h"
#include "vmm/vcpu.h"

enum { ENTRY = 0x40080000, ARGUMENT = 0x1234 };

static struct kvm kvm;
static struct machine machine;
static struct bus bus;
static struct vcpu vcpu;
static int stopped; /* atomic */
static struct error err;

static void on_stopped(void *context, enum exit_action action, const struct error *reason)
{
	(void)context, (void)action, (void)reason;
	__atomic_add_fetch(&stopped, 1, __ATOMIC_SEQ_CST);
}

static int setup(void **state)
{
	const struct vcpu_owner owner = {.stopped = on_stopped};

	(void)state;
	fake_kvm_reset();
	stopped = 0;
	bus = (struct bus){0};
	assert_ok(kvm_init(&kvm, &err), err);
	machine =
		(struct machine){.kvm = &kvm, .vm_fd = kvm.fd, .vcpu_count = 2, .vcpus_off = true};
	assert_ok(vcpu_signal_init(&err), err);
	assert_ok(vcpu_init(&vcpu, 1, &machine, &bus, &owner, &err), err);
	fake_kvm_reg(vcpu.fd, arch_regs.rows[ARM64_PC].id); /* so that this host lists them */
	fake_kvm_reg(vcpu.fd, arch_regs.rows[ARM64_X0].id);
	fake_kvm_clear_log();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (vcpu.started) {
		vcpu_ask(&vcpu, VCPU_STOP);
		vcpu_join(&vcpu);
	}
	vcpu_finish(&vcpu);
	kvm_finish(&kvm);
	return 0;
}

static void start(void)
{
	assert_ok(vcpu_start(&vcpu, &err), err);
}

static unsigned int runs(void)
{
	return fake_kvm_count(KVM_RUN);
}

static void wait_for_run(void)
{
	while (!runs())
		sched_yield();
}

/* Out of the guest and of everything: the thread has seen what was asked of it. */
static void wait_until_still(void)
{
	vcpu_ask(&vcpu, VCPU_PAUSE);
	vcpu_wait_parked(&vcpu);
	vcpu_ask(&vcpu, VCPU_RUN);
	vcpu_ask(&vcpu, VCPU_PAUSE);
	vcpu_wait_parked(&vcpu);
	vcpu_ask(&vcpu, VCPU_RUN);
}

static uint64_t register_at_run(unsigned int row)
{
	return fake_kvm_get(vcpu.fd, arch_regs.rows[row].id);
}

static void test_the_first_vcpu_is_on(void **state)
{
	const struct vcpu_owner owner = {.stopped = on_stopped};
	struct vcpu first;

	(void)state;
	assert_ok(vcpu_init(&first, 0, &machine, &bus, &owner, &err), err);
	assert_int_equal(vcpu_power_on(&first, ENTRY, ARGUMENT), -EBUSY);
	vcpu_finish(&first);
}

static void test_off_means_not_in_the_guest(void **state)
{
	(void)state;
	start();
	wait_until_still();
	assert_int_equal(runs(), 0);
	assert_int_equal(fake_kvm_calls(), 0);
}

static void test_it_begins_where_it_was_told(void **state)
{
	(void)state;
	start();
	assert_int_equal(vcpu_power_on(&vcpu, ENTRY, ARGUMENT), 0);
	wait_for_run();
	assert_int_equal(register_at_run(ARM64_PC), ENTRY);
	assert_int_equal(register_at_run(ARM64_X0), ARGUMENT);
	assert_int_equal(vcpu_power_on(&vcpu, 1, 2), -EBUSY);
	wait_until_still();
	assert_int_equal(register_at_run(ARM64_PC), ENTRY);
}

/* Another vCPU may be faster than whoever makes the threads. */
static void test_it_can_be_started_before_its_thread(void **state)
{
	(void)state;
	assert_int_equal(vcpu_power_on(&vcpu, ENTRY, ARGUMENT), 0);
	vcpu_update(&vcpu);
	assert_int_equal(fake_kvm_calls(), 0);
	start();
	wait_for_run();
	assert_int_equal(register_at_run(ARM64_PC), ENTRY);
}

static void test_a_start_while_it_is_paused_waits_for_the_resume(void **state)
{
	(void)state;
	start();
	vcpu_ask(&vcpu, VCPU_PAUSE);
	vcpu_wait_parked(&vcpu);
	assert_int_equal(vcpu_power_on(&vcpu, ENTRY, ARGUMENT), 0);
	vcpu_ask(&vcpu, VCPU_PAUSE);
	vcpu_wait_parked(&vcpu);
	sched_yield();
	assert_int_equal(runs(), 0);
	vcpu_ask(&vcpu, VCPU_RUN);
	wait_for_run();
	assert_int_equal(register_at_run(ARM64_PC), ENTRY);
}

static void test_it_can_be_looked_at(void **state)
{
	(void)state;
	fake_kvm_set(vcpu.fd, arch_regs.rows[ARM64_PC].id, 0x77);
	start();
	assert_ok(vcpu_inspect(&vcpu, &err), err);
	assert_int_equal(*(uint64_t *)regs_value(&vcpu.regs, ARM64_PC), 0x77);
	vcpu_ask(&vcpu, VCPU_PAUSE);
	assert_ok(vcpu_inspect(&vcpu, &err), err);
	assert_int_equal(runs(), 0);
}

static void test_it_can_be_stopped(void **state)
{
	(void)state;
	start();
	vcpu_ask(&vcpu, VCPU_STOP);
	vcpu_join(&vcpu);
	assert_int_equal(runs(), 0);
	assert_int_equal(stopped, 0);
}

static void *start_it(void *context)
{
	uint64_t *won = context;

	*won = vcpu_power_on(&vcpu, ENTRY, *won) == 0;
	return NULL;
}

/* Whoever else is doing something to it at that moment. */
static void test_one_of_two_starts_wins(void **state)
{
	for (unsigned int round = 0; round < 100; round++) {
		uint64_t won[2] = {1, 2};
		pthread_t threads[2];

		teardown(state);
		setup(state);
		start();
		for (unsigned int i = 0; i < 2; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, start_it, &won[i]), 0);
		vcpu_ask(&vcpu, VCPU_PAUSE);
		vcpu_update(&vcpu);
		vcpu_wait_parked(&vcpu);
		assert_ok(vcpu_inspect(&vcpu, &err), err);
		vcpu_ask(&vcpu, VCPU_RUN);
		for (unsigned int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		wait_for_run();
		assert_int_equal(won[0] + won[1], 1);
		assert_int_equal(register_at_run(ARM64_X0), won[0] ? 1 : 2);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_first_vcpu_is_on),
		TEST(test_off_means_not_in_the_guest),
		TEST(test_it_begins_where_it_was_told),
		TEST(test_it_can_be_started_before_its_thread),
		TEST(test_a_start_while_it_is_paused_waits_for_the_resume),
		TEST(test_it_can_be_looked_at),
		TEST(test_it_can_be_stopped),
		TEST(test_one_of_two_starts_wins),
	};

	return cmocka_run_group_tests_name("vcpu_power", tests, NULL, NULL);
}
