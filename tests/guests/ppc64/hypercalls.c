/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls with arguments that nobody means well with: each has the answer that says so, or is
 * KVM's own to answer; none does anything. */
#include "tests/guests/guest.h"

#define END_OF_RAM (32ull << 20)
#define FAR (1ull << 60)
#define WRAPS (~0ull - 0xfff)
#define KVM_ANSWERS INT64_MIN

enum { H_SUCCESS = 0, H_FUNCTION = -2, H_PARAMETER = -4, H_P2 = -55, H_P3 = -56, H_P4 = -57 };
enum { H_UNSUPPORTED_FLAG = -256 };
enum { H_GET_TERM_CHAR = 0x54, H_PUT_TERM_CHAR = 0x58, H_RTAS = PPC64_H_RTAS };
enum { H_SET_MODE = 0x31c, H_REGISTER_PROC_TBL = 0x37c };

#define BE(word) __builtin_bswap32((uint32_t)(word))

/* Argument buffers of RTAS: token, number of arguments, number of results, these. */
static uint32_t many_arguments[32] = {BE(1), BE(UINT32_MAX), BE(1)};
static uint32_t many_results[32] = {BE(1), 0, BE(UINT32_MAX)};
static uint32_t more_together[32] = {BE(1), BE(9), BE(8)};
static uint32_t no_token[32] = {BE(0), 0, BE(1)};
static uint32_t unknown_token[32] = {BE(UINT32_MAX), 0, BE(1)};
static uint32_t too_few[32] = {BE(PPC64_RTAS_START_CPU), BE(2), BE(1)};
static uint32_t no_such_vcpu[32] = {BE(PPC64_RTAS_START_CPU), BE(3), BE(1), BE(UINT32_MAX)};
static uint32_t this_vcpu[32] = {BE(PPC64_RTAS_START_CPU), BE(3), BE(1)};

#define AT(buffer) ((uint64_t)(buffer))

static const struct call {
	const char *name;
	uint64_t function, a, b, c, d;
	int64_t answer;
} calls[] = {
	{"number 0", 0, 0, 0, 0, 0, H_FUNCTION},
	{"odd number", 0x55, 0, 16, 0, 0, H_FUNCTION},
	{"largest number", ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, H_FUNCTION},
	{"nested guest", 0xf804, FAR, WRAPS, 0, 0, KVM_ANSWERS},
	{"partition table", 0xf800, FAR, 0, 0, 0, KVM_ANSWERS},
	{"ultravisor", 0xef00, FAR, WRAPS, 0, 0, KVM_ANSWERS},
	{"output", H_PUT_TERM_CHAR, 0, 9, 0x7465726d696e616c, 0x0aull << 56, H_SUCCESS},
	{"output of 17 bytes", H_PUT_TERM_CHAR, 0, 17, 0, 0, H_PARAMETER},
	{"output of all bytes", H_PUT_TERM_CHAR, 0, ~0ull, 0, 0, H_PARAMETER},
	{"output elsewhere", H_PUT_TERM_CHAR, ~0ull, 1, 0, 0, H_PARAMETER},
	{"input elsewhere", H_GET_TERM_CHAR, 1, 0, 0, 0, H_PARAMETER},
	{"table past RAM", H_REGISTER_PROC_TBL, 0x1d, END_OF_RAM, 0, 0, H_P2},
	{"table over the end", H_REGISTER_PROC_TBL, 0x1d, END_OF_RAM - 0x1000, 0, 1, H_P2},
	{"table that wraps", H_REGISTER_PROC_TBL, 0x1d, WRAPS, 0, 24, H_P2},
	{"table in a device", H_REGISTER_PROC_TBL, 0x1d, UART, 0, 0, H_P2},
	{"table out of line", H_REGISTER_PROC_TBL, 0x1d, 0x10001, 0, 0, H_P2},
	{"huge table", H_REGISTER_PROC_TBL, 0x1d, 0, 0, 52, H_P4},
	{"hugest table", H_REGISTER_PROC_TBL, 0x1d, 0, 0, ~0ull, H_P4},
	{"table of pages", H_REGISTER_PROC_TBL, 0x1d, 0, ~0ull, 0, H_P3},
	{"hashed table", H_REGISTER_PROC_TBL, 0x18, 0x10000, 0, 0, H_PARAMETER},
	{"all flags", H_REGISTER_PROC_TBL, ~0ull, 0x10000, 0, 0, H_PARAMETER},
	{"AIL 2", H_SET_MODE, 2, 3, 0, 0, H_UNSUPPORTED_FLAG},
	{"every mode", H_SET_MODE, ~0ull, 3, 0, 0, H_UNSUPPORTED_FLAG},
	{"mode of nothing", H_SET_MODE, 0, ~0ull, 0, 0, H_P2},
	{"mode with a value", H_SET_MODE, 3, 3, FAR, 0, H_P3},
	{"mode with another", H_SET_MODE, 3, 3, 0, FAR, H_P4},
	{"buffer past RAM", H_RTAS, END_OF_RAM, 0, 0, 0, H_PARAMETER},
	{"buffer over the end", H_RTAS, END_OF_RAM - 8, 0, 0, 0, H_PARAMETER},
	{"buffer that wraps", H_RTAS, ~0ull - 7, 0, 0, 0, H_PARAMETER},
	{"buffer in a device", H_RTAS, UART, 0, 0, 0, H_PARAMETER},
	{"buffer far away", H_RTAS, FAR, 0, 0, 0, H_PARAMETER},
	{"RTAS, many arguments", H_RTAS, AT(many_arguments), 0, 0, 0, H_PARAMETER},
	{"RTAS, many results", H_RTAS, AT(many_results), 0, 0, 0, H_PARAMETER},
	{"RTAS, more together", H_RTAS, AT(more_together), 0, 0, 0, H_PARAMETER},
	{"RTAS, token 0", H_RTAS, AT(no_token), 0, 0, 0, H_SUCCESS},
	{"RTAS, largest token", H_RTAS, AT(unknown_token), 0, 0, 0, H_SUCCESS},
	{"RTAS, too few", H_RTAS, AT(too_few), 0, 0, 0, H_SUCCESS},
	{"RTAS, no such vCPU", H_RTAS, AT(no_such_vcpu), 0, 0, 0, H_SUCCESS},
	{"RTAS, this vCPU", H_RTAS, AT(this_vcpu), 0, 0, 0, H_SUCCESS},
	{"H_ENTER", 0x8, ~0ull, ~0ull, ~0ull, ~0ull, KVM_ANSWERS},
	{"H_REMOVE", 0x4, ~0ull, ~0ull, ~0ull, 0, KVM_ANSWERS},
	{"H_BULK_REMOVE", 0x24, ~0ull, ~0ull, ~0ull, ~0ull, KVM_ANSWERS},
	{"H_PUT_TCE", 0x20, ~0ull, WRAPS, ~0ull, 0, KVM_ANSWERS},
	{"H_PAGE_INIT", 0x2c, ~0ull, END_OF_RAM, WRAPS, 0, KVM_ANSWERS},
	{"H_LOGICAL_CI_LOAD", 0x3c, 8, UART, 0, 0, KVM_ANSWERS},
	{"H_LOGICAL_CI_STORE", 0x40, ~0ull, WRAPS, ~0ull, 0, KVM_ANSWERS},
	{"H_LOGICAL_MEMOP", 0xf001, WRAPS, FAR, 3, ~0ull, KVM_ANSWERS},
	{"H_REGISTER_VPA", 0xdc, 1ull << 45, 0, END_OF_RAM, 0, KVM_ANSWERS},
	{"H_REGISTER_VPA, wraps", 0xdc, 3ull << 45, 0, WRAPS, 0, KVM_ANSWERS},
	{"H_REGISTER_VPA, nobody's", 0xdc, 1ull << 45, ~0ull, WRAPS, 0, KVM_ANSWERS},
	{"H_IPI", 0x6c, ~0ull, ~0ull, 0, 0, KVM_ANSWERS},
	{"H_EOI", 0x64, ~0ull, 0, 0, 0, KVM_ANSWERS},
	{"H_PROD", 0xe8, ~0ull, 0, 0, 0, KVM_ANSWERS},
	{"H_CONFER", 0xe4, ~0ull, ~0ull, 0, 0, KVM_ANSWERS},
	{"H_RPT_INVALIDATE", 0x448, ~0ull, ~0ull, ~0ull, ~0ull, KVM_ANSWERS},
};

static const struct {
	const char *name;
	const uint32_t *status;
	int32_t expected;
} statuses[] = {
	{"token 0", &no_token[3], -1},    {"largest token", &unknown_token[3], -1},
	{"too few", &too_few[5], -3},     {"no such vCPU", &no_such_vcpu[6], -3},
	{"this vCPU", &this_vcpu[6], -1},
};

void guest_main(uint64_t tree)
{
	uint64_t count = sizeof(calls) / sizeof(calls[0]), wrong = 0;

	(void)tree;
	for (const struct call *call = calls; call < calls + count; call++) {
		uint64_t answer = guest_call4(call->function, call->a, call->b, call->c, call->d);

		if (call->answer == KVM_ANSWERS || (int64_t)answer == call->answer)
			continue;
		print_value(call->name, answer);
		wrong++;
	}
	for (unsigned int i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		int32_t status = (int32_t)BE(*(const volatile uint32_t *)statuses[i].status);

		if (status == statuses[i].expected)
			continue;
		print_value(statuses[i].name, (uint64_t)status);
		wrong++;
	}
	print_value("calls", count);
	print_value("wrong", wrong);
}
