/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls with arguments that nobody means well with: each has the answer that says so, or is
 * KVM's own to answer; none does anything. Source: Arm DEN 0022 (PSCI), DEN 0098 (TRNG). */
#include "tests/guests/guest.h"

#define END_OF_RAM (RAM + (32ull << 20))
#define KVM_ANSWERS INT64_MIN

enum { NOT_SUPPORTED = -1, INVALID_PARAMETERS = -2, ALREADY_ON = -4 };

static const struct call {
	const char *name;
	uint64_t function, a, b, c;
	int64_t answer;
} calls[] = {
	{"number 0", 0, 0, 0, 0, NOT_SUPPORTED},
	{"largest number", ~0ull, ~0ull, ~0ull, ~0ull, NOT_SUPPORTED},
	{"unknown PSCI call", 0x8400001f, ~0ull, ~0ull, ~0ull, NOT_SUPPORTED},
	{"CPU_ON, no such vCPU", 0xc4000003, ~0ull, RAM, 0, INVALID_PARAMETERS},
	{"CPU_ON, past the last one", 0xc4000003, 1, RAM, 0, INVALID_PARAMETERS},
	{"CPU_ON, this vCPU", 0xc4000003, 0, END_OF_RAM, 0, ALREADY_ON},
	{"CPU_ON, 32 bits", 0x84000003, 0xff000001, ~0ull, ~0ull, INVALID_PARAMETERS},
	{"AFFINITY_INFO, no such level", 0xc4000004, 0, ~0ull, 0, INVALID_PARAMETERS},
	{"AFFINITY_INFO, no such vCPU", 0xc4000004, ~0ull, 0, 0, INVALID_PARAMETERS},
	{"PSCI_FEATURES, of nothing", 0x8400000a, ~0ull, 0, 0, NOT_SUPPORTED},
	{"MIGRATE", 0xc4000005, ~0ull, 0, 0, NOT_SUPPORTED},
	{"SYSTEM_SUSPEND", 0xc400000e, END_OF_RAM, ~0ull, 0, NOT_SUPPORTED},
	{"stolen time", 0xc5000021, ~0ull, ~0ull, 0, NOT_SUPPORTED},
	{"TRNG, too much", 0xc4000053, ~0ull, 0, 0, KVM_ANSWERS},
	{"vendor's features", 0x86000000, ~0ull, ~0ull, ~0ull, KVM_ANSWERS},
	{"vendor's clock", 0x86000001, ~0ull, ~0ull, ~0ull, KVM_ANSWERS},
};

void guest_main(uint64_t tree)
{
	uint64_t count = sizeof(calls) / sizeof(calls[0]), wrong = 0;

	(void)tree;
	for (const struct call *call = calls; call < calls + count; call++) {
		uint64_t answer = guest_call(call->function, call->a, call->b, call->c);

		if (call->answer == KVM_ANSWERS || (int64_t)answer == call->answer)
			continue;
		print_value(call->name, answer);
		wrong++;
	}
	print_value("calls", count);
	print_value("wrong", wrong);
}
