/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ppc64_fixture.h"

#include "arch/ppc64/regs_booke.h"

/* Power ISA 2.06, Book III-E: bits of TSR. */
enum { ENW = 0x80000000u, WIS = 0x40000000u, DIS = 0x08000000u };
enum { VCPU_ID = 3 };

/* ---- the scripted kernel: arch/powerpc/kvm/booke.c ---- */

static uint32_t kernel(uint64_t reg_id)
{
	return (uint32_t)fake_kvm_get(FD, reg_id);
}

static unsigned int updates; /* SET_SREGS that ask for a special update */

static void kernel_set_regs(const struct kvm_regs *from)
{
	memcpy(&kernel_regs, from, sizeof(kernel_regs));
}

static void kernel_get_sregs(struct kvm_sregs *sregs)
{
	memcpy(sregs, &kernel_sregs, sizeof(*sregs));
	sregs->u.e.features = KVM_SREGS_E_BASE | KVM_SREGS_E_ARCH206 | KVM_SREGS_E_ARCH206_MMU;
	sregs->u.e.update_special = 0;
	sregs->u.e.pir = VCPU_ID;
	sregs->u.e.tsr = kernel(KVM_REG_PPC_TSR);
	sregs->u.e.tcr = kernel(KVM_REG_PPC_TCR);
	sregs->u.e.vrsave = kernel(KVM_REG_PPC_VRSAVE);
	sregs->u.e.mas0 = kernel(KVM_REG_PPC_MAS0);
	sregs->u.e.mas1 = kernel(KVM_REG_PPC_MAS1);
	sregs->u.e.mas2 = fake_kvm_get(FD, KVM_REG_PPC_MAS2);
	sregs->u.e.mas7_3 = fake_kvm_get(FD, KVM_REG_PPC_MAS7_3);
	sregs->u.e.mas4 = kernel(KVM_REG_PPC_MAS4);
	sregs->u.e.mas6 = kernel(KVM_REG_PPC_MAS6);
}

static void take_sregs(const struct kvm_sregs *sregs)
{
	uint32_t dec = kernel_sregs.u.e.dec;

	memcpy(&kernel_sregs, sregs, sizeof(*sregs));
	fake_kvm_set(FD, KVM_REG_PPC_TCR, sregs->u.e.tcr);
	fake_kvm_set(FD, KVM_REG_PPC_VRSAVE, sregs->u.e.vrsave);
	fake_kvm_set(FD, KVM_REG_PPC_MAS0, sregs->u.e.mas0);
	fake_kvm_set(FD, KVM_REG_PPC_MAS1, sregs->u.e.mas1);
	fake_kvm_set(FD, KVM_REG_PPC_MAS2, sregs->u.e.mas2);
	fake_kvm_set(FD, KVM_REG_PPC_MAS7_3, sregs->u.e.mas7_3);
	fake_kvm_set(FD, KVM_REG_PPC_MAS4, sregs->u.e.mas4);
	fake_kvm_set(FD, KVM_REG_PPC_MAS6, sregs->u.e.mas6);
	if (sregs->u.e.update_special & KVM_SREGS_E_UPDATE_TSR)
		fake_kvm_set(FD, KVM_REG_PPC_TSR, sregs->u.e.tsr);
	if (!(sregs->u.e.update_special & KVM_SREGS_E_UPDATE_DEC))
		kernel_sregs.u.e.dec = dec;
}

static int kernel_set_sregs(const struct kvm_sregs *sregs)
{
	if (sregs->pvr != HOST_PVR || sregs->u.e.pir != VCPU_ID)
		return -EINVAL;
	updates += sregs->u.e.update_special != 0;
	take_sregs(sregs);
	return 0;
}

static bool kernel_set_one(struct fake_call *call, const void *value)
{
	uint32_t bits = (uint32_t)bytes_load_le(value, 4), tsr = kernel(KVM_REG_PPC_TSR);

	if (call->id != KVM_REG_PPC_OR_TSR && call->id != KVM_REG_PPC_CLEAR_TSR)
		return false;
	fake_kvm_set(FD, KVM_REG_PPC_TSR,
		     call->id == KVM_REG_PPC_OR_TSR ? tsr | bits : tsr & ~bits);
	return true;
}

/* The decrementer and the watchdog expire. */
static void decrementer(void)
{
	fake_kvm_set(FD, KVM_REG_PPC_TSR, kernel(KVM_REG_PPC_TSR) | DIS);
}

static void watchdog(void)
{
	uint32_t tsr = kernel(KVM_REG_PPC_TSR);

	fake_kvm_set(FD, KVM_REG_PPC_TSR, tsr | (tsr & ENW ? WIS : ENW));
}

static int setup(void **state)
{
	(void)state;
	kernel_init(kernel_set_one);
	updates = 0;
	memset(&err, 0, sizeof(err));
	assert_ok(regs_init(&regs, &booke_regs, FD, NULL, &err), err);
	return 0;
}

/* ---- the table ---- */

static void test_the_table_agrees_with_the_header(void **state)
{
	(void)state;
	check_table(&booke_regs);
}

/* The numbers that arch/powerpc/kvm has for this family. */
static void test_every_number_of_the_family_has_a_row(void **state)
{
	static const struct {
		uint8_t first, last;
	} ranges[] = {
		{0x02, 0x07}, /* IAC1 to DAC2 */
		{0x40, 0x5f}, /* VR0 to VR31 */
		{0x81, 0x81}, /* VSCR */
		{0x85, 0x9b}, /* EPCR to EPTCFG */
		{0xb4, 0xb4}, /* VRSAVE */
		{0xba, 0xbb}, /* SPRG9, DBSR */
	};

	(void)state;
	for (unsigned int number = 1; number <= 0xc8; number++) {
		bool wanted = false;

		for (size_t i = 0; i < LENGTH(ranges); i++)
			wanted |= number >= ranges[i].first && number <= ranges[i].last;
		if (has_number(&booke_regs, number, false) != wanted)
			fail_msg("number %#x", number);
	}
}

static void test_the_block_stands_before_what_it_repeats(void **state)
{
	static const unsigned int repeated[] = {BOOKE_TCR,    BOOKE_VRSAVE, BOOKE_MAS0,
						BOOKE_MAS1,   BOOKE_MAS2,   BOOKE_MAS4,
						BOOKE_MAS7_3, BOOKE_MAS6,   BOOKE_OR_TSR};

	(void)state;
	for (size_t i = 0; i < LENGTH(repeated); i++)
		assert_true(BOOKE_SREGS < repeated[i]);
}

static void test_tsr_is_written_bit_by_bit_alone(void **state)
{
	uint64_t value;

	(void)state;
	assert_error(reg_set(&regs, BOOKE_TSR, WIS, &err), err, EPERM, "register TSR");
	assert_error(reg_get(&regs, BOOKE_OR_TSR, &value, &err), err, EPERM, "register OR_TSR");
	assert_error(reg_get(&regs, BOOKE_CLEAR_TSR, &value, &err), err, EPERM, "CLEAR_TSR");
}

/* ---- no local change is lost ---- */

static void test_s5_tsr_and_tcr_in_either_order(void **state)
{
	(void)state;
	for (int tcr_first = 0; tcr_first < 2; tcr_first++) {
		fake_kvm_set(FD, KVM_REG_PPC_TSR, ENW);
		fake_kvm_set(FD, KVM_REG_PPC_TCR, 0);
		fake_kvm_clear_log();
		if (tcr_first)
			set(BOOKE_TCR, 0x0c000000);
		set(BOOKE_OR_TSR, WIS);
		set(BOOKE_CLEAR_TSR, ENW);
		if (!tcr_first)
			set(BOOKE_TCR, 0x0c000000);
		assert_int_equal(fake_kvm_calls(), 0);
		assert_int_equal(get(BOOKE_TSR), WIS);
		flush();
		assert_int_equal(kernel(KVM_REG_PPC_TSR), WIS);
		assert_int_equal(kernel(KVM_REG_PPC_TCR), 0x0c000000);
		assert_int_equal(sets(), 3);
		assert_int_equal(sets_of(BOOKE_TSR), 0);
	}
}

/* The seed's own sequence: fetch some, change, fetch all, flush. */
static void test_s5_a_fetch_of_everything_overwrites_no_change(void **state)
{
	(void)state;
	assert_ok(regs_fetch(&regs, REG_RUNTIME, &err), err);
	set(BOOKE_GPR3, 3);
	set(BOOKE_ESR, 4);
	set(BOOKE_TCR, 5);
	set(BOOKE_OR_TSR, WIS);
	look_at_everything();
	flush();
	assert_int_equal(kernel_regs.gpr[3], 3);
	assert_int_equal(kernel_sregs.u.e.esr, 4);
	assert_int_equal(kernel(KVM_REG_PPC_TCR), 5);
	assert_int_equal(kernel(KVM_REG_PPC_TSR), WIS);
}

static void test_s5_a_timer_between_fetch_and_flush_keeps_its_bit(void **state)
{
	static const unsigned int writes[] = {BOOKE_TCR, BOOKE_ESR, BOOKE_GPR3, BOOKE_MAS0};

	(void)state;
	for (size_t i = 0; i < LENGTH(writes); i++) {
		fake_kvm_set(FD, KVM_REG_PPC_TSR, 0);
		look_at_everything();
		set(writes[i], 1);
		set(BOOKE_OR_TSR, ENW);
		decrementer();
		look_at_everything();
		watchdog();
		watchdog();
		flush();
		assert_int_equal(kernel(KVM_REG_PPC_TSR), ENW | WIS | DIS);
		assert_int_equal(get(BOOKE_TSR), ENW | WIS | DIS);
	}
	assert_int_equal(updates, 0);
}

static void test_s5_the_last_word_about_a_bit_counts(void **state)
{
	(void)state;
	set(BOOKE_OR_TSR, WIS | DIS);
	set(BOOKE_CLEAR_TSR, WIS);
	flush();
	assert_int_equal(kernel(KVM_REG_PPC_TSR), DIS);
	set(BOOKE_CLEAR_TSR, WIS | DIS);
	set(BOOKE_OR_TSR, WIS);
	set(BOOKE_OR_TSR, ENW);
	flush();
	assert_int_equal(kernel(KVM_REG_PPC_TSR), WIS | ENW);
}

/* ---- interleavings, against a model ---- */

enum op {
	OP_DECREMENTER, /* expires in the kernel, whatever we do */
	OP_WATCHDOG,
	OP_OR_WIS,
	OP_CLEAR_WIS,
	OP_CLEAR_DIS,
	OP_SET_ESR, /* in the block */
	OP_SET_OTHER, /* a row of its own that the block repeats */
	OP_GET_TSR,
	OP_GET_ESR,
	OP_GET_OTHER,
	OP_FLUSH,
	OP_RUN, /* the guest acknowledges DIS and sets the other */
	OP_SHORT, /* those above */
	OP_LOOK = OP_SHORT,
	OP_ALL,
};

/* What TSR must be in the kernel, and what is to become of it; what the others must be. */
static struct model {
	uint32_t tsr, or_bits, clear_bits;
	uint32_t esr, other, last; /* last: value given out */
	unsigned int row; /* the other's */
} model;

static void model_bits(uint32_t *to, uint32_t *from, uint32_t bits)
{
	*to |= bits;
	*from &= ~bits;
}

static void step_bits(unsigned int row, uint32_t bits)
{
	set(row, bits);
	if (row == BOOKE_OR_TSR)
		model_bits(&model.or_bits, &model.clear_bits, bits);
	else
		model_bits(&model.clear_bits, &model.or_bits, bits);
}

static void step_flush(void)
{
	flush();
	model.tsr = (model.tsr | model.or_bits) & ~model.clear_bits;
	model.or_bits = model.clear_bits = 0;
	assert_int_equal(kernel_sregs.u.e.esr, model.esr);
	assert_int_equal(kernel(id(model.row)), model.other);
}

static void step_run(void)
{
	step_flush();
	regs_returned(&regs, false);
	fake_kvm_set(FD, KVM_REG_PPC_TSR, model.tsr &= ~(uint32_t)DIS);
	fake_kvm_set(FD, id(model.row), model.other = ++model.last);
}

static void step_timer(void (*expire)(void))
{
	expire();
	model.tsr = kernel(KVM_REG_PPC_TSR);
}

static void step(enum op op)
{
	switch (op) {
	case OP_DECREMENTER:
		return step_timer(decrementer);
	case OP_WATCHDOG:
		return step_timer(watchdog);
	case OP_OR_WIS:
		return step_bits(BOOKE_OR_TSR, WIS);
	case OP_CLEAR_WIS:
		return step_bits(BOOKE_CLEAR_TSR, WIS);
	case OP_CLEAR_DIS:
		return step_bits(BOOKE_CLEAR_TSR, DIS);
	case OP_SET_ESR:
		return set(BOOKE_ESR, model.esr = ++model.last);
	case OP_SET_OTHER:
		return set(model.row, model.other = ++model.last);
	case OP_GET_TSR:
		assert_int_equal(get(BOOKE_TSR), (model.tsr | model.or_bits) & ~model.clear_bits);
		return;
	case OP_GET_ESR:
		assert_int_equal(get(BOOKE_ESR), model.esr);
		return;
	case OP_GET_OTHER:
		assert_int_equal(get(model.row), model.other);
		return;
	case OP_FLUSH:
		return step_flush();
	case OP_RUN:
		return step_run();
	default:
		return look_at_everything();
	}
}

static void begin(unsigned int row)
{
	regs_reset(&regs);
	fake_kvm_clear_log();
	fake_kvm_set(FD, KVM_REG_PPC_TSR, 0);
	fake_kvm_set(FD, id(row), 0);
	kernel_sregs.u.e.esr = 0;
	model = (struct model){.row = row};
}

/* Every sequence of `length` operations; its number, to the base OP_SHORT, says which. */
static unsigned long every_sequence(unsigned int row, unsigned int length)
{
	unsigned long count = 1;

	for (unsigned int i = 0; i < length; i++)
		count *= OP_SHORT;
	for (unsigned long sequence = 0; sequence < count; sequence++) {
		unsigned long rest = sequence;

		begin(row);
		for (unsigned int i = 0; i < length; i++, rest /= OP_SHORT) {
			step((enum op)(rest % OP_SHORT));
			if (kernel(KVM_REG_PPC_TSR) != model.tsr)
				fail_msg("sequence %lu: TSR is %#x, not %#x", sequence,
					 kernel(KVM_REG_PPC_TSR), model.tsr);
		}
		step_flush();
	}
	return count;
}

static void test_s5_every_short_sequence_keeps_every_bit(void **state)
{
	(void)state;
	print_message("# %lu sequences\n", every_sequence(BOOKE_TCR, 5));
	assert_int_equal(updates, 0);
}

/* A copy of what a row of its own and the block both carry never comes back. */
static void test_s5_the_block_brings_no_old_copy_back(void **state)
{
	static const unsigned int repeated[] = {BOOKE_VRSAVE, BOOKE_MAS0, BOOKE_MAS1, BOOKE_MAS2,
						BOOKE_MAS7_3, BOOKE_MAS4, BOOKE_MAS6};

	(void)state;
	for (size_t i = 0; i < LENGTH(repeated); i++)
		every_sequence(repeated[i], 4);
}

static void test_s5_a_running_watchdog_loses_no_bit_over_long_sequences(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		random_seed = seed * 0x9e3779b97f4a7c15;
		begin(BOOKE_TCR);
		for (unsigned int i = 0; i < 200; i++) {
			fake_kvm_clear_log();
			step((enum op)(random_next() % OP_ALL));
			if (kernel(KVM_REG_PPC_TSR) != model.tsr)
				fail_msg("seed %llu, step %u: TSR is %#x, not %#x",
					 (unsigned long long)seed, i, kernel(KVM_REG_PPC_TSR),
					 model.tsr);
		}
	}
	assert_int_equal(updates, 0);
}

/* ---- the decrementer, save and restore ---- */

static void test_a_special_update_is_asked_for_and_ends(void **state)
{
	(void)state;
	kernel_sregs.u.e.dec = 100;
	set(BOOKE_DEC, 7);
	flush();
	assert_int_equal(get(BOOKE_DEC), 100);
	set(BOOKE_DEC, 7);
	set(BOOKE_UPDATE_SPECIAL, KVM_SREGS_E_UPDATE_DEC);
	flush();
	assert_int_equal(get(BOOKE_DEC), 7);
	kernel_sregs.u.e.dec = 6; /* it runs on */
	set(BOOKE_ESR, 1);
	flush();
	assert_int_equal(kernel_sregs.u.e.dec, 6);
	assert_int_equal(updates, 1);
}

static void kernel_fill(void)
{
	random_seed = 5;
	random_fill(&kernel_regs, sizeof(kernel_regs));
	random_fill(&kernel_sregs.u.e, sizeof(kernel_sregs.u.e));
	for (unsigned int i = 0; i < booke_regs.row_count; i++)
		if (!(booke_regs.rows[i].flags & (REG_BLOCK | REG_READ_ONLY)))
			random_fill(fake_kvm_reg(FD, id(i))->value, booke_regs.rows[i].size);
	fake_kvm_set(FD, KVM_REG_PPC_TSR, ENW | DIS);
	fake_kvm_set(FD, KVM_REG_PPC_OR_TSR, 0);
	fake_kvm_set(FD, KVM_REG_PPC_CLEAR_TSR, 0);
}

static void assert_restored(const struct fake_kvm *saved, const struct kvm_sregs *saved_sregs)
{
	struct kvm_sregs now;

	for (unsigned int i = 0; i < saved->reg_count; i++)
		if (memcmp(fake_kvm_reg(FD, saved->regs[i].id)->value, saved->regs[i].value,
			   FAKE_REG_BYTES) != 0)
			fail_msg("register %#llx", (unsigned long long)saved->regs[i].id);
	kernel_get_sregs(&now);
	now.u.e.dec = saved_sregs->u.e.dec;
	assert_memory_equal(&now, saved_sregs, sizeof(now));
}

/* The bits of TSR included, though the new vCPU has others, and those that were only asked for. */
static void test_a_restored_vcpu_is_the_saved_one(void **state)
{
	static struct fake_kvm saved;
	struct kvm_regs saved_regs;
	struct kvm_sregs saved_sregs;
	struct reg_image image;

	(void)state;
	kernel_fill();
	memcpy(&saved_regs, &kernel_regs, sizeof(saved_regs));
	kernel_get_sregs(&saved_sregs);
	memcpy(&saved, &fake_kvm, sizeof(saved));
	fake_kvm_set(FD, KVM_REG_PPC_TSR, ENW | WIS);
	set(BOOKE_OR_TSR, DIS);
	set(BOOKE_CLEAR_TSR, WIS);
	assert_ok(regs_save(&regs, &image, &err), err);
	assert_int_equal(sets(), 0);

	regs_finish(&regs);
	setup(NULL);
	fake_kvm_set(FD, KVM_REG_PPC_TSR, WIS);
	assert_ok(regs_restore(&regs, &image, NULL, REG_RESTORE_REST, &err), err);
	assert_ok(regs_restore(&regs, &image, NULL, REG_RESTORE_LATE, &err), err);
	assert_int_equal(sets_of(BOOKE_TSR), 0);
	assert_int_equal(updates, 0);
	assert_memory_equal(&kernel_regs, &saved_regs, sizeof(saved_regs));
	assert_restored(&saved, &saved_sregs);
	reg_image_free(&image);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_table_agrees_with_the_header),
		TEST(test_every_number_of_the_family_has_a_row),
		TEST(test_the_block_stands_before_what_it_repeats),
		TEST(test_tsr_is_written_bit_by_bit_alone),
		TEST(test_s5_tsr_and_tcr_in_either_order),
		TEST(test_s5_a_fetch_of_everything_overwrites_no_change),
		TEST(test_s5_a_timer_between_fetch_and_flush_keeps_its_bit),
		TEST(test_s5_the_last_word_about_a_bit_counts),
		TEST(test_s5_every_short_sequence_keeps_every_bit),
		TEST(test_s5_the_block_brings_no_old_copy_back),
		TEST(test_s5_a_running_watchdog_loses_no_bit_over_long_sequences),
		TEST(test_a_special_update_is_asked_for_and_ends),
		TEST(test_a_restored_vcpu_is_the_saved_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
