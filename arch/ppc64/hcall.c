/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/ppc64/hcall.h"

#include <errno.h>
#include <sys/random.h>

#include "arch/ppc64/layout.h"
#include "arch/ppc64/rtas.h"
#include "vmm/arch.h"

enum exit_action hcall_answer(struct exit *exit, enum hcall_status status)
{
	exit->run->papr_hcall.ret = (uint64_t)(int64_t)status;
	return EXIT_ENTER;
}

/* ---- the terminal: the UART by other means ---- */

enum { TERMINAL = 0, TERMINAL_BYTES = 16 };
enum { UART_DATA = 0, UART_IER = 1, UART_LSR = 5, UART_RECEIVED = 1 };

static uint8_t uart_get(const struct exit *exit, unsigned int offset)
{
	uint8_t value;

	bus_read(exit->bus, PPC64_UART + offset, &value, 1);
	return value;
}

static int uart_put(const struct exit *exit, unsigned int offset, uint8_t value)
{
	uint64_t progress = 0;

	return bus_write(exit->bus, PPC64_UART + offset, &value, 1, &progress);
}

/* H_PUT_TERM_CHAR(terminal, count, 16 bytes in r6 and r7, the first one at the top) */
static enum exit_action put_term_char(struct exit *exit)
{
	const __u64 *args = exit->run->papr_hcall.args;

	if (args[0] != TERMINAL || args[1] > TERMINAL_BYTES)
		return hcall_answer(exit, H_PARAMETER);
	for (; exit->progress < args[1]; exit->progress++) {
		uint64_t i = exit->progress;

		if (uart_put(exit, UART_DATA, (uint8_t)(args[2 + i / 8] >> (56 - i % 8 * 8))) < 0)
			return EXIT_AGAIN;
	}
	return hcall_answer(exit, H_SUCCESS);
}

/* H_GET_TERM_CHAR(terminal): their number in r4, the bytes in r5 and r6. Who asks listens. */
static enum exit_action get_term_char(struct exit *exit)
{
	__u64 *args = exit->run->papr_hcall.args;
	uint64_t words[2] = {0};
	unsigned int count = 0;

	if (args[0] != TERMINAL)
		return hcall_answer(exit, H_PARAMETER);
	if (!(uart_get(exit, UART_IER) & UART_RECEIVED))
		uart_put(exit, UART_IER, UART_RECEIVED);
	for (; count < TERMINAL_BYTES && uart_get(exit, UART_LSR) & UART_RECEIVED; count++)
		words[count / 8] |= (uint64_t)uart_get(exit, UART_DATA) << (56 - count % 8 * 8);
	args[0] = count;
	args[1] = words[0];
	args[2] = words[1];
	return hcall_answer(exit, H_SUCCESS);
}

/* ---- the MMU, and how interrupts are taken ---- */

#define PROC_TABLE_NEW_RADIX 0x1cull /* operation 0x18: a new one; type 0x04: radix */
#define PROC_TABLE_GTSE 0x01ull
enum { PROC_TABLE_ORDER_MAX = 24, PROC_TABLE_ORDER_BIAS = 12 };

int hcall_set_tables(const struct machine *machine, uint64_t tables)
{
	uint64_t address = tables & PPC64_TABLES_ADDRESS, order = tables & PPC64_TABLES_ORDER;
	struct kvm_ppc_mmuv3_cfg config = {
		.flags =
			KVM_PPC_MMUV3_RADIX | (tables & PPC64_TABLES_GTSE ? KVM_PPC_MMUV3_GTSE : 0),
		.process_table = PPC64_TABLES_RADIX | address | order,
	};

	if (order > PROC_TABLE_ORDER_MAX || (tables & ~PPC64_TABLES_GTSE) != config.process_table ||
	    !memory_contains(machine->memory, address, 1ull << (order + PROC_TABLE_ORDER_BIAS)))
		return -EFAULT;
	return kvm_ioctl(machine->vm_fd, KVM_PPC_CONFIGURE_V3_MMU, &config);
}

/* H_REGISTER_PROC_TBL(flags, address, page size (of hashed tables), log2 of its pages) */
static enum exit_action register_proc_tbl(struct exit *exit)
{
	const __u64 *args = exit->run->papr_hcall.args;
	uint64_t tables;
	int result;

	if ((args[0] & ~PROC_TABLE_GTSE) != PROC_TABLE_NEW_RADIX)
		return hcall_answer(exit, H_PARAMETER);
	if (args[2])
		return hcall_answer(exit, H_P3);
	if (args[3] > PROC_TABLE_ORDER_MAX)
		return hcall_answer(exit, H_P4);
	if (args[1] & ~PPC64_TABLES_ADDRESS)
		return hcall_answer(exit, H_P2);
	tables = PPC64_TABLES_RADIX | args[1] | args[3] |
		 (args[0] & PROC_TABLE_GTSE ? PPC64_TABLES_GTSE : 0);
	result = hcall_set_tables(exit->machine, tables);
	if (result < 0)
		return hcall_answer(exit, result == -EFAULT ? H_P2 : H_HARDWARE);
	__atomic_store_n(&exit->machine->page_tables, tables, __ATOMIC_RELEASE);
	return hcall_answer(exit, H_SUCCESS);
}

static void mode_set(struct machine *machine, uint64_t mask, uint64_t bits)
{
	uint64_t old = __atomic_load_n(&machine->mode, __ATOMIC_ACQUIRE);

	while (!__atomic_compare_exchange_n(&machine->mode, &old, (old & ~mask) | bits, false,
					    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
	machine->vcpus.update(machine->vcpus.context);
}

/* A value of H_SET_MODE's flags for a resource, and what it means in LPCR. KVM-HV has no AIL 2
 * since Linux 5.18, POWER10 neither. */
static const struct {
	uint64_t resource, flags, mask, bits;
} modes[] = {
	{3, 0, PPC64_LPCR_AIL, 0},
	{3, 3, PPC64_LPCR_AIL, PPC64_LPCR_AIL},
	{4, 0, PPC64_LPCR_ILE, 0},
	{4, 1, PPC64_LPCR_ILE, PPC64_LPCR_ILE},
};

/* H_SET_MODE(flags, resource, value 1, value 2) */
static enum exit_action set_mode(struct exit *exit)
{
	const __u64 *args = exit->run->papr_hcall.args;
	bool known = false;

	for (unsigned int i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (modes[i].resource != args[1])
			continue;
		known = true;
		if (modes[i].flags != args[0])
			continue;
		if (args[2] || args[3])
			return hcall_answer(exit, args[2] ? H_P3 : H_P4);
		mode_set(exit->machine, modes[i].mask, modes[i].bits);
		return hcall_answer(exit, H_SUCCESS);
	}
	return hcall_answer(exit, known ? H_UNSUPPORTED_FLAG : H_P2);
}

/* H_RANDOM(): 64 bits in r4 */
static enum exit_action random_bits(struct exit *exit)
{
	uint64_t value;

	if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value))
		return hcall_answer(exit, H_HARDWARE);
	exit->run->papr_hcall.args[0] = value;
	return hcall_answer(exit, H_SUCCESS);
}

static const struct {
	uint64_t number;
	enum exit_action (*handle)(struct exit *exit);
} hcalls[] = {
	{0x054, get_term_char}, {0x058, put_term_char},     {0x300, random_bits},
	{0x31c, set_mode},      {0x37c, register_proc_tbl},
};

enum exit_action hcall(struct exit *exit, struct error *err)
{
	uint64_t number = exit->run->papr_hcall.nr;

	if (number == PPC64_H_RTAS)
		return rtas(exit, err);
	for (unsigned int i = 0; i < sizeof(hcalls) / sizeof(hcalls[0]); i++)
		if (hcalls[i].number == number)
			return hcalls[i].handle(exit);
	exit->unknown_call = true;
	return hcall_answer(exit, H_FUNCTION);
}
