/* SPDX-License-Identifier: Apache-2.0 */
/* A VM on the scripted KVM with an application to run, for the tests of vmm/vm.c. Included once
 * by each test program. */
#ifndef MOTE_TEST_VM_FIXTURE_H
#define MOTE_TEST_VM_FIXTURE_H

#include "tests/unit/elf.h"
#include "tests/unit/guest.h"
#include "tests/unit/pipes.h"
#include "vmm/vm.h"

enum { MIB = 16 };

static struct pipes pipes;
static struct vm_config config;
static struct vm_outcome outcome;
static int ended;
static struct error err;

static void on_ended(void *context, const struct vm_outcome *how)
{
	assert_ptr_equal(context, &config);
	ended++;
	outcome = *how;
	loop_stop(pipes.loop);
}

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	fake_kvm_reset();
	pipes_init(&pipes);
	vm_config_init(&config);
	config.machine.mem_size_mib = MIB;
	config.application.path = strdup("app");
	test_elf_write("app", 0x400000);
	ended = 0;
	return 0;
}

static int teardown(void **state)
{
	vm_config_finish(&config);
	pipes_finish(&pipes);
	return scratch_teardown(state);
}

static struct vm *try_create(void)
{
	const struct vm_owner owner = {.ended = on_ended, .context = &config};

	memset(&err, 0, sizeof(err));
	return vm_create(&config, pipes.loop, &pipes.streams, &owner, &err);
}

static struct vm *create(void)
{
	struct vm *vm = try_create();

	if (!vm)
		fail_msg("%s", err.message);
	return vm;
}

static UNUSED void run_to_its_end(struct vm *vm)
{
	assert_ok(vm_start(vm, &err), err);
	assert_ok(loop_run(pipes.loop, &err), err);
	assert_int_equal(ended, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
