/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest sees of the processor. Source: Linux arch/powerpc/include/uapi/asm/cputable.h. */
#include "vmm/arch_state.h"

static const struct {
	unsigned long hwcap, hwcap2; /* all bits of them */
	const char *name;
} features[] = {
	{0x10000000, 0, "altivec"},    {0x00000080, 0, "vsx"},     {0, 0x80000000, "isa2.07"},
	{0, 0x02000000, "vec_crypto"}, {0, 0x00800000, "isa3.00"}, {0, 0x00400000, "ieee128"},
	{0, 0x00200000, "darn"},       {0, 0x00040000, "isa3.10"}, {0, 0x00020000, "mma"},
};

void arch_features(const struct machine *machine, const char *names[ARCH_FEATURES_MAX + 1])
{
	unsigned int count = 0;

	(void)machine;
	names[count++] = "xics";
	names[count++] = "radix";
	for (unsigned int i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if ((kvm_hwcap() & features[i].hwcap) == features[i].hwcap &&
		    (kvm_hwcap2() & features[i].hwcap2) == features[i].hwcap2)
			names[count++] = features[i].name;
	names[count] = NULL;
}
