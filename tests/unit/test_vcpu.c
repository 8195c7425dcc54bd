/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sched.h>

#include "arch/arm64/regs.h"
#include "tests/fake/kvm.h"
#include "vmm/vcpu.h"

static struct kvm kvm;
static struct machine machine;
static struct bus bus;
static struct vcpu vcpu;
static struct error err;

/* What the owner and the device saw; the vCPU's thread writes, the test reads after join. */
static int stopped;
static enum exit_action stop_action;
static struct error stop_reason;
static unsigned int reads, writes;
static uint64_t last_value, last_progress;
static unsigned int interrupts; /* writes that are interrupted before one succeeds */
static int final_answer;

static void on_stopped(void *context, enum exit_action action, const struct error *reason)
{
	assert_ptr_equal(context, &machine);
	stop_action = action;
	stop_reason = *reason;
	__atomic_add_fetch(&stopped, 1, __ATOMIC_SEQ_CST);
}

static uint64_t probe_read(void *context, uint64_t offset, unsigned int size)
{
	(void)context, (void)size;
	reads++;
	return 0x1122334455667700 + offset;
}

static int probe_write(void *context, uint64_t offset, unsigned int size, uint64_t value,
		       uint64_t *progress)
{
	(void)context, (void)offset, (void)size;
	__atomic_add_fetch(&writes, 1, __ATOMIC_SEQ_CST);
	last_value = value;
	last_progress = (*progress)++;
	return writes <= interrupts ? -EINTR : final_answer;
}

static const struct bus_device probe = {.read = probe_read, .write = probe_write};

static int setup(void **state)
{
	const struct vcpu_owner owner = {.stopped = on_stopped, .context = &machine};

	(void)state;
	fake_kvm_reset();
	stopped = final_answer = 0;
	reads = writes = interrupts = 0;
	bus = (struct bus){0};
	bus_add(&bus, 0x1000, 0x1000, &probe, NULL, &err);
	assert_ok(kvm_init(&kvm, &err), err);
	machine = (struct machine){.kvm = &kvm, .vm_fd = kvm.fd, .vcpu_count = 1};
	assert_ok(vcpu_signal_init(&err), err);
	assert_ok(vcpu_init(&vcpu, 0, &machine, &bus, &owner, &err), err);
	fake_kvm_clear_log();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vcpu_finish(&vcpu);
	kvm_finish(&kvm);
	return 0;
}

static void start(void)
{
	assert_ok(vcpu_start(&vcpu, &err), err);
}

static void run_to_its_end(void)
{
	start();
	vcpu_join(&vcpu);
}

static void script(const struct fake_run *run)
{
	fake_kvm_run(0, run);
}

static const struct fake_run power_off = {.reason = KVM_EXIT_SYSTEM_EVENT,
					  .data = KVM_SYSTEM_EVENT_SHUTDOWN};

static const struct {
	struct fake_run run;
	enum exit_action action;
	const char *message;
} ends[] = {
	{{.reason = KVM_EXIT_SYSTEM_EVENT, .data = KVM_SYSTEM_EVENT_SHUTDOWN},
	 EXIT_SHUTDOWN,
	 "powered off"},
	{{.reason = KVM_EXIT_SYSTEM_EVENT, .data = KVM_SYSTEM_EVENT_RESET}, EXIT_SHUTDOWN, "reset"},
	{{.reason = KVM_EXIT_SYSTEM_EVENT, .data = KVM_SYSTEM_EVENT_CRASH}, EXIT_FAIL, "event 3"},
	{{.reason = KVM_EXIT_SYSTEM_EVENT, .data = 99}, EXIT_FAIL, "event 99"},
	{{.reason = KVM_EXIT_INTERNAL_ERROR, .data = 4}, EXIT_FAIL, "internal error 4"},
	{{.reason = KVM_EXIT_FAIL_ENTRY, .data = 0xabc}, EXIT_FAIL, "0xabc"},
	{{.reason = KVM_EXIT_ARM_NISV, .address = 0x9000000, .data = 0x55}, EXIT_FAIL, "0x9000000"},
	{{.reason = KVM_EXIT_UNKNOWN}, EXIT_FAIL, "unexpected KVM exit 0"},
	{{.reason = KVM_EXIT_HLT}, EXIT_FAIL, "unexpected KVM exit 5"},
	{{.reason = 1000}, EXIT_FAIL, "unexpected KVM exit 1000"},
	{{.reason = UINT32_MAX}, EXIT_FAIL, "unexpected KVM exit 4294967295"},
	{{.result = -EFAULT}, EXIT_FAIL, "Bad address: the host has no page"},
	{{.result = -ENOEXEC}, EXIT_FAIL, "KVM_RUN"},
};

static void test_every_end_is_reported_once_with_its_reason(void **state)
{
	for (size_t i = 0; i < LENGTH(ends); i++) {
		teardown(state);
		setup(state);
		script(&ends[i].run);
		run_to_its_end();
		assert_int_equal(stopped, 1);
		assert_int_equal(stop_action, ends[i].action);
		assert_contains(stop_reason.message, ends[i].message);
		assert_int_equal(fake_kvm_count(KVM_RUN), 1);
	}
}

static void test_interrupted_runs_go_on(void **state)
{
	(void)state;
	script(&(struct fake_run){.result = -EINTR});
	script(&(struct fake_run){.result = -EAGAIN});
	script(&(struct fake_run){.reason = KVM_EXIT_INTR});
	script(&power_off);
	run_to_its_end();
	assert_int_equal(fake_kvm_count(KVM_RUN), 4);
}

static void test_mmio_goes_to_the_bus_and_costs_no_register_call(void **state)
{
	(void)state;
	script(&(struct fake_run){.reason = KVM_EXIT_MMIO,
				  .address = 0x1010,
				  .size = 2,
				  .write = true,
				  .data = 0x1234567});
	script(&(struct fake_run){.reason = KVM_EXIT_MMIO, .address = 0x1020, .size = 2});
	script(&(struct fake_run){.reason = KVM_EXIT_MMIO, .address = 0x9999, .size = 8});
	script(&power_off);
	run_to_its_end();
	assert_int_equal(writes, 1);
	assert_int_equal(last_value, 0x4567);
	assert_int_equal(reads, 1);
	assert_int_equal(fake_kvm_call(KVM_RUN, 2)->value, 0x7720);
	assert_int_equal(fake_kvm_call(KVM_RUN, 3)->value, 0); /* nothing there reads as zero */
	assert_int_equal(fake_kvm_calls(), 4);
}

static void test_interrupted_write_is_made_again_with_its_progress(void **state)
{
	(void)state;
	interrupts = 3;
	script(&(struct fake_run){
		.reason = KVM_EXIT_MMIO, .address = 0x1000, .size = 8, .write = true, .data = 5});
	script(&(struct fake_run){
		.reason = KVM_EXIT_MMIO, .address = 0x1000, .size = 8, .write = true, .data = 6});
	script(&power_off);
	run_to_its_end();
	assert_int_equal(writes, 5);
	assert_int_equal(last_value, 6);
	assert_int_equal(last_progress, 0); /* the second store starts anew */
	assert_int_equal(fake_kvm_count(KVM_RUN), 3);
}

static void test_stop_ends_a_write_that_never_succeeds(void **state)
{
	(void)state;
	interrupts = UINT32_MAX;
	script(&(struct fake_run){
		.reason = KVM_EXIT_MMIO, .address = 0x1000, .size = 8, .write = true});
	start();
	while (!__atomic_load_n(&writes, __ATOMIC_SEQ_CST))
		sched_yield();
	vcpu_ask(&vcpu, VCPU_STOP);
	vcpu_join(&vcpu);
	assert_int_equal(stopped, 0);
	assert_int_equal(fake_kvm_count(KVM_RUN), 1);
}

static void test_device_that_ends_the_vm_is_not_reported_again(void **state)
{
	(void)state;
	final_answer = -ECANCELED;
	script(&(struct fake_run){
		.reason = KVM_EXIT_MMIO, .address = 0x1000, .size = 8, .write = true});
	run_to_its_end();
	assert_int_equal(stopped, 0);
	assert_int_equal(fake_kvm_count(KVM_RUN), 1);
}

/* The moment of the kick is another each time: before the thread runs, at KVM_RUN, in it. */
static void test_stop_at_any_moment_ends_the_thread(void **state)
{
	for (int round = 0; round < 300; round++) {
		teardown(state);
		setup(state);
		start();
		for (int i = 0; i < round % 10; i++)
			sched_yield();
		vcpu_ask(&vcpu, VCPU_STOP);
		vcpu_join(&vcpu);
		assert_int_equal(stopped, 0);
		assert_false(vcpu.started);
		assert_true(fake_kvm_count(KVM_RUN) <= 2);
	}
}

/* ---- pause ---- */

static unsigned int runs(void)
{
	return fake_kvm_count(KVM_RUN);
}

/* Paused means: out of the guest, and not back in it before it is told so. */
static void test_paused_vcpu_does_not_run(void **state)
{
	for (int round = 0; round < 100; round++) {
		unsigned int before;

		teardown(state);
		setup(state);
		start();
		for (int i = 0; i < round % 10; i++)
			sched_yield();
		vcpu_ask(&vcpu, VCPU_PAUSE);
		vcpu_wait_parked(&vcpu);
		before = runs();
		sched_yield();
		vcpu_ask(&vcpu, VCPU_PAUSE); /* again: no harm */
		vcpu_wait_parked(&vcpu);
		assert_int_equal(runs(), before);
		assert_int_equal(vcpu.run->immediate_exit, 1);
		vcpu_ask(&vcpu, VCPU_RUN);
		vcpu_ask(&vcpu, VCPU_PAUSE); /* at once: it may not have noticed */
		vcpu_wait_parked(&vcpu);
		vcpu_ask(&vcpu, VCPU_STOP);
		vcpu_join(&vcpu);
		assert_int_equal(stopped, 0);
	}
}

static void test_resumed_vcpu_goes_on_where_it_was(void **state)
{
	(void)state;
	start();
	vcpu_ask(&vcpu, VCPU_PAUSE);
	vcpu_wait_parked(&vcpu);
	script(&power_off);
	assert_int_equal(stopped, 0);
	vcpu_ask(&vcpu, VCPU_RUN);
	vcpu_join(&vcpu);
	assert_int_equal(stopped, 1);
	assert_int_equal(stop_action, EXIT_SHUTDOWN);
}

static void test_pause_in_a_write_finishes_it_after_resume(void **state)
{
	unsigned int before;

	(void)state;
	interrupts = UINT32_MAX;
	script(&(struct fake_run){
		.reason = KVM_EXIT_MMIO, .address = 0x1000, .size = 8, .write = true, .data = 9});
	script(&power_off);
	start();
	while (!__atomic_load_n(&writes, __ATOMIC_SEQ_CST))
		sched_yield();
	vcpu_ask(&vcpu, VCPU_PAUSE);
	vcpu_wait_parked(&vcpu);
	before = writes;
	sched_yield();
	assert_int_equal(writes, before);
	interrupts = before;
	vcpu_ask(&vcpu, VCPU_RUN);
	vcpu_join(&vcpu);
	assert_int_equal(writes, before + 1);
	assert_int_equal(last_value, 9);
	assert_int_equal(last_progress, before); /* what the device noted is still there */
	assert_int_equal(stop_action, EXIT_SHUTDOWN);
	assert_int_equal(runs(), 2);
}

static void test_pause_of_a_vcpu_that_has_ended(void **state)
{
	(void)state;
	script(&power_off);
	start();
	while (!__atomic_load_n(&stopped, __ATOMIC_SEQ_CST))
		sched_yield();
	vcpu_ask(&vcpu, VCPU_PAUSE);
	vcpu_wait_parked(&vcpu);
	vcpu_ask(&vcpu, VCPU_RUN);
	vcpu_join(&vcpu);
	assert_int_equal(runs(), 1);
}

static void test_stop_is_for_good(void **state)
{
	(void)state;
	start();
	vcpu_ask(&vcpu, VCPU_STOP);
	vcpu_ask(&vcpu, VCPU_RUN);
	vcpu_ask(&vcpu, VCPU_PAUSE);
	vcpu_join(&vcpu);
	assert_int_equal(stopped, 0);
}

static void test_stop_and_join_after_the_thread_ended_by_itself(void **state)
{
	(void)state;
	script(&power_off);
	start();
	while (!__atomic_load_n(&stopped, __ATOMIC_SEQ_CST))
		sched_yield();
	vcpu_ask(&vcpu, VCPU_STOP);
	vcpu_join(&vcpu);
	assert_int_equal(stopped, 1);
}

static void test_changed_registers_are_written_before_the_run_only(void **state)
{
	uint64_t value;

	(void)state;
	assert_ok(arch_vcpu_boot(&vcpu.regs, 0x40080000, 0x47000000, &err), err);
	assert_int_equal(fake_kvm_calls(), 0);
	script(&(struct fake_run){.reason = KVM_EXIT_INTR});
	script(&power_off);
	run_to_its_end();
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), 2);
	assert_int_equal(fake_calls[2].request, KVM_RUN);
	assert_int_equal(fake_kvm_count(KVM_GET_ONE_REG), 0);
	assert_ok(reg_get(&vcpu.regs, ARM64_PC, &value, &err), err);
	assert_int_equal(value, 0x40080000);
	assert_int_equal(fake_kvm_get(vcpu.fd, arch_regs.rows[ARM64_X0].id), 0x47000000);
}

static void guest_moves_pc(int fd)
{
	fake_kvm_set(fd, arch_regs.rows[ARM64_PC].id, 0x1234);
}

static void test_a_run_makes_copies_stale(void **state)
{
	uint64_t value;

	(void)state;
	assert_ok(reg_get(&vcpu.regs, ARM64_PC, &value, &err), err);
	script(&(struct fake_run){.reason = KVM_EXIT_INTERNAL_ERROR, .enter = guest_moves_pc});
	run_to_its_end();
	assert_ok(reg_get(&vcpu.regs, ARM64_PC, &value, &err), err);
	assert_int_equal(value, 0x1234);
}

static void test_refused_register_stops_with_its_name(void **state)
{
	(void)state;
	assert_ok(arch_vcpu_boot(&vcpu.regs, 0x40080000, 0, &err), err);
	fake_kvm_reg(vcpu.fd, arch_regs.rows[ARM64_PC].id)->refuse_set = EINVAL;
	run_to_its_end();
	assert_int_equal(stop_action, EXIT_FAIL);
	assert_contains(stop_reason.message, "PC");
	assert_int_equal(fake_kvm_count(KVM_RUN), 0);
}

static void test_creation_fails_cleanly_at_every_call(void **state)
{
	const struct vcpu_owner owner = {.stopped = on_stopped, .context = &machine};
	int before = open_descriptors();
	unsigned int calls;

	(void)state;
	for (calls = 0; calls < 20; calls++) {
		struct vcpu other;
		int result;

		fake_kvm_clear_log();
		fake_kvm_fail(calls, EMFILE);
		result = vcpu_init(&other, 3, &machine, &bus, &owner, &err);
		if (result < 0)
			assert_int_equal(err.code, EMFILE);
		vcpu_finish(&other);
		assert_int_equal(open_descriptors(), before);
		if (result == 0)
			break;
	}
	assert_in_range(calls, 3, 19);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_end_is_reported_once_with_its_reason),
		TEST(test_interrupted_runs_go_on),
		TEST(test_mmio_goes_to_the_bus_and_costs_no_register_call),
		TEST(test_interrupted_write_is_made_again_with_its_progress),
		TEST(test_stop_ends_a_write_that_never_succeeds),
		TEST(test_device_that_ends_the_vm_is_not_reported_again),
		TEST(test_stop_at_any_moment_ends_the_thread),
		TEST(test_paused_vcpu_does_not_run),
		TEST(test_resumed_vcpu_goes_on_where_it_was),
		TEST(test_pause_in_a_write_finishes_it_after_resume),
		TEST(test_pause_of_a_vcpu_that_has_ended),
		TEST(test_stop_is_for_good),
		TEST(test_stop_and_join_after_the_thread_ended_by_itself),
		TEST(test_changed_registers_are_written_before_the_run_only),
		TEST(test_a_run_makes_copies_stale),
		TEST(test_refused_register_stops_with_its_name),
		TEST(test_creation_fails_cleanly_at_every_call),
	};

	return cmocka_run_group_tests_name("vcpu", tests, NULL, NULL);
}
