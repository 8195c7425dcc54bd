/* SPDX-License-Identifier: Apache-2.0 */
/* The table of arm64 held against the kernel's header and against the engine's rules. */
#include "tests/unit/unit.h"

#include <ctype.h>
#include <errno.h>

#include "arch/arm64/regs.h"
#include "tests/fake/kvm.h"
#include "vmm/arch.h"
#include "vmm/reg_image.h"

enum { FD = 7 };

static struct regs regs;
static struct error err;

static int setup(void **state)
{
	(void)state;
	fake_kvm_reset();
	memset(&err, 0, sizeof(err));
	assert_ok(regs_init(&regs, &arch_regs, FD, NULL, &err), err);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	regs_finish(&regs);
	return 0;
}

static const struct reg_row *row(unsigned int number)
{
	return &arch_regs.rows[number];
}

#define EACH_ROW(i) (unsigned int i = 0; i < arch_regs.row_count; i++)

/* ---- the rows ---- */

static void test_ids_and_names_are_unique(void **state)
{
	(void)state;
	assert_in_range(arch_regs.row_count, 1, REG_ROWS_MAX / 2); /* hosts have more */
	for
		EACH_ROW(i)
	for (unsigned int j = 0; j < i; j++) {
		assert_int_not_equal(row(j)->id, row(i)->id);
		assert_string_not_equal(row(j)->name, row(i)->name);
	}
}

static void test_ids_are_kvms(void **state)
{
	(void)state;
	for
		EACH_ROW(i)
		{
			const struct reg_row *r = row(i);

			if (r->flags & REG_BLOCK) {
				assert_in_range(r->id, 1, 255);
				assert_true(r->get && r->set);
				continue;
			}
			assert_int_equal(r->id & KVM_REG_ARCH_MASK, KVM_REG_ARM64);
			assert_int_equal(r->size, 1u << ((r->id >> 52) & 0xf));
			assert_true(r->size == 4 || r->size == 8 || r->size == 16 ||
				    r->size == 32 || r->size == 64 || r->size == 256);
		}
}

static void test_a_row_has_one_class(void **state)
{
	(void)state;
	for
		EACH_ROW(i)
		{
			assert_true(row(i)->class & REG_ALL);
			assert_int_equal(row(i)->class & (row(i)->class - 1), 0);
		}
}

/* Every byte of the copy is one row's. */
static void test_rows_fill_the_copy(void **state)
{
	uint32_t end = 0;

	(void)state;
	for
		EACH_ROW(i)
		{
			assert_int_equal(row(i)->offset, end);
			end += row(i)->size;
		}
	assert_int_equal(arch_regs.bytes, end);
}

static void test_fields_lie_in_their_blocks(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < arch_regs.field_count; i++) {
		const struct reg_field *field = &arch_regs.fields[i];

		assert_true(row(field->row)->flags & REG_BLOCK);
		assert_true(field->offset + field->size <= row(field->row)->size);
		assert_true(field->size == 1 || field->size == 2 || field->size == 4 ||
			    field->size == 8);
		for
			EACH_ROW(j)
		assert_string_not_equal(field->name, row(j)->name);
	}
}

static void test_flags_make_sense(void **state)
{
	const uint32_t written_by_walks =
		REG_EARLY | REG_BEFORE_RUN | REG_GUEST | REG_ENABLE | REG_COMPLEMENT;

	(void)state;
	for
		EACH_ROW(i)
		{
			uint32_t flags = row(i)->flags;

			if (flags & (REG_READ_ONLY | REG_CLOCK))
				assert_int_equal(flags & written_by_walks, 0);
			if (flags & (REG_EARLY | REG_BEFORE_RUN))
				assert_int_equal(row(i)->class, REG_FEATURE);
			if (row(i)->class == REG_FEATURE)
				assert_int_equal(flags & REG_GUEST, 0);
			if (row(i)->class & (REG_RUNTIME | REG_FPSIMD))
				assert_int_equal(flags & ~(uint32_t)REG_GUEST, 0);
			assert_int_equal(flags & (REG_OR_BITS | REG_CLEAR_BITS), 0);
		}
}

/* A reserved encoding is named by what it is: S3_0_C0_Cm_op2. */
static void test_names_of_reserved_encodings(void **state)
{
	unsigned int reserved = 0;

	(void)state;
	for
		EACH_ROW(i)
		{
			unsigned int crm, op2;

			if (sscanf(row(i)->name, "S3_0_C0_C%u_%u", &crm, &op2) != 2)
				continue;
			assert_int_equal(row(i)->id, ARM64_SYS_REG(3, 0, 0, crm, op2));
			assert_int_equal(row(i)->flags, REG_READ_ONLY);
			reserved++;
		}
	assert_int_equal(reserved, 14);
}

/* KVM lists (3, 0, 0, 1…7, 0…7) whole. */
static void test_the_id_space_is_complete(void **state)
{
	unsigned int found = 0;

	(void)state;
	for
		EACH_ROW(i)
	for (unsigned int n = 8; n < 64; n++)
		if (row(i)->id == ARM64_SYS_REG(3, 0, 0, n / 8, n % 8)) {
			assert_int_equal(row(i)->class, REG_FEATURE);
			found++;
		}
	assert_int_equal(found, 56);
}

/* The number at the end of a name is the number in the id. */
static void test_numbered_registers(void **state)
{
	static const struct {
		unsigned int first, count, step;
		uint64_t id, between;
	} series[] = {
		{ARM64_X0, 31, 1, KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE, 2},
		{ARM64_V0, 32, 1, KVM_REG_ARM64 | KVM_REG_SIZE_U128 | KVM_REG_ARM_CORE | 0x54, 4},
		{ARM64_Z0, 32, 1, KVM_REG_ARM64_SVE_ZREG(0, 0), 32},
		{ARM64_P0, 16, 1, KVM_REG_ARM64_SVE_PREG(0, 0), 32},
		{ARM64_DBGBVR0_EL1, 16, 2, ARM64_SYS_REG(2, 0, 0, 0, 4), 8},
		{ARM64_DBGBCR0_EL1, 16, 2, ARM64_SYS_REG(2, 0, 0, 0, 5), 8},
		{ARM64_DBGWVR0_EL1, 16, 2, ARM64_SYS_REG(2, 0, 0, 0, 6), 8},
		{ARM64_DBGWCR0_EL1, 16, 2, ARM64_SYS_REG(2, 0, 0, 0, 7), 8},
		{ARM64_PMEVCNTR0_EL0, 31, 1, ARM64_SYS_REG(3, 3, 14, 8, 0), 1},
		{ARM64_PMEVTYPER0_EL0, 31, 1, ARM64_SYS_REG(3, 3, 14, 12, 0), 1},
		{ARM64_CCSIDR_EL1_0, 14, 1, KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_DEMUX,
		 1},
	};

	(void)state;
	for (size_t s = 0; s < LENGTH(series); s++)
		for (unsigned int n = 0; n < series[s].count; n++) {
			const struct reg_row *r = row(series[s].first + n * series[s].step);
			const char *digits = strrchr(r->name, '_');

			/* X30; CCSIDR_EL1_3; DBGBVR3_EL1 */
			if (!digits || !isdigit(digits[1]))
				digits = strpbrk(r->name, "0123456789") - 1;
			assert_int_equal(strtoul(digits + 1, NULL, 10), n);
			assert_int_equal(r->id, series[s].id + n * series[s].between);
		}
}

/* ---- order ---- */

static void test_vector_lengths_come_before_vectors(void **state)
{
	(void)state;
	assert_int_equal(ARM64_SVE_VLS, 0);
	assert_int_equal(row(ARM64_SVE_VLS)->id, KVM_REG_ARM64_SVE_VLS);
	for
		EACH_ROW(i)
	assert_int_equal(!!(row(i)->flags & REG_EARLY), i == ARM64_SVE_VLS);
}

/* KVM's ids of the virtual timer's comparator and counter are each other's. */
static void test_timers(void **state)
{
	(void)state;
	assert_int_equal(row(ARM64_CNTVCT_EL0)->id, 0x603000000013df1a);
	assert_int_equal(row(ARM64_CNTV_CVAL_EL0)->id, 0x603000000013df02);
	assert_int_equal(row(ARM64_CNTPCT_EL0)->id, ARM64_SYS_REG(3, 3, 14, 0, 1));
	assert_int_equal(row(ARM64_CNTP_CVAL_EL0)->id, ARM64_SYS_REG(3, 3, 14, 2, 2));
	assert_true(ARM64_CNTV_CTL_EL0 < ARM64_CNTVCT_EL0);
	assert_true(ARM64_CNTVCT_EL0 < ARM64_CNTV_CVAL_EL0);
	assert_true(ARM64_CNTP_CTL_EL0 < ARM64_CNTPCT_EL0);
	assert_true(ARM64_CNTPCT_EL0 < ARM64_CNTP_CVAL_EL0);
	for
		EACH_ROW(i)
		{
			uint32_t flags = row(i)->flags;
			bool counter = i == ARM64_CNTVCT_EL0 || i == ARM64_CNTPCT_EL0;
			bool control = i == ARM64_CNTV_CTL_EL0 || i == ARM64_CNTP_CTL_EL0;

			assert_int_equal(!!(flags & REG_CLOCK), counter);
			if (counter)
				assert_int_equal(flags, REG_CLOCK | REG_VOLATILE | REG_SHARED);
			assert_int_equal(!!(flags & REG_ENABLE), control);
			assert_int_equal(flags >> 16, control ? 1 << 2 : 0);
		}
}

static void test_events_come_last(void **state)
{
	(void)state;
	assert_int_equal(ARM64_VCPU_EVENTS, arch_regs.row_count - 2);
	assert_int_equal(ARM64_MP_STATE, arch_regs.row_count - 1);
	for
		EACH_ROW(i)
		{
			bool event = i >= ARM64_VCPU_EVENTS;

			assert_int_equal(row(i)->class == REG_EVENT, event);
			assert_int_equal(!!(row(i)->flags & REG_LATE), event);
			assert_int_equal(!!(row(i)->flags & REG_BLOCK), event);
		}
}

/* ---- S4: banked SPSRs ---- */

static const unsigned int banks[] = {ARM64_SPSR_EL1, ARM64_SPSR_abt, ARM64_SPSR_und, ARM64_SPSR_irq,
				     ARM64_SPSR_fiq};

static void test_s4_the_banks_are_kvms(void **state)
{
	(void)state;
	assert_int_equal(KVM_SPSR_EL1, 0);
	assert_int_equal(KVM_SPSR_SVC, KVM_SPSR_EL1);
	assert_int_equal(KVM_SPSR_ABT, 1);
	assert_int_equal(KVM_SPSR_UND, 2);
	assert_int_equal(KVM_SPSR_IRQ, 3);
	assert_int_equal(KVM_SPSR_FIQ, 4);
	assert_int_equal(KVM_NR_SPSR, LENGTH(banks));
	for (unsigned int i = 0; i < LENGTH(banks); i++) /* a bank is two words */
		assert_int_equal(row(banks[i])->id, 0x6030000000100048 + 2 * i);
}

static void test_s4_values_come_back_bank_by_bank(void **state)
{
	uint64_t value;

	(void)state;
	for (unsigned int i = 0; i < LENGTH(banks); i++)
		assert_ok(reg_set(&regs, banks[i], 0x3c5 + i, &err), err);
	assert_ok(regs_flush(&regs, &err), err);
	for (unsigned int i = 0; i < LENGTH(banks); i++) {
		assert_int_equal(fake_kvm_get(FD, 0x6030000000100048 + 2 * i), 0x3c5 + i);
		assert_ok(reg_get(&regs, banks[i], &value, &err), err);
		assert_int_equal(value, 0x3c5 + i);
	}
}

/* ---- registers that are set by one id and cleared by another ---- */

static const unsigned int set_and_clear[][2] = {
	{ARM64_PMINTENSET_EL1, ARM64_PMINTENCLR_EL1},
	{ARM64_PMCNTENSET_EL0, ARM64_PMCNTENCLR_EL0},
	{ARM64_PMOVSSET_EL0, ARM64_PMOVSCLR_EL0},
};

/* As Linux 6.12: the value that is written says which bits are set or cleared. */
static bool by_bits;
static bool set_or_clear(struct fake_call *call, const void *value)
{
	uint64_t bits;

	memcpy(&bits, value, sizeof(bits));
	for (size_t i = 0; i < LENGTH(set_and_clear); i++) {
		uint64_t set = row(set_and_clear[i][0])->id, clear = row(set_and_clear[i][1])->id;
		uint64_t now;

		if (call->id != set && call->id != clear)
			continue;
		now = fake_kvm_get(FD, set);
		if (by_bits)
			now = call->id == set ? now | bits : now & ~bits;
		else
			now = bits;
		fake_kvm_set(FD, set, now);
		fake_kvm_set(FD, clear, now);
		return true;
	}
	return false;
}

static void restore_set_and_clear(void)
{
	struct reg_image image;

	fake_kvm.set_one = set_or_clear;
	for (size_t i = 0; i < LENGTH(set_and_clear); i++)
		for (unsigned int k = 0; k < 2; k++)
			fake_kvm_set(FD, row(set_and_clear[i][k])->id, 0x8000002a);
	assert_ok(regs_save(&regs, &image, &err), err);
	teardown(NULL);
	assert_ok(regs_init(&regs, &arch_regs, FD, NULL, &err), err);
	for (size_t i = 0; i < LENGTH(set_and_clear); i++) /* a new vCPU's, which it may not keep */
		for (unsigned int k = 0; k < 2; k++)
			fake_kvm_set(FD, row(set_and_clear[i][k])->id, 0x8000001e);
	assert_ok(regs_restore(&regs, &image, NULL, REG_RESTORE_REST, &err), err);
	for (size_t i = 0; i < LENGTH(set_and_clear); i++)
		assert_int_equal(fake_kvm_get(FD, row(set_and_clear[i][0])->id), 0x8000002a);
	reg_image_free(&image);
}

static void test_a_set_register_comes_back_from_a_kernel_that_stores(void **state)
{
	(void)state;
	by_bits = false;
	restore_set_and_clear();
}

static void test_a_set_register_comes_back_from_a_kernel_that_sets_bits(void **state)
{
	(void)state;
	by_bits = true;
	restore_set_and_clear();
}

/* ---- what the host has, guests get ---- */

static struct machine machine = {.vm_fd = 5};

static uint32_t features(unsigned long hwcap)
{
	fake_kvm_reset();
	fake_kvm.hwcap = hwcap;
	fake_kvm_set_capability(KVM_CAP_ARM_SVE, 1);
	fake_kvm_set_capability(KVM_CAP_ARM_PTRAUTH_ADDRESS, 1);
	fake_kvm_set_capability(KVM_CAP_ARM_PTRAUTH_GENERIC, 1);
	assert_ok(arch_machine_init(&machine, &err), err);
	return machine.vcpu_features & ~(1u << KVM_ARM_VCPU_PSCI_0_2);
}

static void test_features_of_a_plain_processor_cost_nothing(void **state)
{
	(void)state;
	assert_int_equal(features(HWCAP_FP | HWCAP_PACA), 0);
	assert_int_equal(fake_kvm_count(KVM_CHECK_EXTENSION), 0);
	assert_ok(arch_vcpu_finalize(&machine, &regs, &err), err);
	assert_int_equal(fake_kvm_count(KVM_ARM_VCPU_FINALIZE), 0);
	assert_true(regs.finalized);
}

static void test_features_of_a_processor_that_has_them(void **state)
{
	const uint32_t pauth =
		1u << KVM_ARM_VCPU_PTRAUTH_ADDRESS | 1u << KVM_ARM_VCPU_PTRAUTH_GENERIC;

	(void)state;
	assert_int_equal(features(HWCAP_PACA | HWCAP_PACG), pauth);
	assert_int_equal(features(HWCAP_SVE), 1u << KVM_ARM_VCPU_SVE);
	assert_ok(arch_vcpu_finalize(&machine, &regs, &err), err);
	assert_int_equal(fake_kvm_count(KVM_ARM_VCPU_FINALIZE), 1);
	assert_true(regs.finalized);
}

static void test_features_that_kvm_refuses(void **state)
{
	(void)state;
	fake_kvm.hwcap = HWCAP_SVE | HWCAP_PACA | HWCAP_PACG;
	fake_kvm_set_capability(KVM_CAP_ARM_PTRAUTH_ADDRESS, 1);
	assert_ok(arch_machine_init(&machine, &err), err);
	assert_int_equal(machine.vcpu_features, 1u << KVM_ARM_VCPU_PSCI_0_2);
	machine.vcpu_features |= 1u << KVM_ARM_VCPU_SVE;
	fake_kvm_refuse(KVM_ARM_VCPU_FINALIZE, FAKE_ANY, EPERM);
	assert_error(arch_vcpu_finalize(&machine, &regs, &err), err, EPERM,
		     "KVM_ARM_VCPU_FINALIZE");
	assert_false(regs.finalized);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ids_and_names_are_unique),
		TEST(test_ids_are_kvms),
		TEST(test_a_row_has_one_class),
		TEST(test_rows_fill_the_copy),
		TEST(test_fields_lie_in_their_blocks),
		TEST(test_flags_make_sense),
		TEST(test_names_of_reserved_encodings),
		TEST(test_the_id_space_is_complete),
		TEST(test_numbered_registers),
		TEST(test_vector_lengths_come_before_vectors),
		TEST(test_timers),
		TEST(test_events_come_last),
		TEST(test_s4_the_banks_are_kvms),
		TEST(test_s4_values_come_back_bank_by_bank),
		TEST(test_a_set_register_comes_back_from_a_kernel_that_stores),
		TEST(test_a_set_register_comes_back_from_a_kernel_that_sets_bits),
		TEST(test_features_of_a_plain_processor_cost_nothing),
		TEST(test_features_of_a_processor_that_has_them),
		TEST(test_features_that_kvm_refuses),
	};

	return cmocka_run_group_tests_name("regs_arm64", tests, NULL, NULL);
}
