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

static int put_boot_source(const char *path)
{
	struct request put = {.operation = OP_PUT_BOOT_SOURCE,
			      .boot.kernel_image_path = strdup(path)};
	int result = request(&put);

	assert_int_equal(put.boot.kernel_image_path == NULL, result == 0);
	boot_source_finish(&put.boot);
	return result;
}

static int put_path(enum operation operation, const char *path)
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

static void start(void)
{
	assert_ok(put_machine(1, 16), err);
	assert_ok(put_application("app"), err);
	assert_ok(ask(OP_INSTANCE_START), err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
