/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots on the scripted KVM: what is written, what is refused, what a failure leaves. */
#include "tests/unit/control_fixture.h"

#include <asm/hwcap.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "vmm/bytes.h"
#include "vmm/state_file.h"

static uint8_t *bytes;
static size_t length;

static void read_file(const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	length = (size_t)status.st_size;
	bytes = realloc(bytes, length + 1);
	assert_int_equal(read(fd, bytes, length), length);
	close(fd);
}

static void start_paused(void)
{
	few_registers();
	start();
	assert_ok(ask(OP_PAUSE), err);
}

static void make(void)
{
	start_paused();
	assert_ok(write_snapshot("s", "m", STATE_FULL), err);
}

static int resume(int clock)
{
	return request(&(struct request){.operation = OP_RESUME, .clock = clock});
}

static void test_what_was_written_goes_on(void **state)
{
	(void)state;
	make();
	assert_int_equal(scratch_files(), 3); /* with the program */
	assert_ok(ask(OP_RESUME), err);
	begin_anew();
	assert_ok(load_snapshot("s", "m", false), err);
	ask(OP_GET_INSTANCE);
	assert_int_equal(reply.instance, VM_PAUSED);
	ask(OP_GET_VM_CONFIG);
	assert_int_equal(reply.config->machine.mem_size_mib, 16);
	assert_string_equal(reply.config->application.path, "app");
	assert_ok(ask(OP_RESUME), err);
	ask(OP_GET_INSTANCE);
	assert_int_equal(reply.instance, VM_RUNNING);
	/* And again: pause, write, load. */
	assert_ok(ask(OP_PAUSE), err);
	assert_ok(write_snapshot("s", "m", STATE_FULL), err);
	begin_anew();
	assert_ok(load_snapshot("s", "m", true), err);
	ask(OP_GET_INSTANCE);
	assert_int_equal(reply.instance, VM_RUNNING);
}

/* A restore reads no register, and sets only what differs from a new vCPU's. */
static void test_a_restore_reads_nothing(void **state)
{
	(void)state;
	make();
	begin_anew();
	assert_ok(load_snapshot("s", "m", true), err);
	assert_int_equal(fake_kvm_count(KVM_GET_ONE_REG), 0);
	assert_int_equal(fake_kvm_count(KVM_GET_DEVICE_ATTR), 0);
}

/* The guest's clock, as it was set last. */
static uint64_t last_clock(void)
{
	uint64_t ticks = 0;

	for (unsigned int i = 0; i < fake_kvm_calls(); i++)
		if (fake_calls[i].request == KVM_SET_ONE_REG &&
		    fake_calls[i].id == KVM_REG_ARM_TIMER_CNT)
			ticks = fake_calls[i].value;
	return ticks;
}

static void test_the_clock_is_set_before_what_compares_with_it(void **state)
{
	uint64_t at_load;

	(void)state;
	make();
	begin_anew();
	assert_ok(load_snapshot("s", "m", false), err);
	at_load = last_clock();
	usleep(2000);
	assert_ok(resume(CLOCK_GUEST), err);
	assert_int_equal(last_clock(), at_load);
	begin_anew();
	assert_ok(load_snapshot("s", "m", false), err);
	usleep(2000);
	assert_ok(resume(CLOCK_WALL), err);
	assert_true((int64_t)(last_clock() - at_load) >= 62500 * 2);
}

static void test_every_cut_of_the_state_is_refused(void **state)
{
	(void)state;
	make();
	begin_anew();
	read_file("s");
	for (size_t size = 0; size < length; size += size < 128 ? 1 : 41) {
		write_file("cut", bytes, size);
		assert_int_equal(load_snapshot("cut", "m", true), -EINVAL);
		assert_contains(err.message, "cut: ");
	}
	assert_int_equal(fake_kvm_calls(), 0);
	assert_ok(load_snapshot("s", "m", true), err);
}

static void test_every_byte_of_the_state_counts(void **state)
{
	(void)state;
	make();
	begin_anew();
	read_file("s");
	for (size_t i = 0; i < length; i++) {
		bytes[i] ^= (uint8_t)(1 + i % 255);
		write_file("bad", bytes, length);
		bytes[i] ^= (uint8_t)(1 + i % 255);
		if (load_snapshot("bad", "m", true) != -EINVAL)
			fail_msg("byte %zu can be another", i);
	}
	assert_int_equal(fake_kvm_calls(), 0);
	assert_ok(load_snapshot("s", "m", true), err);
}

static void test_memory_that_is_not_its_own_is_refused(void **state)
{
	(void)state;
	make();
	assert_ok(write_snapshot("s2", "m2", STATE_FULL), err);
	begin_anew();
	assert_error(load_snapshot("s", "m2", true), err, EINVAL, "the memory of another snapshot");
	assert_int_equal(truncate("m", (16 << 20) - 4096), 0);
	assert_error(load_snapshot("s", "m", true), err, EINVAL, "the snapshot's memory has");
	assert_error(load_snapshot("s", "none", true), err, ENOENT, "none");
	assert_error(load_snapshot("none", "m2", true), err, ENOENT, "none");
	assert_error(load_snapshot(".", "m2", true), err, EINVAL, "not a regular file");
	assert_int_equal(fake_kvm_calls(), 0);
	assert_ok(load_snapshot("s2", "m2", true), err);
}

/* Only between the renames of the two files is memory where it is not expected. */
static void test_a_crash_between_the_renames_leaves_the_new_snapshot(void **state)
{
	char name[80] = "m.";

	(void)state;
	make();
	read_file("s");
	for (unsigned int i = 0; i < STATE_ID_SIZE; i++)
		sprintf(name + 2 + 2 * i, "%02x", bytes[STATE_HEADER_ID + i]);
	assert_int_equal(rename("m", name), 0);
	write_file("m", "old", 3);
	begin_anew();
	assert_ok(load_snapshot("s", "m", false), err);
	/* The next one tidies up before it begins. */
	assert_int_equal(write_snapshot("s", "m", STATE_FULL), 0);
	assert_int_equal(scratch_files(), 3);
}

static void test_what_a_crash_left_is_removed(void **state)
{
	(void)state;
	start_paused();
	write_file("m.00112233445566778899aabbccddeeff", "x", 1);
	write_file("s.00112233445566778899aabbccddeeff", "x", 1);
	write_file("m.0011", "ours", 4);
	assert_ok(write_snapshot("s", "m", STATE_FULL), err);
	assert_int_equal(scratch_files(), 4);
}

/* The limit on a file's size stands for a disk without room. */
static void test_a_failure_leaves_the_earlier_snapshot(void **state)
{
	struct rlimit limit = {1 << 20, RLIM_INFINITY}, before;

	(void)state;
	make();
	getrlimit(RLIMIT_FSIZE, &before);
	limit.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(write_snapshot("s", "m", STATE_FULL), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_contains(err.message, "m: File too large");
	assert_int_equal(scratch_files(), 3);
	ask(OP_GET_INSTANCE);
	assert_int_equal(reply.instance, VM_PAUSED);
	assert_ok(ask(OP_RESUME), err);
	begin_anew();
	assert_ok(load_snapshot("s", "m", true), err);
}

static void test_impossible_paths_are_refused_at_once(void **state)
{
	(void)state;
	start_paused();
	assert_error(create_snapshot("no/s", "m", STATE_FULL), err, ENOENT, "no/s");
	assert_error(create_snapshot("s", "no/m", STATE_FULL), err, ENOENT, "no/m");
	assert_error(create_snapshot("s", "s", STATE_FULL), err, EINVAL, "both files");
	assert_error(create_snapshot(".", "m", STATE_FULL), err, EINVAL, "not a regular file");
	assert_int_equal(scratch_files(), 1);
	ask(OP_GET_INSTANCE);
	assert_int_equal(reply.instance, VM_PAUSED);
}

static void test_an_end_in_the_middle_leaves_no_file(void **state)
{
	(void)state;
	start_paused();
	assert_ok(create_snapshot("s", "m", STATE_FULL), err);
	begin_anew();
	assert_true(scratch_files() == 1 || scratch_files() == 3);
}

static void test_a_register_that_is_not_taken_is_named(void **state)
{
	(void)state;
	start_paused();
	assert_ok(write_snapshot("s", "m", STATE_FULL), err);
	begin_anew();
	fake_kvm_refuse(KVM_SET_ONE_REG, KVM_REG_ARM_TIMER_CNT, EPERM);
	assert_error(load_snapshot("s", "m", true), err, EPERM, "CNTVCT_EL0");
	ask(OP_GET_INSTANCE);
	assert_int_equal(reply.instance, VM_NOT_STARTED);
	ask(OP_GET_VM_CONFIG);
	assert_null(reply.config->application.path);
}

/* Features are names in the state file, held against this host's. */
static void test_a_host_without_a_needed_feature_is_refused_by_name(void **state)
{
	(void)state;
	fake_kvm.hwcap = HWCAP_FP | HWCAP_SHA3;
	make();
	begin_anew();
	fake_kvm.hwcap = HWCAP_FP;
	assert_error(load_snapshot("s", "m", true), err, ENOTSUP, "host feature `sha3`");
	ask(OP_GET_INSTANCE);
	assert_int_equal(reply.instance, VM_NOT_STARTED);
	assert_int_equal(fake_kvm_count(KVM_RUN), 0);
	/* One that has more is as good. */
	fake_kvm.hwcap = HWCAP_FP | HWCAP_SHA3 | HWCAP_SM4;
	assert_ok(load_snapshot("s", "m", true), err);
}

/* Puts another number into the header and makes the checksum good again. */
static void forge(unsigned int at, uint32_t value)
{
	read_file("s");
	bytes_store_le(bytes + at, 4, value);
	bytes_store_le(bytes + STATE_HEADER_SIZE - 8, 8,
		       state_sum(state_sum(0, bytes, STATE_HEADER_SIZE - 8),
				 bytes + STATE_HEADER_SIZE, length - STATE_HEADER_SIZE));
	write_file("forged", bytes, length);
}

static void test_another_version_or_architecture_is_refused_by_name(void **state)
{
	enum { AT_VERSION = 8, AT_MACHINE = 12 }; /* docs/snapshot-format.md */

	(void)state;
	make();
	begin_anew();
	forge(AT_VERSION, STATE_VERSION);
	assert_ok(load_snapshot("forged", "m", false), err);
	begin_anew();
	forge(AT_VERSION, STATE_VERSION + 1);
	assert_error(load_snapshot("forged", "m", true), err, EINVAL,
		     "version 2 of the snapshot format");
	forge(AT_MACHINE, EM_PPC64);
	assert_error(load_snapshot("forged", "m", true), err, EINVAL, "ppc64");
	forge(AT_MACHINE, EM_X86_64);
	assert_error(load_snapshot("forged", "m", true), err, EINVAL, "62");
	assert_int_equal(fake_kvm_calls(), 0);
}

static void test_load_comes_first(void **state)
{
	struct request load = {.operation = OP_SNAPSHOT_LOAD};

	(void)state;
	assert_error(request(&load), err, EINVAL, "missing field: either");
	load.load.memory_path = strdup("m");
	load.load.backend_path = strdup("m");
	assert_error(request(&load), err, EINVAL, "too many fields: either");
	snapshot_load_finish(&load.load);
	load.load.memory_path = strdup("m");
	load.load.clock = CLOCK_GUEST;
	load.load.realtime = true;
	assert_error(request(&load), err, EINVAL, "`clock_realtime`");
	snapshot_load_finish(&load.load);
	assert_ok(put_machine(1, 16), err);
	assert_error(load_snapshot("s", "m", true), err, EINVAL,
		     "not allowed after configuring boot-specific resources");
}

/* Untracked and booted: everything that is there, and so no Diff at all. */
static void test_a_diff_to_nothing_is_whole(void **state)
{
	(void)state;
	start_paused();
	assert_ok(write_snapshot("s", "m", STATE_DIFF), err);
	begin_anew();
	assert_ok(load_snapshot("s", "m", true), err);
}

static void test_a_diff_alone_is_refused(void **state)
{
	(void)state;
	make();
	begin_anew();
	assert_ok(load_snapshot("s", "m", true), err);
	assert_ok(ask(OP_PAUSE), err);
	assert_ok(write_snapshot("s2", "m2", STATE_DIFF), err);
	begin_anew();
	assert_error(load_snapshot("s2", "m2", true), err, EINVAL, "a Diff's memory by itself");
}

static int put_vsock(const char *path)
{
	struct request put = {.operation = OP_PUT_VSOCK,
			      .vsock = {.guest_cid = 9, .uds_path = strdup(path)}};

	return request(&put);
}

static int load_over(const char *path)
{
	struct request load = {.operation = OP_SNAPSHOT_LOAD,
			       .load = {.state_path = strdup("s"),
					.memory_path = strdup("m"),
					.vsock_path = strdup(path)}};
	int result = request(&load);

	snapshot_load_finish(&load.load);
	return result;
}

static void test_a_socket_device_comes_back(void **state)
{
	(void)state;
	assert_ok(put_vsock("v"), err);
	make();
	begin_anew();
	assert_int_equal(access("v", F_OK), -1);
	assert_ok(load_snapshot("s", "m", true), err);
	assert_int_equal(access("v", F_OK), 0);
	ask(OP_GET_VM_CONFIG);
	assert_int_equal(reply.config->vsock.guest_cid, 9);
	assert_string_equal(reply.config->vsock.uds_path, "v");
	begin_anew();
	assert_ok(load_over("w"), err);
	assert_int_equal(access("v", F_OK), -1);
	assert_int_equal(access("w", F_OK), 0);
	ask(OP_GET_VM_CONFIG);
	assert_string_equal(reply.config->vsock.uds_path, "w");
}

static void test_a_path_for_a_device_that_is_not_there(void **state)
{
	(void)state;
	make();
	begin_anew();
	assert_error(load_over("w"), err, EINVAL, "the snapshot has no vsock device");
	assert_int_equal(access("w", F_OK), -1);
	ask(OP_GET_VM_CONFIG);
	assert_null(reply.config->vsock.uds_path);
}

static int group_teardown(void **state)
{
	(void)state;
	free(bytes);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_written_goes_on),
		TEST(test_a_restore_reads_nothing),
		TEST(test_the_clock_is_set_before_what_compares_with_it),
		TEST(test_every_cut_of_the_state_is_refused),
		TEST(test_every_byte_of_the_state_counts),
		TEST(test_memory_that_is_not_its_own_is_refused),
		TEST(test_a_crash_between_the_renames_leaves_the_new_snapshot),
		TEST(test_what_a_crash_left_is_removed),
		TEST(test_a_failure_leaves_the_earlier_snapshot),
		TEST(test_impossible_paths_are_refused_at_once),
		TEST(test_an_end_in_the_middle_leaves_no_file),
		TEST(test_a_register_that_is_not_taken_is_named),
		TEST(test_a_host_without_a_needed_feature_is_refused_by_name),
		TEST(test_another_version_or_architecture_is_refused_by_name),
		TEST(test_load_comes_first),
		TEST(test_a_diff_to_nothing_is_whole),
		TEST(test_a_diff_alone_is_refused),
		TEST(test_a_socket_device_comes_back),
		TEST(test_a_path_for_a_device_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, group_teardown);
}
