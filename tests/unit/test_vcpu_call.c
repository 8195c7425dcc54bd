/* SPDX-License-Identifier: Apache-2.0 */
/* vcpu_call(): what others want done on a vCPU's thread, at every moment of its life. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sched.h>

#include "arch/arm64/regs.h"
#include "tests/fake/kvm.h"
#include "vmm/vcpu.h"

enum { DEVICE = 0x1000, ANSWER = 0x55, ROUNDS = 100, CALLERS = 2 };

static struct kvm kvm;
static struct machine machine;
static struct bus bus;
static struct vcpu vcpu;
static struct error err;
static bool reached; /* atomic: by the vCPU's thread: the device, or what the guest waits in */
static bool interrupted; /* atomic: a write to the device is, until somebody says otherwise */
static unsigned int written; /* vCPU's thread; the test after join */

static void on_stopped(void *context, enum exit_action action, const struct error *reason)
{
	(void)context, (void)action, (void)reason;
}

/* Is over when somebody wants something. */
static uint64_t device_read(void *context, uint64_t offset, unsigned int size)
{
	(void)context, (void)offset, (void)size;
	__atomic_store_n(&reached, true, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&vcpu.wanted, __ATOMIC_SEQ_CST))
		sched_yield();
	return ANSWER;
}

static int device_write(void *context, uint64_t offset, unsigned int size, uint64_t value,
			uint64_t *progress)
{
	(void)context, (void)offset, (void)size, (void)progress;
	__atomic_store_n(&reached, true, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&interrupted, __ATOMIC_SEQ_CST))
		return -EINTR;
	assert_int_equal(value, ANSWER);
	written++;
	return 0;
}

static const struct bus_device device = {.read = device_read, .write = device_write};

static int setup(void **state)
{
	const struct vcpu_owner owner = {.stopped = on_stopped};

	(void)state;
	fake_kvm_reset();
	reached = interrupted = false;
	written = 0;
	bus = (struct bus){0};
	bus_add(&bus, DEVICE, 0x1000, &device, NULL, &err);
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

static void stop(void)
{
	vcpu_ask(&vcpu, VCPU_STOP);
	vcpu_join(&vcpu);
}

static void wait_until_reached(void)
{
	while (!__atomic_load_n(&reached, __ATOMIC_SEQ_CST))
		sched_yield();
}

static unsigned int runs(void)
{
	return fake_kvm_count(KVM_RUN);
}

static void script(uint32_t reason, uint64_t data)
{
	fake_kvm_run(0, &(struct fake_run){.reason = reason,
					   .data = data,
					   .address = DEVICE,
					   .size = 8,
					   .write = data == ANSWER});
}

/* ---- what is called ---- */

/* Not atomic: the thread sanitizer sees it where two do it at once. */
struct visit {
	pthread_t thread;
	unsigned int count;
	uint64_t pc;
};

static void visit(struct vcpu *at, void *context)
{
	struct visit *here = context;
	struct error error = {0};

	assert_ptr_equal(at, &vcpu);
	here->thread = pthread_self();
	here->count++;
	assert_ok(reg_get(&at->regs, ARM64_PC, &here->pc, &error), error);
}

static struct visit call(void)
{
	struct visit here = {0};

	vcpu_call(&vcpu, visit, &here);
	assert_int_equal(here.count, 1);
	return here;
}

static bool is_here(pthread_t thread)
{
	return pthread_equal(thread, pthread_self());
}

/* ---- tests ---- */

static void test_a_call_while_the_guest_runs(void **state)
{
	unsigned int before;

	(void)state;
	fake_kvm_set(vcpu.fd, arch_regs.rows[ARM64_PC].id, 0x1234);
	start();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct visit here = call();

		assert_false(is_here(here.thread));
		assert_int_equal(here.pc, 0x1234);
	}
	before = runs();
	call();
	while (runs() == before) /* it goes on */
		sched_yield();
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), 0);
	stop();
}

static void test_a_call_while_it_is_parked(void **state)
{
	unsigned int before;

	(void)state;
	start();
	vcpu_ask(&vcpu, VCPU_PAUSE);
	vcpu_wait_parked(&vcpu);
	before = runs();
	for (unsigned int i = 0; i < ROUNDS; i++)
		assert_false(is_here(call().thread));
	assert_int_equal(runs(), before);
	assert_int_equal(fake_kvm_count(KVM_GET_ONE_REG), 1); /* the copy is still good */
	vcpu_ask(&vcpu, VCPU_RUN);
	while (runs() == before)
		sched_yield();
	stop();
}

static void test_a_call_before_the_start_and_after_the_end(void **state)
{
	(void)state;
	assert_true(is_here(call().thread));
	script(KVM_EXIT_SYSTEM_EVENT, KVM_SYSTEM_EVENT_SHUTDOWN);
	start();
	vcpu_join(&vcpu);
	assert_true(is_here(call().thread));
}

/* In the guest, which ends when somebody wants something. */
static void wait_for_call(int fd)
{
	(void)fd;
	__atomic_store_n(&reached, true, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&vcpu.wanted, __ATOMIC_SEQ_CST))
		sched_yield();
}

static void test_a_call_while_the_guest_ends(void **state)
{
	(void)state;
	fake_kvm_run(0, &(struct fake_run){.reason = KVM_EXIT_SYSTEM_EVENT,
					   .data = KVM_SYSTEM_EVENT_SHUTDOWN,
					   .enter = wait_for_call});
	start();
	wait_until_reached();
	assert_false(is_here(call().thread));
	vcpu_join(&vcpu);
}

static void test_a_call_that_meets_the_end(void **state)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		teardown(state);
		setup(state);
		script(KVM_EXIT_SYSTEM_EVENT, KVM_SYSTEM_EVENT_SHUTDOWN);
		start();
		for (unsigned int delay = 0; delay < i % 8; delay++)
			sched_yield();
		call();
		vcpu_join(&vcpu);
	}
}

static void set_pc(struct vcpu *at, void *context)
{
	(void)context;
	assert_ok(reg_set(&at->regs, ARM64_PC, 0x8000, &err), err);
}

static void test_what_a_call_sets_is_written_before_the_guest_goes_on(void **state)
{
	unsigned int before;

	(void)state;
	start();
	vcpu_ask(&vcpu, VCPU_PAUSE);
	vcpu_wait_parked(&vcpu);
	before = runs();
	vcpu_call(&vcpu, set_pc, NULL);
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), 0);
	assert_int_equal(call().pc, 0x8000);
	vcpu_ask(&vcpu, VCPU_RUN);
	while (runs() == before)
		sched_yield();
	stop();
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), 1);
	assert_int_equal(fake_kvm_get(vcpu.fd, arch_regs.rows[ARM64_PC].id), 0x8000);
}

/* The guest waits for a device's answer: it has it before its registers are read. */
static void test_a_call_finishes_the_exit_first(void **state)
{
	const struct fake_call *run;

	(void)state;
	script(KVM_EXIT_MMIO, 0);
	start();
	wait_until_reached();
	call();
	run = fake_kvm_call(KVM_RUN, 1);
	assert_non_null(run);
	assert_int_equal(run->result, -EINTR);
	assert_int_equal(run->value, ANSWER);
	assert_true(fake_kvm_call(KVM_GET_ONE_REG, 0) > run);
	stop();
}

static void test_a_call_in_the_middle_of_a_write_leaves_it_to_be_finished(void **state)
{
	(void)state;
	interrupted = true;
	script(KVM_EXIT_MMIO, ANSWER);
	script(KVM_EXIT_SYSTEM_EVENT, KVM_SYSTEM_EVENT_SHUTDOWN);
	start();
	wait_until_reached();
	for (unsigned int i = 0; i < ROUNDS; i++)
		call();
	assert_int_equal(runs(), 2); /* the exit, and its end */
	__atomic_store_n(&interrupted, false, __ATOMIC_SEQ_CST);
	vcpu_join(&vcpu);
	assert_int_equal(written, 1);
	assert_int_equal(runs(), 3);
}

static void test_others_do_not_let_the_guest_in_while_an_exit_is_finished(void **state)
{
	(void)state;
	vcpu.run->immediate_exit = EXIT_TO_SETTLE;
	vcpu_ask(&vcpu, VCPU_RUN);
	assert_int_equal(vcpu.run->immediate_exit, EXIT_TO_SETTLE);
	vcpu.run->immediate_exit = EXIT_TO_SETTLE | EXIT_TO_LISTEN;
	vcpu_ask(&vcpu, VCPU_RUN);
	assert_int_equal(vcpu.run->immediate_exit, EXIT_TO_SETTLE);
}

static void *call_often(void *context)
{
	for (unsigned int i = 0; i < ROUNDS; i++)
		vcpu_call(&vcpu, visit, context);
	return NULL;
}

static void callers_start(pthread_t *threads, struct visit *shared)
{
	for (unsigned int i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call_often, shared), 0);
}

static void callers_join(const pthread_t *threads, const struct visit *shared)
{
	for (unsigned int i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(shared->count, CALLERS * ROUNDS);
}

static void test_calls_from_two_threads_at_once(void **state)
{
	pthread_t threads[CALLERS];
	struct visit shared = {0};

	(void)state;
	start();
	callers_start(threads, &shared);
	callers_join(threads, &shared);
	assert_false(is_here(shared.thread));
	stop();
}

static void test_calls_while_somebody_pauses_and_resumes(void **state)
{
	pthread_t threads[CALLERS];
	struct visit shared = {0};

	(void)state;
	start();
	callers_start(threads, &shared);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		vcpu_ask(&vcpu, VCPU_PAUSE);
		vcpu_wait_parked(&vcpu);
		vcpu_ask(&vcpu, VCPU_RUN);
	}
	callers_join(threads, &shared);
	stop();
}

static void test_calls_over_a_whole_life(void **state)
{
	pthread_t threads[CALLERS];
	struct visit shared = {0};

	(void)state;
	callers_start(threads, &shared);
	start();
	sched_yield();
	stop();
	callers_join(threads, &shared);
}

static void test_a_look_while_the_guest_runs(void **state)
{
	(void)state;
	fake_kvm_reg(vcpu.fd, arch_regs.rows[ARM64_PC].id); /* all that this host lists */
	start();
	assert_ok(vcpu_inspect(&vcpu, &err), err);
	stop();
	assert_int_equal(fake_kvm_count(KVM_SET_ONE_REG), 0);
	assert_int_equal(fake_kvm_count(KVM_GET_REG_LIST), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_call_while_the_guest_runs),
		TEST(test_a_call_while_it_is_parked),
		TEST(test_a_call_before_the_start_and_after_the_end),
		TEST(test_a_call_while_the_guest_ends),
		TEST(test_a_call_that_meets_the_end),
		TEST(test_what_a_call_sets_is_written_before_the_guest_goes_on),
		TEST(test_a_call_finishes_the_exit_first),
		TEST(test_a_call_in_the_middle_of_a_write_leaves_it_to_be_finished),
		TEST(test_others_do_not_let_the_guest_in_while_an_exit_is_finished),
		TEST(test_calls_from_two_threads_at_once),
		TEST(test_calls_while_somebody_pauses_and_resumes),
		TEST(test_calls_over_a_whole_life),
		TEST(test_a_look_while_the_guest_runs),
	};

	return cmocka_run_group_tests_name("vcpu_call", tests, NULL, NULL);
}
