/* SPDX-License-Identifier: Apache-2.0 */
/* gdb's protocol over the socket of a VM on the scripted KVM: waiting, stops, leaving, ends. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "arch/arm64/regs.h"
#include "tests/unit/vm_fixture.h"
#include "vmm/arch.h"

#define ESR_BRK (0x3cu << 26)
#define ESR_STEP (0x32u << 26)
enum { TEXT = 0x4000 };

static int client;
static char answer[32768];

static const struct fake_run begins = {
	.reason = KVM_EXIT_MMIO,
	.address = ARM64_CONTROL + CONTROL_STOP,
	.size = 8,
	.write = true,
	.data = CONTROL_STOP_BEGIN,
};
static const struct fake_run steps = {.reason = KVM_EXIT_DEBUG, .data = ESR_STEP};
static const struct fake_run traps = {.reason = KVM_EXIT_DEBUG, .data = ESR_BRK};

static void say(const char *text)
{
	char packet[512];
	uint8_t sum = 0;

	for (const char *c = text; *c; c++)
		sum = (uint8_t)(sum + *c);
	snprintf(packet, sizeof(packet), "$%s#%02x", text, sum);
	assert_int_equal(send(client, packet, strlen(packet), MSG_NOSIGNAL), strlen(packet));
}

/* The next packet; waits for it. */
static const char *hear(void)
{
	ssize_t count = -1;

	for (int i = 0; i < 100000 && count < 0; i++) {
		pipes_dispatch(&pipes);
		count = recv(client, answer, sizeof(answer) - 1, 0);
	}
	assert_true(count > 3);
	answer[count - 3] = '\0';
	return answer + 1;
}

static const char *ask(const char *text)
{
	say(text);
	return hear();
}

/* The first answers: "+" and OK. */
static void connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, path);
	client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_string_equal(ask("QStartNoAckMode"), "$OK");
}

/* Those that the scripted KVM has room for. */
static const uint64_t *small_registers(void)
{
	static uint64_t ids[REG_ROWS_MAX];
	unsigned int count = 0;

	for (unsigned int i = 0; i < arch_regs.row_count; i++)
		if (!(arch_regs.rows[i].flags & REG_BLOCK) &&
		    arch_regs.rows[i].size <= FAKE_REG_BYTES)
			ids[count++] = arch_regs.rows[i].id;
	return ids;
}

/* What the guest does once it is let go on: nothing if NULL. */
static struct vm *begin(const struct fake_run *then)
{
	struct vm *vm;

	config.debug_socket = strdup("gdb");
	vm = create();
	fake_kvm.list = small_registers();
	fake_kvm_set_capability(KVM_CAP_GUEST_DEBUG_HW_BPS, 2);
	fake_kvm_set_capability(KVM_CAP_GUEST_DEBUG_HW_WPS, 1);
	fake_kvm_run(0, &begins);
	fake_kvm_run(0, &steps);
	if (then)
		fake_kvm_run(0, then);
	assert_int_equal(guest_page(MIB)->debugged, 1);
	assert_ok(vm_start(vm, &err), err);
	return vm;
}

static void end(struct vm *vm)
{
	close(client);
	vm_destroy(vm);
}

static unsigned int register_writes(void)
{
	return fake_kvm_count(KVM_SET_ONE_REG);
}

/* The boot registers, and then nothing: it looked at everything. */
static void test_it_waits_and_a_look_writes_nothing(void **state)
{
	struct fake_run exits = guest_exits(CONTROL_EXITED, 0, 3);
	struct vm *vm = begin(&exits);

	(void)state;
	connect_to("gdb");
	assert_int_equal(strncmp(ask("?"), "T05thread:1;", 12), 0);
	assert_int_equal(strlen(ask("g")), 2 * (33 * 8 + 4));
	assert_contains(ask("qXfer:features:read:target.xml:0,3f00"), "aarch64v");
	assert_string_equal(ask("qfThreadInfo"), "m1");
	say("vCont;c");
	assert_string_equal(hear(), "W03");
	assert_int_equal(register_writes(), 2);
	assert_int_equal(ended, 1);
	end(vm);
}

static void test_a_breakpoint_stops_and_leaving_removes_it(void **state)
{
	uint8_t before[4], after[4];
	char question[64];
	struct vm *vm;
	int fd;

	(void)state;
	vm = begin(&traps);
	connect_to("gdb");
	assert_int_equal(strncmp(ask("?"), "T05", 3), 0);
	fd = fake_kvm_call(KVM_RUN, 0)->fd;
	snprintf(question, sizeof(question), "Z0,%llx,4", ARM64_RAM + TEXT);
	memcpy(before, guest_memory(ARM64_RAM + TEXT), 4);
	assert_string_equal(ask(question), "OK");
	assert_memory_equal(guest_memory(ARM64_RAM + TEXT), "\0\0\x20\xd4", 4);
	fake_kvm_set(fd, arch_regs.rows[ARM64_PC].id, ARM64_RAM + TEXT);
	assert_contains(ask("vCont;c"), "T05thread:1;swbreak:;");
	close(client); /* without a word */
	pipes_dispatch(&pipes);
	memcpy(after, guest_memory(ARM64_RAM + TEXT), 4);
	assert_memory_equal(after, before, 4);
	connect_to("gdb"); /* again: it runs, and is stopped */
	assert_int_equal(strncmp(ask("?"), "T05", 3), 0);
	assert_string_equal(ask("D"), "OK");
	assert_int_equal(register_writes(), 2);
	end(vm);
}

static void test_points_are_counted(void **state)
{
	struct vm *vm = begin(NULL);

	(void)state;
	connect_to("gdb");
	assert_string_equal(ask("Z1,1000,4"), "OK");
	assert_string_equal(ask("Z1,2000,4"), "OK");
	assert_string_equal(ask("Z1,3000,4"), "E1c");
	assert_string_equal(ask("z1,1000,4"), "OK");
	assert_string_equal(ask("Z1,3000,4"), "OK");
	assert_string_equal(ask("Z2,1000,8"), "OK");
	assert_string_equal(ask("Z3,2000,8"), "E1c");
	assert_string_equal(ask("Z2,1001,8"), ""); /* no hardware can */
	assert_string_equal(ask("Z1,1001,4"), "");
	end(vm);
}

/* Ctrl-C, while the guest waits; the API's pause beside it. */
static void test_interrupt_beside_a_pause(void **state)
{
	struct vm *vm = begin(NULL);

	(void)state;
	connect_to("gdb");
	say("vCont;c");
	pipes_dispatch(&pipes);
	vm_pause(vm);
	assert_int_equal(send(client, "\3", 1, 0), 1);
	assert_int_equal(strncmp(hear(), "T02", 3), 0);
	vm_resume(vm); /* the debugger holds it */
	fake_kvm_clear_log();
	pipes_dispatch(&pipes);
	assert_string_equal(ask("qC"), "QC1");
	assert_int_equal(fake_kvm_count(KVM_RUN), 0);
	end(vm);
}

static void test_kill(void **state)
{
	struct vm *vm = begin(NULL);

	(void)state;
	connect_to("gdb");
	say("k");
	while (!ended)
		pipes_dispatch(&pipes);
	assert_int_equal(outcome.kind, VM_SIGNALED);
	assert_int_equal(outcome.signal, 9);
	end(vm);
}

static void test_sockets(void **state)
{
	struct vm *vm = begin(NULL);

	(void)state;
	assert_ok(vm_debug(vm, "gdb", &err), err); /* it is there */
	assert_ok(vm_debug(vm, "other", &err), err);
	assert_int_equal(access("gdb", F_OK), -1);
	connect_to("other");
	assert_error(vm_debug(vm, "gdb", &err), err, EBUSY, "connected at other");
	assert_ok(vm_debug(vm, "other", &err), err);
	end(vm);
	assert_int_equal(access("other", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_it_waits_and_a_look_writes_nothing),
		TEST(test_a_breakpoint_stops_and_leaving_removes_it),
		TEST(test_points_are_counted),
		TEST(test_interrupt_beside_a_pause),
		TEST(test_kill),
		TEST(test_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
