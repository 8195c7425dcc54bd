/* SPDX-License-Identifier: Apache-2.0 */
/* A control of a VM on the scripted KVM, and requests to it, for the tests of vmm/control.c.
 * Included once by each test program. */
#ifndef MOTE_TEST_CONTROL_FIXTURE_H
#define MOTE_TEST_CONTROL_FIXTURE_H

#include "tests/unit/elf.h"
#include "tests/unit/guest.h"
#include "tests/unit/pipes.h"
#include "vmm/control.h"

static struct pipes pipes;
static struct control *control;
static struct reply reply;
static struct error err;
static int changes;

static void on_changed(void *context)
{
	assert_ptr_equal(context, &changes);
	changes++;
	loop_stop(pipes.loop);
}

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	fake_kvm_reset();
	pipes_init(&pipes);
	test_elf_write("app", ARM64_RAM);
	changes = 0;
	control = control_create("an-id", pipes.loop, &pipes.streams, &err);
	control_listen(control, on_changed, &changes);
	return control ? 0 : -1;
}

static int teardown(void **state)
{
	control_destroy(control);
	pipes_finish(&pipes);
	return scratch_teardown(state);
}

static int request(struct request *request)
{
	memset(&err, 0, sizeof(err));
	return control_request(control, request, &reply, &err);
}

static int ask(enum operation operation)
{
	return request(&(struct request){.operation = operation});
}

/* What a request carries is taken when it succeeds, ours when it fails. */

static int put_application(const char *path)
{
	struct request put = {.operation = OP_PUT_APPLICATION, .application.path = strdup(path)};
	int result = request(&put);

	assert_int_equal(put.application.path == NULL, result == 0);
	application_finish(&put.application);
	return result;
}

static UNUSED int put_boot_source(const char *path)
{
	struct request put = {.operation = OP_PUT_BOOT_SOURCE,
			      .boot.kernel_image_path = strdup(path)};
	int result = request(&put);

	assert_int_equal(put.boot.kernel_image_path == NULL, result == 0);
	boot_source_finish(&put.boot);
	return result;
}

static UNUSED int put_path(enum operation operation, const char *path)
{
	struct request put = {.operation = operation, .path = strdup(path)};
	int result = request(&put);

	assert_int_equal(put.path == NULL, result == 0);
	free(put.path);
	return result;
}

static int put_machine(uint32_t vcpus, uint32_t mib)
{
	return request(&(struct request){.operation = OP_PUT_MACHINE_CONFIG,
					 .machine = {vcpus, mib, 0, 0}});
}

/* What a request carries is the control's from here on, or freed. */
static int create_snapshot(const char *state, const char *memory, int kind)
{
	struct request create = {
		.operation = OP_SNAPSHOT_CREATE,
		.create = {strdup(state), strdup(memory), kind},
	};
	int result = request(&create);

	snapshot_create_finish(&create.create);
	return result;
}

/* Until it is written or has failed: as control_snapshot_result(). */
static UNUSED int write_snapshot(const char *state, const char *memory, int kind)
{
	int result = create_snapshot(state, memory, kind);

	if (result < 0)
		return result;
	assert_ok(loop_run(pipes.loop, &err), err);
	memset(&err, 0, sizeof(err));
	return control_snapshot_result(control, &err);
}

static bool tracked; /* whether loads track dirty pages */

static UNUSED int load_snapshot(const char *state, const char *memory, bool resume)
{
	struct request load = {
		.operation = OP_SNAPSHOT_LOAD,
		.load = {.state_path = strdup(state),
			 .memory_path = strdup(memory),
			 .resume = resume,
			 .track_dirty_pages = tracked},
	};
	int result = request(&load);

	snapshot_load_finish(&load.load);
	return result;
}

/* What KVM lists is the same whatever has happened. */
static UNUSED void few_registers(void)
{
	static const uint64_t registers[] = {
		0x6030000000100000, /* X0 */
		0x6030000000100040, /* PC */
		KVM_REG_ARM_TIMER_CTL, KVM_REG_ARM_TIMER_CNT, KVM_REG_ARM_TIMER_CVAL, 0,
	};

	fake_kvm.list = registers;
}

/* Another monitor in the same directory. */
static UNUSED void begin_anew(void)
{
	control_destroy(control);
	pipes_finish(&pipes);
	fake_kvm_reset();
	few_registers();
	pipes_init(&pipes);
	control = control_create("an-id", pipes.loop, &pipes.streams, &err);
	assert_non_null(control);
	control_listen(control, on_changed, &changes);
}

static void start(void)
{
	assert_ok(put_machine(1, 16), err);
	assert_ok(put_application("app"), err);
	assert_ok(ask(OP_INSTANCE_START), err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
