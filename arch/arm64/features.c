/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest sees of the processor, by the names of /proc/cpuinfo. Source: Linux
 * Documentation/arm64/elf_hwcaps.rst. */
#include <asm/hwcap.h>

#include "arch/arm64/layout.h"
#include "vmm/arch_state.h"

/* By the bits of AT_HWCAP and AT_HWCAP2. */
static const char *const hwcap_names[] = {
	"fp",      "asimd", "evtstrm", "aes",   "pmull",    "sha1",   "sha2", "crc32",
	"atomics", "fphp",  "asimdhp", "cpuid", "asimdrdm", "jscvt",  "fcma", "lrcpc",
	"dcpop",   "sha3",  "sm3",     "sm4",   "asimddp",  "sha512", "sve",  "asimdfhm",
	"dit",     "uscat", "ilrcpc",  "flagm", "ssbs",     "sb",     "paca", "pacg",
};
static const char *const hwcap2_names[] = {
	"dcpodp",  "sve2",   "sveaes", "svepmull", "svebitperm", "svesha3",
	"svesm4",  "flagm2", "frint",  "svei8mm",  "svef32mm",   "svef64mm",
	"svebf16", "i8mm",   "bf16",   "dgh",      "rng",        "bti",
};

static unsigned int add(const char **names, unsigned int count, unsigned long bits,
			const char *const *of, unsigned int of_count)
{
	for (unsigned int i = 0; i < of_count; i++)
		if (bits >> i & 1)
			names[count++] = of[i];
	return count;
}

void arch_features(const struct machine *machine, const char *names[ARCH_FEATURES_MAX + 1])
{
	unsigned long sve2 = HWCAP2_SVE2 | HWCAP2_SVEAES | HWCAP2_SVEPMULL | HWCAP2_SVEBITPERM |
			     HWCAP2_SVESHA3 | HWCAP2_SVESM4 | HWCAP2_SVEI8MM | HWCAP2_SVEF32MM |
			     HWCAP2_SVEF64MM | HWCAP2_SVEBF16;
	unsigned long hwcap = kvm_hwcap(), hwcap2 = kvm_hwcap2();
	unsigned int count = 0;

	/* The host's event stream is the host's; the rest only where guests get it. */
	hwcap &= ~(unsigned long)HWCAP_EVTSTRM;
	if (!(machine->vcpu_features >> KVM_ARM_VCPU_SVE & 1)) {
		hwcap &= ~(unsigned long)HWCAP_SVE;
		hwcap2 &= ~sve2;
	}
	if (!(machine->vcpu_features >> KVM_ARM_VCPU_PTRAUTH_ADDRESS & 1))
		hwcap &= ~(HWCAP_PACA | HWCAP_PACG);
	names[count++] = machine->irqchip == ARM64_GIC_V3 ? "gicv3" : "gicv2";
	count = add(names, count, hwcap, hwcap_names, sizeof(hwcap_names) / sizeof(hwcap_names[0]));
	count = add(names, count, hwcap2, hwcap2_names,
		    sizeof(hwcap2_names) / sizeof(hwcap2_names[0]));
	names[count] = NULL;
}
