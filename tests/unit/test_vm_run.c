/* SPDX-License-Identifier: Apache-2.0 */
/* How a VM runs, pauses and ends. */
#include <errno.h>
#include <sched.h>

#include "tests/unit/vm_fixture.h"

/* ---- how it ends ---- */

#define EVENT(number)                                                                              \
	{                                                                                          \
		.reason = KVM_EXIT_SYSTEM_EVENT, .data = number                                    \
	}

static const struct {
	struct fake_run run;
	const char *reason_in_page;
	int kind, code, signal;
	const char *reason;
} ends[] = {
	{{0}, "", VM_EXITED, 7, 0, ""}, /* completed below: exits with 7 */
	{{0}, "", VM_SIGNALED, 0, 11, ""},
	{{0}, "no\nmemory", VM_FAILED, 0, 0, "no?memory"},
	{{0}, "not an ELF", VM_UNRUNNABLE, 0, 0, "not an ELF"},
	{EVENT(KVM_SYSTEM_EVENT_SHUTDOWN), "", VM_EXITED, 0, 0, "guest powered off"},
	{EVENT(KVM_SYSTEM_EVENT_CRASH), "", VM_FAILED, 0, 0, "guest crashed: PSCI system event 3"},
	{{.reason = 1000}, "", VM_FAILED, 0, 0, "unexpected KVM exit 1000"},
	{{.result = -ENOEXEC}, "", VM_FAILED, 0, 0, "KVM_RUN: Exec format error"},
};

static void test_every_end_becomes_its_outcome(void **state)
{
	for (size_t i = 0; i < LENGTH(ends); i++) {
		struct fake_run run = ends[i].run;
		struct vm *vm;

		teardown(state);
		setup(state);
		config.machine.vcpu_count = 3; /* the others wait in KVM_RUN and are kicked */
		vm = create();
		if (i < 4)
			run = guest_exits((unsigned int)i, (unsigned int)ends[i].signal,
					  (unsigned int)ends[i].code);
		strcpy(guest_page(MIB)->reason, ends[i].reason_in_page);
		fake_kvm_run(0, &run);
		run_to_its_end(vm);
		assert_int_equal(outcome.kind, ends[i].kind);
		assert_int_equal(outcome.code, ends[i].code);
		assert_int_equal(outcome.signal, ends[i].signal);
		assert_string_equal(outcome.reason, ends[i].reason);
		vm_destroy(vm);
	}
}

static unsigned int runs_of(unsigned int vcpu)
{
	unsigned int count = 0;
	const struct fake_call *call;

	for (unsigned int i = 0; (call = fake_kvm_call(KVM_RUN, i)); i++)
		count += call->id == vcpu;
	return count;
}

/* A vCPU enters the guest once more; after the pause it is through with what it met there. */
static void let_run(struct vm *vm, unsigned int vcpu)
{
	unsigned int before = runs_of(vcpu);

	vm_resume(vm);
	while (runs_of(vcpu) == before)
		sched_yield();
	vm_pause(vm);
}

static void test_first_of_several_ends_counts(void **state)
{
	struct fake_run first = guest_exits(CONTROL_EXITED, 0, 5);
	struct fake_run second = guest_exits(CONTROL_EXITED, 0, 6);
	struct vm *vm;

	(void)state;
	config.machine.vcpu_count = 2;
	vm = create();
	assert_ok(vm_start(vm, &err), err);
	vm_pause(vm);
	fake_kvm_run(0, &first);
	let_run(vm, 0);
	fake_kvm_run(1, &second);
	let_run(vm, 1);
	assert_ok(loop_run(pipes.loop, &err), err);
	assert_int_equal(outcome.code, 5);
	vm_destroy(vm);
	assert_int_equal(ended, 1);
}

static void test_output_and_boot_mark(void **state)
{
	struct fake_run print, off = guest_exits(CONTROL_EXITED, 0, 0);
	struct vm *vm = create();

	(void)state;
	memcpy(guest_memory(ARM64_RAM + 0x80000), "hello\n", 6);
	print = guest_store(ARM64_CONTROL + CONTROL_STDOUT, CONTROL_BUFFER(ARM64_RAM + 0x80000, 6));
	fake_kvm_run(0, &print);
	fake_kvm_run(0, &off);
	assert_false(vm_booted(vm));
	guest_page(MIB)->booted = 1;
	assert_true(vm_booted(vm));
	run_to_its_end(vm);
	assert_string_equal(pipes_drain(pipes.out), "hello\n");
	vm_signal(vm, 15);
	assert_int_equal(guest_page(MIB)->signals, 1 << 14);
	vm_destroy(vm);
}

static void test_destroy_while_running_blocked_or_unstarted(void **state)
{
	static char filler[PIPE_SIZE];
	struct fake_run print;
	struct vm *vm;
	int before = open_descriptors();

	(void)state;
	vm_destroy(NULL);
	vm_destroy(create());
	config.machine.vcpu_count = 2;
	vm = create();
	assert_ok(vm_start(vm, &err), err);
	vm_destroy(vm);
	/* A guest that is stuck in output which nobody reads. */
	fake_kvm_clear_log();
	vm = create();
	assert_int_equal(write(pipes.streams.out, filler, sizeof(filler)), PIPE_SIZE);
	print = guest_store(ARM64_CONTROL + CONTROL_STDOUT, CONTROL_BUFFER(ARM64_RAM, 100));
	fake_kvm_run(0, &print);
	assert_ok(vm_start(vm, &err), err);
	vm_destroy(vm);
	assert_int_equal(ended, 0);
	assert_int_equal(open_descriptors(), before);
}

/* ---- pause ---- */

static void test_pause_holds_guest_and_input_until_resume(void **state)
{
	struct fake_run off = guest_exits(CONTROL_EXITED, 0, 3);
	struct fake_run ask = guest_store(ARM64_CONTROL + CONTROL_STDIN, CONTROL_BUFFER(0, 0));
	struct vm *vm;

	(void)state;
	config.machine.vcpu_count = 3;
	vm = create();
	fake_kvm_run(0, &ask);
	assert_ok(vm_start(vm, &err), err);
	while (__atomic_load_n(&guest_page(MIB)->stdin_result, __ATOMIC_ACQUIRE) != -EAGAIN)
		sched_yield();
	for (int round = 0; round < 50; round++) {
		vm_pause(vm);
		vm_pause(vm);
		vm_resume(vm);
	}
	vm_pause(vm);
	pipes_type(&pipes, "x");
	pipes_dispatch(&pipes);
	assert_int_equal(fake_kvm_count(KVM_IRQ_LINE), 0);
	vm_resume(vm);
	pipes_dispatch(&pipes);
	assert_int_equal(fake_kvm_count(KVM_IRQ_LINE), 2);
	assert_int_equal(ended, 0);
	vm_pause(vm);
	fake_kvm_run(0, &off);
	vm_resume(vm);
	assert_ok(loop_run(pipes.loop, &err), err);
	assert_int_equal(outcome.code, 3);
	vm_destroy(vm);
}

static void test_destroy_while_paused(void **state)
{
	struct vm *vm = create();

	(void)state;
	assert_ok(vm_start(vm, &err), err);
	vm_pause(vm);
	vm_destroy(vm);
	assert_int_equal(ended, 0);
}

static void test_pause_in_output_that_nobody_reads(void **state)
{
	static char filler[PIPE_SIZE];
	struct fake_run print, off = guest_exits(CONTROL_EXITED, 0, 0);
	struct vm *vm = create();

	(void)state;
	assert_int_equal(write(pipes.streams.out, filler, sizeof(filler)), PIPE_SIZE);
	memcpy(guest_memory(ARM64_RAM + 0x80000), "hello", 5);
	print = guest_store(ARM64_CONTROL + CONTROL_STDOUT, CONTROL_BUFFER(ARM64_RAM + 0x80000, 5));
	fake_kvm_run(0, &print);
	fake_kvm_run(0, &off);
	assert_ok(vm_start(vm, &err), err);
	vm_pause(vm);
	pipes_drain(pipes.out);
	assert_string_equal(pipes_drain(pipes.out), "");
	vm_resume(vm);
	assert_ok(loop_run(pipes.loop, &err), err);
	assert_string_equal(pipes_drain(pipes.out), "hello");
	vm_destroy(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_end_becomes_its_outcome),
		TEST(test_first_of_several_ends_counts),
		TEST(test_output_and_boot_mark),
		TEST(test_destroy_while_running_blocked_or_unstarted),
		TEST(test_pause_holds_guest_and_input_until_resume),
		TEST(test_destroy_while_paused),
		TEST(test_pause_in_output_that_nobody_reads),
	};

	return cmocka_run_group_tests_name("vm_run", tests, NULL, NULL);
}
