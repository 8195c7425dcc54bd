/* SPDX-License-Identifier: Apache-2.0 */
/* gdb's names for arm64 registers. Source: GDB manual, G.5.1 "AArch64 Features". */
#include "arch/arm64/regs.h"
#include "vmm/arch_debug.h"

const char arch_gdb_architecture[] = "aarch64";

/* sp: of the stack pointers, the one that is in use. */
enum { STACK_POINTER = 0xffff };

/* What gdb looks at after every stop: where it is, the frame, and where that returns to. */
#define X(n) {"x" #n, "int", 64, (n) >= 29, ARM64_X##n},
static const struct gdb_register core[] = {
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)
		X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29)
			X(30){"sp", "data_ptr", 64, true, STACK_POINTER},
	{"pc", "code_ptr", 64, true, ARM64_PC},
	{"cpsr", "int", 32, false, ARM64_PSTATE},
};

#define V(n) {"v" #n, "aarch64v", 128, false, ARM64_V##n},
static const struct gdb_register fpu[] = {
	V(0) V(1) V(2) V(3) V(4) V(5) V(6) V(7) V(8) V(9) V(10) V(11) V(12) V(13) V(14) V(15) V(16)
		V(17) V(18) V(19) V(20) V(21) V(22) V(23) V(24) V(25) V(26) V(27) V(28) V(29) V(30)
			V(31){"fpsr", "int", 32, false, ARM64_FPSR},
	{"fpcr", "int", 32, false, ARM64_FPCR},
};

#define VECTOR(id, type, count) "<vector id=\"" id "\" type=\"" type "\" count=\"" count "\"/>"
#define MEMBER(name, type) "<field name=\"" name "\" type=\"" type "\"/>"
#define LANES(size, members) "<union id=\"vn" size "\">" members "</union>"
static const char fpu_types[] = VECTOR("v2d", "ieee_double", "2") VECTOR(
	"v2u", "uint64", "2") VECTOR("v2i", "int64", "2") VECTOR("v4f", "ieee_single",
								 "4") VECTOR("v4u", "uint32", "4")
	VECTOR("v4i", "int32", "4") VECTOR("v8u", "uint16", "8") VECTOR("v8i", "int16", "8") VECTOR(
		"v16u", "uint8", "16") VECTOR("v16i", "int8", "16") VECTOR("v1u", "uint128", "1")
		VECTOR("v1i", "int128",
		       "1") LANES("d", MEMBER("f", "v2d") MEMBER("u", "v2u") MEMBER("s", "v2i"))
			LANES("s", MEMBER("f", "v4f") MEMBER("u", "v4u") MEMBER("s", "v4i")) LANES(
				"h", MEMBER("u", "v8u") MEMBER("s", "v8i"))
				LANES("b", MEMBER("u", "v16u") MEMBER("s", "v16i")) LANES(
					"q", MEMBER("u", "v1u") MEMBER(
						     "s",
						     "v1i")) "<union id=\"aarch64v\">" MEMBER("d",
											      "vnd")
					MEMBER("s", "vns") MEMBER("h", "vnh") MEMBER("b", "vnb")
						MEMBER("q", "vnq") "</union>";

#define ROWS(array) array, sizeof(array) / sizeof((array)[0])
const struct gdb_feature arch_gdb_features[] = {
	{"org.gnu.gdb.aarch64.core", "", true, ROWS(core)},
	{"org.gnu.gdb.aarch64.fpu", fpu_types, false, ROWS(fpu)},
};
const unsigned int arch_gdb_feature_count =
	sizeof(arch_gdb_features) / sizeof(arch_gdb_features[0]);

int arch_gdb_register(struct regs *regs, unsigned int reg, unsigned int *number, struct error *err)
{
	uint64_t pstate;
	int result;

	*number = reg;
	/* With SVE on, KVM has the vectors as the low parts of its own. */
	if (reg >= ARM64_V0 && reg <= ARM64_V31 && regs->listed && reg_bit(regs->absent, reg))
		*number = ARM64_Z0 + (reg - ARM64_V0);
	if (reg != STACK_POINTER)
		return 0;
	result = reg_get(regs, ARM64_PSTATE, &pstate, err);
	*number = pstate & 1 ? ARM64_SP_EL1 : ARM64_SP_EL0; /* PSTATE.SP */
	return result;
}
