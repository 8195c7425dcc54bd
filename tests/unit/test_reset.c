/* SPDX-License-Identifier: Apache-2.0 */
/* Reset in place on the scripted KVM: which registers and pages are put back, in which order, and
 * by how few calls; what is refused; what a failure leaves. */
#include "tests/unit/control_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "vmm/memory_log.h"

#define X0 0x6030000000100000u
#define PC 0x6030000000100040u
enum { MIB = 16, PAGE = 4096, HEAP = 0x400000 };

/* What vCPUs wrote since it was asked last. */
static uint64_t dirty[(MIB << 20) / PAGE / 64];

static int host(int fd, unsigned long request, void *argument)
{
	struct kvm_dirty_log *log = argument;

	(void)fd;
	if (request != KVM_GET_DIRTY_LOG)
		return 0;
	memcpy(log->dirty_bitmap, dirty, sizeof(dirty));
	memset(dirty, 0, sizeof(dirty));
	return 0;
}

/* The heap, as long as the log has the call that tells where memory is. */
static uint64_t *heap;

static uint64_t *word(unsigned int page)
{
	return heap + (uint64_t)page * PAGE / 8;
}

/* The guest writes to a page of its heap, and KVM sees it. */
static void guest_writes(unsigned int page)
{
	unsigned int number = HEAP / PAGE + page;

	*word(page) = ~0ull;
	dirty[number / 64] |= 1ull << (number % 64);
}

/* A snapshot, whose heap has the numbers of its pages, is loaded. */
static void load(bool track, bool run)
{
	memset(dirty, 0, sizeof(dirty));
	few_registers();
	start();
	heap = guest_memory(ARM64_RAM + HEAP);
	for (unsigned int page = 0; page < 2000; page++)
		*word(page) = page;
	assert_ok(ask(OP_PAUSE), err);
	assert_ok(write_snapshot("s", "m", STATE_FULL), err);
	begin_anew();
	fake_kvm.other = host;
	tracked = track;
	assert_ok(load_snapshot("s", "m", run), err);
	tracked = false;
	heap = guest_memory(ARM64_RAM + HEAP);
}

static int reset(void)
{
	fake_kvm_clear_log();
	memset(&reply, 0, sizeof(reply));
	return ask(OP_SNAPSHOT_RESET);
}

static void assert_heap(void)
{
	for (unsigned int page = 0; page < 2000; page++)
		assert_int_equal(*word(page), page);
}

static void test_what_was_not_loaded_is_refused(void **state)
{
	(void)state;
	start();
	assert_error(reset(), err, EINVAL, "loaded from a snapshot");
	ask(OP_GET_INSTANCE);
	assert_int_equal(reply.instance, VM_RUNNING);
}

static void test_pages_of_guest_and_monitor_are_put_back(void **state)
{
	const struct control_page *page;
	uint8_t generation[16];
	(void)state;
	load(true, true);
	page = guest_page(MIB);
	memcpy(generation, page->generation, sizeof(generation));
	for (unsigned int i = 3; i < 100; i += 3)
		guest_writes(i);
	assert_ok(request(&(struct request){.operation = OP_SIGNAL_APPLICATION, .signal = 3}), err);
	assert_int_equal(page->signals, 4);
	assert_ok(reset(), err);
	assert_heap();
	assert_int_equal(page->signals, 0); /* the monitor's own write */
	assert_memory_not_equal(page->generation, generation, sizeof(generation));
	assert_true(reply.reverted.tracked && !reply.reverted.dropped);
	assert_int_equal(reply.reverted.pages, 33 + 1);
	ask(OP_GET_INSTANCE);
	assert_int_equal(reply.instance, VM_RUNNING);
}

/* Only what is dirty: another page is as somebody else left it. */
static void test_other_pages_are_not_touched(void **state)
{
	(void)state;
	load(true, true);
	guest_writes(7);
	*word(9) = 123; /* KVM does not know of it */
	assert_ok(reset(), err);
	assert_int_equal(*word(7), 7);
	assert_int_equal(*word(9), 123);
	assert_ok(reset(), err);
	assert_true(reply.reverted.pages <= 1); /* the control page */
}

/* A snapshot in between takes the dirty pages, but it is not what is gone back to. */
static void test_pages_that_a_snapshot_took_are_put_back_too(void **state)
{
	(void)state;
	load(true, true);
	guest_writes(5);
	assert_ok(ask(OP_PAUSE), err);
	assert_ok(write_snapshot("s2", "m2", STATE_DIFF), err);
	guest_writes(6);
	assert_ok(reset(), err);
	assert_heap();
	ask(OP_GET_INSTANCE);
	assert_int_equal(reply.instance, VM_PAUSED);
}

static void test_many_pages_and_untracked_ones_come_anew(void **state)
{
	(void)state;
	load(true, true);
	for (unsigned int i = 0; i <= MEMORY_COPY_MAX; i++)
		guest_writes(i);
	assert_ok(reset(), err);
	assert_true(reply.reverted.dropped && reply.reverted.pages > MEMORY_COPY_MAX);
	assert_heap();
	begin_anew();
	assert_ok(load_snapshot("s", "m", true), err);
	heap = guest_memory(ARM64_RAM + HEAP);
	guest_writes(1);
	assert_ok(reset(), err);
	assert_true(reply.reverted.dropped && !reply.reverted.tracked);
	assert_heap();
}

/* The nth SET of that register, as a place in the log; -1: there is none. */
static int set_at(uint64_t id, unsigned int nth)
{
	for (unsigned int i = 0; i < fake_kvm_calls(); i++)
		if (fake_calls[i].request == KVM_SET_ONE_REG && fake_calls[i].id == id && !nth--)
			return (int)i;
	return -1;
}

/* PC and CVAL are as they were, and yet written: nobody looks. */
static void test_every_register_is_written_and_none_is_read(void **state)
{
	uint64_t x0;
	int vcpu;

	(void)state;
	load(true, true);
	assert_ok(ask(OP_PAUSE), err);
	vcpu = fake_kvm_call(KVM_SET_ONE_REG, 0)->fd;
	x0 = fake_kvm_get(vcpu, X0);
	fake_kvm_set(vcpu, X0, x0 + 77);
	assert_ok(reset(), err);
	assert_int_equal(fake_kvm_count(KVM_GET_ONE_REG), 0);
	assert_true(set_at(X0, 0) >= 0 && set_at(PC, 0) >= 0);
	assert_int_equal(fake_calls[set_at(X0, 0)].value, x0);
	assert_int_equal(set_at(X0, 1), -1);
	/* Off, counter, comparator, on. */
	assert_true(set_at(KVM_REG_ARM_TIMER_CTL, 0) >= 0);
	assert_int_equal(fake_calls[set_at(KVM_REG_ARM_TIMER_CTL, 0)].value, 0);
	assert_true(set_at(KVM_REG_ARM_TIMER_CNT, 0) > set_at(KVM_REG_ARM_TIMER_CTL, 0));
	assert_true(set_at(KVM_REG_ARM_TIMER_CVAL, 0) > set_at(KVM_REG_ARM_TIMER_CNT, 0));
	assert_true(set_at(KVM_REG_ARM_TIMER_CTL, 1) > set_at(KVM_REG_ARM_TIMER_CVAL, 0));
}

/* ---- all of it ---- */

enum { HEADER = 88 }; /* id and sums */

struct bytes {
	uint8_t *data;
	size_t size;
};

static struct bytes read_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat status;
	struct bytes file;

	assert_true(fd >= 0 && fstat(fd, &status) == 0);
	file = (struct bytes){malloc((size_t)status.st_size), (size_t)status.st_size};
	assert_int_equal(read(fd, file.data, file.size), file.size);
	close(fd);
	return file;
}

static void assert_same(const char *a, const char *b, size_t from, size_t end)
{
	struct bytes one = read_file(a), other = read_file(b);

	assert_int_equal(one.size, other.size);
	assert_memory_equal(one.data + from, other.data + from, one.size - from - end);
	free(one.data);
	free(other.data);
}

static void guest_is_busy(void)
{
	struct fake_run scratch = guest_store(ARM64_UART + 7, 0x55);
	struct fake_run status = guest_store(ARM64_VIRTIO + 0x70, 3);
	struct fake_run input =
		guest_store(ARM64_CONTROL + CONTROL_STDIN, CONTROL_BUFFER(ARM64_RAM + HEAP, 8));

	scratch.size = 1;
	status.size = 4;
	fake_kvm_run(0, &scratch);
	fake_kvm_run(0, &status);
	fake_kvm_run(0, &input);
	fake_kvm_clear_log();
	assert_ok(ask(OP_RESUME), err);
	while (fake_kvm_count(KVM_RUN) < 4)
		usleep(1000);
	assert_ok(ask(OP_PAUSE), err);
}

/* What is written after a reset is what was written after the load. */
static void test_everything_is_as_the_snapshot_has_it(void **state)
{
	static const uint64_t ids[] = {X0, PC, KVM_REG_ARM_TIMER_CTL, KVM_REG_ARM_TIMER_CVAL};
	int vcpu;

	(void)state;
	load(true, false);
	vcpu = fake_kvm_call(KVM_SET_ONE_REG, 0)->fd;
	assert_ok(write_snapshot("s2", "m2", STATE_FULL), err);
	guest_is_busy();
	for (unsigned int i = 0; i < LENGTH(ids); i++)
		fake_kvm_set(vcpu, ids[i], 0x1234567 + i);
	for (unsigned int i = 0; i < 50; i++)
		guest_writes(i);
	assert_ok(write_snapshot("s3", "m3", STATE_FULL), err);
	for (unsigned int i = 50; i < 100; i++)
		guest_writes(i);
	assert_ok(reset(), err);
	assert_ok(write_snapshot("s4", "m4", STATE_FULL), err);
	assert_same("s2", "s4", HEADER, 0);
	assert_same("m2", "m4", 0, 0x10000); /* but the control page */
}

/* Output whose reader is slow is given up with the rest: what comes after it is the snapshot's. */
static void test_what_was_half_done_is_given_up(void **state)
{
	const struct fake_run output = guest_store(ARM64_CONTROL + CONTROL_STDOUT,
						   CONTROL_BUFFER(ARM64_RAM + HEAP, 0x40000));
	char text[PAGE];
	size_t printed = 0;

	(void)state;
	load(true, false);
	fake_kvm_run(0, &output);
	fake_kvm_clear_log();
	assert_ok(ask(OP_RESUME), err);
	while (read(pipes.out, text, 1) != 1)
		usleep(1000);
	assert_ok(reset(), err);
	while (fake_kvm_count(KVM_RUN) < 2) { /* once to finish its exit, then it goes on */
		ssize_t got = read(pipes.out, text, sizeof(text));

		printed += got > 0 ? (size_t)got : 0;
	}
	assert_true(printed < 0x40000 / 2);
}

/* A Diff after a reset is one to what was loaded. */
static void test_the_base_is_the_snapshot_again(void **state)
{
	struct bytes base, diff;

	(void)state;
	load(true, false);
	assert_ok(write_snapshot("s2", "m2", STATE_FULL), err);
	assert_ok(reset(), err);
	assert_ok(write_snapshot("s3", "m3", STATE_DIFF), err);
	base = read_file("s");
	diff = read_file("s3");
	assert_memory_equal(diff.data + 56, base.data + 24, 16);
	free(base.data);
	free(diff.data);
}

/* What resumes a paused microVM that was reset sets its clock as after the load. */
static void test_the_clock_is_the_snapshots(void **state)
{
	uint64_t ticks;

	(void)state;
	load(true, true);
	assert_ok(ask(OP_PAUSE), err);
	usleep(2000);
	assert_ok(reset(), err);
	ticks = fake_calls[set_at(KVM_REG_ARM_TIMER_CNT, 0)].value;
	usleep(2000);
	fake_kvm_clear_log();
	assert_ok(ask(OP_RESUME), err);
	assert_int_equal(fake_calls[set_at(KVM_REG_ARM_TIMER_CNT, 0)].value, ticks);
}

static unsigned int device_calls(void)
{
	return fake_kvm_count(KVM_SET_DEVICE_ATTR) + fake_kvm_count(KVM_GET_DEVICE_ATTR);
}

/* Of the GIC only what changes by itself, if the guest has not reached for it. */
static void test_the_gic_is_left_alone_where_no_guest_was(void **state)
{
	const struct {
		struct kvm_stats_header header;
		struct kvm_stats_desc description;
		char name[24];
		uint64_t value;
	} counters = {
		.header = {0, 24, 1, 0, sizeof(counters.header), offsetof(typeof(counters), value)},
		.description = {.size = 1},
		.name = "mmio_exit_kernel",
	};
	unsigned int all, few;
	uint64_t one = 1;

	(void)state;
	load(true, true);
	assert_ok(reset(), err);
	all = device_calls();
	begin_anew();
	assert_ok(load_snapshot("s", "m", true), err);
	fake_kvm.stats = memfd_create("stats", 0);
	assert_int_equal(write(fake_kvm.stats, &counters, sizeof(counters)), sizeof(counters));
	assert_ok(reset(), err);
	few = device_calls();
	assert_true(few > 0 && few < all / 3);
	assert_int_equal(pwrite(fake_kvm.stats, &one, 8, offsetof(typeof(counters), value)), 8);
	assert_ok(reset(), err);
	assert_int_equal(device_calls(), all);
	assert_ok(reset(), err);
	assert_int_equal(device_calls(), few);
	close(fake_kvm.stats);
}

/* Half a reset must not run. */
static void test_a_failure_ends_the_microvm(void **state)
{
	(void)state;
	load(true, true);
	fake_kvm_refuse(KVM_SET_ONE_REG, PC, EINVAL);
	assert_error(reset(), err, EINVAL, "PC");
	assert_ok(loop_run(pipes.loop, &err), err);
	assert_ok(ask(OP_GET_APPLICATION), err);
	assert_int_equal(reply.application.state, APPLICATION_CRASHED);
	assert_non_null(strstr(reply.application.reason, "PC"));
	assert_error(reset(), err, EINVAL, "has ended");
}

static void test_a_load_that_has_not_run_is_reset_too(void **state)
{
	(void)state;
	load(true, false);
	assert_ok(reset(), err);
	assert_ok(ask(OP_RESUME), err);
	guest_writes(3);
	assert_ok(reset(), err);
	assert_int_equal(*word(3), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_not_loaded_is_refused),
		TEST(test_pages_of_guest_and_monitor_are_put_back),
		TEST(test_other_pages_are_not_touched),
		TEST(test_pages_that_a_snapshot_took_are_put_back_too),
		TEST(test_many_pages_and_untracked_ones_come_anew),
		TEST(test_every_register_is_written_and_none_is_read),
		TEST(test_everything_is_as_the_snapshot_has_it),
		TEST(test_what_was_half_done_is_given_up),
		TEST(test_the_base_is_the_snapshot_again),
		TEST(test_the_clock_is_the_snapshots),
		TEST(test_the_gic_is_left_alone_where_no_guest_was),
		TEST(test_a_failure_ends_the_microvm),
		TEST(test_a_load_that_has_not_run_is_reset_too),
	};

	return cmocka_run_group_tests_name("reset", tests, NULL, NULL);
}
