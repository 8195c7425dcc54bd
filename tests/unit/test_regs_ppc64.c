/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ppc64_fixture.h"

#include "arch/ppc64/regs.h"
#include "vmm/arch.h"

/* What KVM takes of an LPCR: DPFD, ILE, AIL, LD, TC. */
#define LPCR_TAKEN 0x700000002860200ull

enum { HOST_TB = 0x1234567, TB_OFFSET_UNIT = 1 << 24, OTHER_PVR = 0x00800200 };

/* ---- the scripted kernel: arch/powerpc/kvm/book3s_hv.c ---- */

static void kernel_get_sregs(struct kvm_sregs *sregs)
{
	memcpy(sregs, &kernel_sregs, sizeof(*sregs));
}

static int kernel_set_sregs(const struct kvm_sregs *sregs)
{
	if (sregs->pvr != HOST_PVR)
		return -EINVAL;
	memcpy(&kernel_sregs, sregs, sizeof(*sregs));
	return 0;
}

static void kernel_set_regs(const struct kvm_regs *from)
{
	uint64_t pid = kernel_regs.pid;

	memcpy(&kernel_regs, from, sizeof(kernel_regs));
	kernel_regs.pid = pid;
}

static uint64_t kernel(uint64_t reg_id)
{
	return fake_kvm_get(FD, reg_id);
}

static void set_tb_offset(uint64_t offset)
{
	offset = (offset + TB_OFFSET_UNIT - 1) & ~(uint64_t)(TB_OFFSET_UNIT - 1);
	fake_kvm_set(FD, KVM_REG_PPC_TB_OFFSET, offset);
	if (!kernel(KVM_REG_PPC_DEC_EXPIRY) && offset)
		fake_kvm_set(FD, KVM_REG_PPC_DEC_EXPIRY, HOST_TB + offset);
}

static int vpa_refusal(uint64_t reg_id, uint64_t address)
{
	if (reg_id == KVM_REG_PPC_VPA_ADDR)
		return !address && (kernel(KVM_REG_PPC_VPA_SLB) || kernel(KVM_REG_PPC_VPA_DTL))
			       ? -EINVAL
			       : 0;
	return address && !kernel(KVM_REG_PPC_VPA_ADDR) ? -EINVAL : 0;
}

static bool kernel_set_one(struct fake_call *call, const void *value)
{
	uint64_t low = bytes_load_le(value, REG_ID_SIZE(call->id) < 8 ? 4 : 8);

	switch (call->id) {
	case KVM_REG_PPC_TB_OFFSET:
		set_tb_offset(low);
		return true;
	case KVM_REG_PPC_LPCR_64:
		fake_kvm_set(FD, call->id, (kernel(call->id) & ~LPCR_TAKEN) | (low & LPCR_TAKEN));
		return true;
	case KVM_REG_PPC_TM_VSCR:
		fake_kvm_set(FD, KVM_REG_PPC_VSCR, low);
		return true;
	case KVM_REG_PPC_DEBUG_INST:
		call->result = -EINVAL;
		return true;
	case KVM_REG_PPC_VPA_ADDR:
	case KVM_REG_PPC_VPA_SLB:
	case KVM_REG_PPC_VPA_DTL:
		call->result = vpa_refusal(call->id, low);
		return call->result < 0;
	default:
		return false;
	}
}

static int setup(void **state)
{
	(void)state;
	kernel_init(kernel_set_one);
	memset(&err, 0, sizeof(err));
	assert_ok(regs_init(&regs, &arch_regs, FD, NULL, &err), err);
	return 0;
}

/* ---- the table ---- */

static void test_the_table_agrees_with_the_header(void **state)
{
	(void)state;
	check_table(&arch_regs);
}

/* Numbers of asm/kvm.h that are no registers of this family, or none of their own. */
static bool left_out(unsigned int number)
{
	static const struct {
		uint8_t first, last;
	} ranges[] = {
		{0x01, 0x01}, /* HIOR */
		{0x02, 0x07}, /* IAC1 to DAC2: BookE */
		{0x20, 0x3f}, /* FPR0 to FPR31: fields */
		{0x85, 0x8a}, /* EPCR to TSR: BookE */
		{0x8e, 0x9b}, /* MAS2 to EPTCFG: BookE */
		{0xba, 0xbb}, /* SPRG9, DBSR: BookE */
	};

	for (size_t i = 0; i < LENGTH(ranges); i++)
		if (number >= ranges[i].first && number <= ranges[i].last)
			return true;
	return false;
}

static void test_every_number_of_the_header_has_a_row(void **state)
{
	enum { LAST = 0xc8, TM_LAST = 0x6a };

	(void)state;
	for (unsigned int number = 1; number <= LAST; number++)
		if (has_number(&arch_regs, number, false) == left_out(number))
			fail_msg("number %#x", number);
	for (unsigned int number = 0; number <= TM_LAST; number++)
		if (!has_number(&arch_regs, number, true))
			fail_msg("TM number %#x", number);
	assert_int_equal(REG_ID_SIZE(id(PPC64_LPCR)), 8);
}

static void test_the_order_that_kvm_needs(void **state)
{
	(void)state;
	assert_true(PPC64_TB_OFFSET < PPC64_DEC_EXPIRY);
	assert_true(PPC64_VPA_ADDR < PPC64_VPA_SLB);
	assert_true(PPC64_VPA_ADDR < PPC64_VPA_DTL);
}

/* ---- blocks and fields ---- */

static void test_a_gpr_write_fetches_its_block_and_writes_it_once(void **state)
{
	struct kvm_regs expected;

	(void)state;
	random_seed = 1;
	random_fill(&kernel_regs, sizeof(kernel_regs));
	memcpy(&expected, &kernel_regs, sizeof(expected));
	set(PPC64_GPR0, 0x1000);
	set(PPC64_GPR31, 0x1031);
	set(PPC64_PC, 0x100);
	assert_int_equal(get(PPC64_GPR31), 0x1031);
	assert_int_equal(get(PPC64_MSR), expected.msr);
	assert_int_equal(fake_kvm_calls(), 1);
	flush();
	assert_int_equal(fake_kvm_count(KVM_GET_REGS), 1);
	assert_int_equal(fake_kvm_count(KVM_SET_REGS), 1);
	assert_int_equal(fake_kvm_calls(), 2);
	expected.gpr[0] = 0x1000;
	expected.gpr[31] = 0x1031;
	expected.pc = 0x100;
	assert_memory_equal(&kernel_regs, &expected, sizeof(expected));
	flush();
	assert_int_equal(fake_kvm_calls(), 2);
}

static void test_the_pid_is_not_in_the_block(void **state)
{
	(void)state;
	kernel_regs.pid = 1;
	fake_kvm_set(FD, KVM_REG_PPC_PID, 1);
	set(PPC64_PIDR, 2);
	set(PPC64_GPR3, 3);
	flush();
	assert_int_equal(kernel(KVM_REG_PPC_PID), 2);
	assert_int_equal(get(PPC64_PIDR), 2);
}

static void test_an_fpr_is_the_upper_half_of_its_vsr(void **state)
{
	struct fake_reg *vsr = fake_kvm_reg(FD, KVM_REG_PPC_VSR(7));

	(void)state;
	bytes_store_le(vsr->value, 8, 0x1111);
	bytes_store_le(vsr->value + 8, 8, 0x2222);
	assert_int_equal(get(PPC64_FPR7), 0x2222);
	assert_int_equal(get(PPC64_VSR7_DWORD1), 0x1111);
	set(PPC64_FPR7, 0x3333);
	flush();
	assert_int_equal(bytes_load_le(vsr->value, 8), 0x1111);
	assert_int_equal(bytes_load_le(vsr->value + 8, 8), 0x3333);
	assert_int_equal(fake_kvm_calls(), 2);
}

static void test_sixteen_bytes_are_written_whole(void **state)
{
	uint8_t area[16];

	(void)state;
	random_seed = 2;
	random_fill(area, sizeof(area));
	set(PPC64_VPA_ADDR, 0x10000);
	assert_ok(reg_write(&regs, PPC64_VPA_DTL, area, &err), err);
	flush();
	assert_memory_equal(fake_kvm_reg(FD, KVM_REG_PPC_VPA_DTL)->value, area, sizeof(area));
	assert_int_equal(sets(), 2);
}

/* ---- what KVM refuses or alters ---- */

static void test_s1_lpcr_reads_as_what_kvm_kept(void **state)
{
	const uint64_t host = 0x40004000000019e8, ours = ~0ull;
	const uint64_t kept = (host & ~LPCR_TAKEN) | LPCR_TAKEN;

	(void)state;
	fake_kvm_set(FD, KVM_REG_PPC_LPCR_64, host);
	set(PPC64_LPCR, ours);
	flush();
	assert_int_equal(get(PPC64_LPCR), kept);
	flush();
	assert_int_equal(sets(), 1);
}

static void test_s1_a_refused_pvr_is_named_recorded_and_not_tried_again(void **state)
{
	(void)state;
	set(PPC64_PVR, OTHER_PVR);
	set(PPC64_GPR3, 3);
	set(PPC64_DSCR, 4);
	assert_error(regs_flush(&regs, &err), err, EINVAL, "register SREGS: KVM_SET_SREGS");
	assert_int_equal(kernel_regs.gpr[3], 3);
	assert_int_equal(kernel(KVM_REG_PPC_DSCR), 4);
	assert_true(reg_bit(regs.refused, PPC64_SREGS));
	assert_int_equal((uint32_t)regs.refused_values[PPC64_SREGS], OTHER_PVR);
	assert_int_equal(get(PPC64_PVR), HOST_PVR);
	flush();
	set(PPC64_GPR3, 5);
	flush();
	assert_int_equal(fake_kvm_count(KVM_SET_SREGS), 1);
	assert_int_equal(kernel_regs.gpr[3], 5);
}

/* ---- the time ---- */

/* Also where the expiry that is set is 0, which KVM takes for one that was never set. */
static void test_tb_offset_goes_before_dec_expiry_in_either_order(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int first = i & 1 ? PPC64_TB_OFFSET : PPC64_DEC_EXPIRY;
		uint64_t expiry = i & 2 ? 0 : 0x77;

		fake_kvm_set(FD, KVM_REG_PPC_DEC_EXPIRY, 0);
		fake_kvm_set(FD, KVM_REG_PPC_TB_OFFSET, 0);
		set(first, i & 1 ? TB_OFFSET_UNIT : expiry);
		set(first ^ PPC64_TB_OFFSET ^ PPC64_DEC_EXPIRY, i & 1 ? expiry : TB_OFFSET_UNIT);
		flush();
		assert_int_equal(kernel(KVM_REG_PPC_TB_OFFSET), TB_OFFSET_UNIT);
		assert_int_equal(kernel(KVM_REG_PPC_DEC_EXPIRY), expiry);
		assert_int_equal(get(PPC64_DEC_EXPIRY), expiry);
	}
}

static void test_what_tb_offset_does_to_dec_expiry_is_seen(void **state)
{
	(void)state;
	assert_int_equal(get(PPC64_DEC_EXPIRY), 0);
	set(PPC64_TB_OFFSET, TB_OFFSET_UNIT + 1);
	flush();
	assert_int_equal(get(PPC64_TB_OFFSET), 2 * TB_OFFSET_UNIT);
	assert_int_equal(get(PPC64_DEC_EXPIRY), HOST_TB + 2 * TB_OFFSET_UNIT);
}

/* The guest's other vCPUs ring doorbells, and the core's time goes on, while we look. */
static void test_s5_a_look_writes_nothing_back(void **state)
{
	static const uint64_t live[] = {KVM_REG_PPC_VTB, KVM_REG_PPC_DPDES};

	(void)state;
	for (size_t i = 0; i < LENGTH(live); i++)
		fake_kvm_reg(FD, live[i])->tick = 1;
	look_at_everything();
	for (uint64_t ticks = 1; ticks < 4; ticks++) {
		fake_kvm_tick();
		look_at_everything();
		assert_int_equal(get(PPC64_VTB), ticks);
		assert_int_equal(get(PPC64_DPDES), ticks);
		set(PPC64_GPR3, ticks);
		fake_kvm_tick();
		flush();
		fake_kvm_set(FD, KVM_REG_PPC_VTB, ticks);
		fake_kvm_set(FD, KVM_REG_PPC_DPDES, ticks);
	}
	assert_int_equal(sets(), 3);
	assert_int_equal(fake_kvm_count(KVM_SET_REGS), 3);
}

/* ---- no list, and rows that a host does not have ---- */

static void no_list(int code)
{
	fake_kvm.refusal_count = 0;
	fake_kvm_refuse(KVM_GET_REG_LIST, FAKE_ANY, code);
	fake_kvm_reg(FD, id(PPC64_MMCR3))->refuse_get = EINVAL;
	fake_kvm_reg(FD, id(PPC64_ICP_STATE))->refuse_get = ENXIO;
	fake_kvm_reg(FD, id(PPC64_VP_STATE))->refuse_get = EPERM;
	look_at_everything();
	assert_int_equal(fake_kvm_count(KVM_GET_REG_LIST), 1);
	assert_true(reg_bit(regs.absent, PPC64_MMCR3));
	assert_true(reg_bit(regs.absent, PPC64_ICP_STATE));
	assert_true(reg_bit(regs.absent, PPC64_VP_STATE));
	assert_false(reg_bit(regs.absent, PPC64_MMCR2));
	fake_kvm_clear_log();
	look_at_everything();
	assert_int_equal(fake_kvm_count(KVM_GET_REG_LIST), 0);
	for (unsigned int n = 0; fake_kvm_call(KVM_GET_ONE_REG, n); n++)
		assert_int_not_equal(fake_kvm_call(KVM_GET_ONE_REG, n)->id, id(PPC64_MMCR3));
}

static void test_without_a_list_the_table_is_asked(void **state)
{
	(void)state;
	no_list(EINVAL);
}

static void test_without_the_ioctl_the_table_is_asked(void **state)
{
	(void)state;
	no_list(ENOTTY);
}

/* ---- save and restore ---- */

static void kernel_fill(uint64_t seed)
{
	random_seed = seed;
	for (unsigned int i = 0; i < arch_regs.row_count; i++)
		if (!(arch_regs.rows[i].flags & REG_BLOCK))
			random_fill(fake_kvm_reg(FD, id(i))->value, arch_regs.rows[i].size);
	random_fill(&kernel_regs, sizeof(kernel_regs));
	random_fill(&kernel_sregs, sizeof(kernel_sregs));
	kernel_sregs.pvr = HOST_PVR;
	kernel_regs.pid = 0;
}

static void fresh_vcpu(void)
{
	regs_finish(&regs);
	setup(NULL);
	fake_kvm_set(FD, KVM_REG_PPC_LPCR_64, 0x40000000000019e8);
}

static void restore(const struct reg_image *image, const struct reg_image *baseline)
{
	assert_ok(regs_restore(&regs, image, baseline, REG_RESTORE_EARLY, &err), err);
	regs_finalized(&regs);
	set(PPC64_TB_OFFSET, 3 * TB_OFFSET_UNIT); /* who keeps the time */
	flush();
	assert_ok(regs_restore(&regs, image, baseline, REG_RESTORE_REST, &err), err);
	assert_ok(regs_restore(&regs, image, baseline, REG_RESTORE_LATE, &err), err);
}

/* The restored kernel against the saved one. */
static void assert_restored(const struct fake_kvm *saved)
{
	for (unsigned int i = 0; i < saved->reg_count; i++) {
		const struct fake_reg *was = &saved->regs[i];
		uint64_t now = kernel(was->id), low = bytes_load_le(was->value, 8);

		if (was->id == KVM_REG_PPC_TB_OFFSET)
			assert_int_equal(now, 3 * TB_OFFSET_UNIT);
		else if (was->id == KVM_REG_PPC_LPCR_64)
			assert_int_equal(now & LPCR_TAKEN, low & LPCR_TAKEN);
		else if (was->id != KVM_REG_PPC_TM_VSCR && was->id != KVM_REG_PPC_DEBUG_INST &&
			 memcmp(fake_kvm_reg(FD, was->id)->value, was->value, FAKE_REG_BYTES) != 0)
			fail_msg("register %#llx", (unsigned long long)was->id);
	}
}

static void save_and_restore(bool with_baseline)
{
	static struct fake_kvm saved;
	struct kvm_regs saved_regs;
	struct kvm_sregs saved_sregs;
	struct reg_image image, baseline = {0};

	kernel_fill(3);
	assert_ok(regs_save(&regs, &image, &err), err);
	assert_int_equal(sets(), 0);
	memcpy(&saved, &fake_kvm, sizeof(saved));
	memcpy(&saved_regs, &kernel_regs, sizeof(saved_regs));
	memcpy(&saved_sregs, &kernel_sregs, sizeof(saved_sregs));
	fresh_vcpu();
	if (with_baseline)
		assert_ok(regs_save(&regs, &baseline, &err), err);
	restore(&image, with_baseline ? &baseline : NULL);
	assert_restored(&saved);
	assert_memory_equal(&kernel_regs, &saved_regs, sizeof(saved_regs));
	assert_memory_equal(&kernel_sregs, &saved_sregs, sizeof(saved_sregs));
	assert_int_equal(sets_of(PPC64_TM_VSCR) + sets_of(PPC64_DEBUG_INST), 0);
	reg_image_free(&image);
	reg_image_free(&baseline);
}

static void test_a_restored_vcpu_is_the_saved_one(void **state)
{
	(void)state;
	save_and_restore(false);
}

static void test_a_vcpu_restored_over_a_baseline_is_the_saved_one(void **state)
{
	(void)state;
	save_and_restore(true);
}

static void test_a_reset_in_place_unregisters_the_virtual_processor_area(void **state)
{
	struct reg_image image;

	(void)state;
	assert_ok(regs_save(&regs, &image, &err), err);
	fake_kvm_set(FD, KVM_REG_PPC_VPA_ADDR, 0x10000);
	memset(fake_kvm_reg(FD, KVM_REG_PPC_VPA_SLB)->value, 0x11, 16);
	memset(fake_kvm_reg(FD, KVM_REG_PPC_VPA_DTL)->value, 0x22, 16);
	regs_reset(&regs);
	restore(&image, NULL);
	assert_int_equal(kernel(KVM_REG_PPC_VPA_ADDR), 0);
	assert_int_equal(kernel(KVM_REG_PPC_VPA_SLB), 0);
	assert_int_equal(kernel(KVM_REG_PPC_VPA_DTL), 0);
	assert_int_equal(bytes_load_le(fake_kvm_reg(FD, KVM_REG_PPC_VPA_DTL)->value + 8, 8), 0);
	reg_image_free(&image);
}

static void test_s1_a_snapshot_of_another_pvr_is_refused_by_name(void **state)
{
	struct reg_image image;

	(void)state;
	kernel_sregs.pvr = OTHER_PVR;
	kernel_regs.gpr[3] = 3;
	fake_kvm_set(FD, KVM_REG_PPC_DSCR, 4);
	assert_ok(regs_save(&regs, &image, &err), err);
	fresh_vcpu();
	assert_error(regs_restore(&regs, &image, NULL, REG_RESTORE_REST, &err), err, EINVAL,
		     "register SREGS");
	assert_int_equal(kernel_regs.gpr[3], 3);
	assert_int_equal(kernel(KVM_REG_PPC_DSCR), 4);
	reg_image_free(&image);
}

static void test_a_row_that_this_host_lacks_is_refused_by_name(void **state)
{
	struct reg_image image;

	(void)state;
	assert_ok(regs_save(&regs, &image, &err), err);
	fresh_vcpu();
	fake_kvm_reg(FD, id(PPC64_MMCR3))->refuse_get = EINVAL;
	fake_kvm_reg(FD, id(PPC64_MMCR3))->refuse_set = EINVAL;
	assert_error(regs_restore(&regs, &image, NULL, REG_RESTORE_REST, &err), err, EINVAL,
		     "register MMCR3");
	reg_image_free(&image);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_table_agrees_with_the_header),
		TEST(test_every_number_of_the_header_has_a_row),
		TEST(test_the_order_that_kvm_needs),
		TEST(test_a_gpr_write_fetches_its_block_and_writes_it_once),
		TEST(test_the_pid_is_not_in_the_block),
		TEST(test_an_fpr_is_the_upper_half_of_its_vsr),
		TEST(test_sixteen_bytes_are_written_whole),
		TEST(test_s1_lpcr_reads_as_what_kvm_kept),
		TEST(test_s1_a_refused_pvr_is_named_recorded_and_not_tried_again),
		TEST(test_tb_offset_goes_before_dec_expiry_in_either_order),
		TEST(test_what_tb_offset_does_to_dec_expiry_is_seen),
		TEST(test_s5_a_look_writes_nothing_back),
		TEST(test_without_a_list_the_table_is_asked),
		TEST(test_without_the_ioctl_the_table_is_asked),
		TEST(test_a_restored_vcpu_is_the_saved_one),
		TEST(test_a_vcpu_restored_over_a_baseline_is_the_saved_one),
		TEST(test_a_reset_in_place_unregisters_the_virtual_processor_area),
		TEST(test_s1_a_snapshot_of_another_pvr_is_refused_by_name),
		TEST(test_a_row_that_this_host_lacks_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
