/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses to devices, of all sizes and in both byte orders, through KVM and the monitor's own
 * table of exits: what the device gets, and what the guest gets back (tests/guests/order.c). */
#include "tests/guests/order.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tests/registers/machine.h"

struct keeper {
	uint8_t bytes[8];
	bool strange; /* an access that is none of the guest's */
};

static uint64_t keeper_read(void *context, uint64_t offset, unsigned int size)
{
	struct keeper *keeper = context;
	uint64_t value = 0;

	if (offset != ORDER_BYTES)
		keeper->strange = true;
	else
		memcpy(&value, keeper->bytes, size);
	return value;
}

static int keeper_write(void *context, uint64_t offset, unsigned int size, uint64_t value,
			uint64_t *progress)
{
	struct keeper *keeper = context;

	(void)progress;
	if (offset == ORDER_END)
		return -ECANCELED;
	if (offset != ORDER_BYTES)
		keeper->strange = true;
	else
		memcpy(keeper->bytes, &value, size);
	return 0;
}

/* Until a device ends it. */
static bool run(struct test_cpu *cpu, const struct bus *bus)
{
	enum exit_action action = EXIT_ENTER;
	struct error err;

	while (action == EXIT_ENTER) {
		struct exit exit = {.run = cpu->run, .bus = bus, .machine = &cpu->vm.machine};
		int result;

		test_flush(&cpu->regs);
		result = kvm_ioctl_value(cpu->regs.vcpu_fd, KVM_RUN, 0);
		regs_returned(&cpu->regs, result == 0 && arch_exits[cpu->run->exit_reason].owed);
		if (result != 0 || cpu->run->exit_reason != KVM_EXIT_MMIO) {
			tap_note("KVM_RUN: %d, exit %u", result, cpu->run->exit_reason);
			return false;
		}
		action = exit_mmio(&exit, &err);
	}
	return action == EXIT_LEAVE;
}

static uint64_t reversed(uint64_t value, uint64_t size)
{
	return __builtin_bswap64(value) >> (64 - 8 * size);
}

static void check(const struct order_record *record)
{
	uint64_t value = ORDER_VALUE(record->size);
	uint64_t kept = record->swapped ? reversed(value, record->size) : value;

	tap_point(record->kept == kept && record->loaded == value, "MMIO of %u bytes, %.*s",
		  (unsigned int)record->size, (int)sizeof(record->way), record->way);
	if (record->kept != kept || record->loaded != value)
		tap_note("0x%" PRIx64 ": the device has 0x%" PRIx64 ", back comes 0x%" PRIx64,
			 value, record->kept, record->loaded);
}

void test_order(const char *guests)
{
	static const struct bus_device device = {.read = keeper_read, .write = keeper_write};
	struct keeper keeper = {0};
	struct bus bus = {0};
	struct order_page page;
	struct test_cpu cpu;
	struct error err;

	test_cpu_init(&cpu, false);
	test_cpu_finalize(&cpu);
	tap_must(bus_add(&bus, arch_layout.control, 0x1000, &device, &keeper, &err), &err);
	tap_must(arch_vcpu_boot(&cpu.regs, test_load_guest(&cpu.vm, guests, "order"), 0, &err),
		 &err);
	tap_point(run(&cpu, &bus) && !keeper.strange, "MMIO: the guest comes to its end");
	memory_read(&cpu.vm.memory, arch_layout.ram_base + ORDER_OFFSET, &page, sizeof(page));
	for (uint64_t i = 0; i < page.count && i < ORDER_RECORDS; i++)
		check(&page.records[i]);
	test_cpu_finish(&cpu);
}
