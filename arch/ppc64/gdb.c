/* SPDX-License-Identifier: Apache-2.0 */
/* gdb's names for ppc64 registers. Source: GDB manual, G.5.11 "PowerPC Features". */
#include "arch/ppc64/regs.h"
#include "vmm/arch_debug.h"

const char arch_gdb_architecture[] = "powerpc:common64";

/* What gdb looks at after every stop: r1 is the stack pointer, r31 a frame's where there is one, lr
 * where it returns to. */
#define GPR(F, n) {"r" #n, "uint64", 64, (n) == 1 || (n) == 31, PPC64_GPR##n},
static const struct gdb_register core[] = {
	PPC64_EACH_32(GPR, F){"pc", "code_ptr", 64, true, PPC64_PC},
	{"msr", "uint64", 64, false, PPC64_MSR},
	{"cr", "uint32", 32, false, PPC64_CR},
	{"lr", "code_ptr", 64, true, PPC64_LR},
	{"ctr", "uint64", 64, false, PPC64_CTR},
	{"xer", "uint32", 32, false, PPC64_XER},
};

#define FPR(F, n) {"f" #n, "ieee_double", 64, false, PPC64_FPR##n},
static const struct gdb_register fpu[] = {
	PPC64_EACH_32(FPR, F){"fpscr", "uint64", 64, false, PPC64_FPSCR},
};

#define VR(F, n) {"vr" #n, "vec128", 128, false, PPC64_VR##n},
static const struct gdb_register altivec[] = {
	PPC64_EACH_32(VR, F){"vscr", "uint32", 32, false, PPC64_VSCR},
	{"vrsave", "uint32", 32, false, PPC64_VRSAVE},
};

/* What of the vectors 0 to 31 is no floating-point register. */
#define VSR(F, n) {"vs" #n "h", "uint64", 64, false, PPC64_VSR##n##_DWORD1},
static const struct gdb_register vsx[] = {PPC64_EACH_32(VSR, F)};

#define VECTOR(id, type, count) "<vector id=\"" id "\" type=\"" type "\" count=\"" count "\"/>"
#define MEMBER(name, type) "<field name=\"" name "\" type=\"" type "\"/>"
static const char vec128[] = VECTOR("v4f", "ieee_single", "4") VECTOR("v2d", "ieee_double", "2")
	VECTOR("v4i32", "int32", "4") VECTOR("v8i16", "int16", "8")
		VECTOR("v16i8", "int8", "16") "<union id=\"vec128\">" MEMBER("uint128", "uint128")
			MEMBER("v2_double", "v2d") MEMBER("v4_float", "v4f")
				MEMBER("v4_int32", "v4i32") MEMBER("v8_int16", "v8i16")
					MEMBER("v16_int8", "v16i8") "</union>";

#define ROWS(array) array, sizeof(array) / sizeof((array)[0])
const struct gdb_feature arch_gdb_features[] = {
	{"org.gnu.gdb.power.core", "", true, ROWS(core)},
	{"org.gnu.gdb.power.fpu", "", false, ROWS(fpu)},
	{"org.gnu.gdb.power.altivec", vec128, false, ROWS(altivec)},
	{"org.gnu.gdb.power.vsx", "", false, ROWS(vsx)},
};
const unsigned int arch_gdb_feature_count =
	sizeof(arch_gdb_features) / sizeof(arch_gdb_features[0]);

int arch_gdb_register(struct regs *regs, unsigned int reg, unsigned int *number, struct error *err)
{
	(void)regs, (void)err;
	*number = reg;
	return 0;
}
