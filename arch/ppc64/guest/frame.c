/* SPDX-License-Identifier: Apache-2.0 */
/* Signal frames, laid out as Linux on 64-bit powerpc does: ucontext, a second one for
 * transactions, which stays as it is, siginfo; below it the frame of a caller that the
 * handler may use, above it the 288 bytes that a leaf function uses without asking (the
 * kernel leaves 512). What comes back from user memory is judged: the program may change
 * every register, and nothing else. */
#include "guest-runtime/arch.h"
#include "guest-runtime/string.h"
#include "guest-runtime/user.h"

#include <linux/errno.h>
#include <linux/signal.h>

#include <asm/ptrace.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>

#define CALLER_FRAME 128
#define RED_ZONE 512
#define VECTORS_ALIGN 16

struct signal_frame {
	struct ucontext context, transaction;
	struct {
		uint64_t unused[2];
		uint32_t trampoline[7], padding; /* the code stands elsewhere */
		uint64_t info_pointer, context_pointer;
		char info[128];
	} tail;
	char red_zone[RED_ZONE];
} __attribute__((aligned(16)));

_Static_assert(sizeof(struct signal_frame) + CALLER_FRAME <= SIGNAL_STACK_MIN, "AT_MINSIGSTKSZ");

/* addi r1, r1, CALLER_FRAME; li r0, the number of rt_sigreturn; sc: unwinders know it. */
const uint32_t frame_trampoline[] = {0x38210080, 0x380000ac, 0x44000002};
const size_t frame_trampoline_size = sizeof(frame_trampoline);

void fp_save(void *fp, void *vr);
void fp_load(const void *fp, const void *vr);

/* One at a time; it is too large for the kernel's stack. */
static struct ucontext image __attribute__((aligned(16)));

/* Where the vector registers are: after what aligns them. */
static size_t vectors_offset(void)
{
	size_t offset = offsetof(struct ucontext, uc_mcontext.vmx_reserve);

	return (offset + VECTORS_ALIGN - 1) & ~(size_t)(VECTORS_ALIGN - 1);
}

static void *vectors(void)
{
	return (char *)&image + vectors_offset();
}

/* `base`: where the user gets it. */
static void image_fill(const struct regs *regs, const struct frame *frame, uint64_t base)
{
	struct sigcontext *context = &image.uc_mcontext;

	memset(&image, 0, sizeof(image));
	memcpy(&image.uc_stack, frame->altstack, sizeof(image.uc_stack));
	memcpy(&image.uc_sigmask, &frame->mask, sizeof(frame->mask));
	context->signal = frame->signal;
	context->handler = frame->handler;
	context->oldmask = frame->mask;
	context->regs = (void *)(base + offsetof(struct ucontext, uc_mcontext.gp_regs));
	context->v_regs = (void *)(base + vectors_offset());
	memcpy(context->gp_regs, regs, sizeof(*regs));
	context->gp_regs[PT_MSR] = 1ull << 63 | MSR_USER;
	context->gp_regs[PT_SOFTE] = 1;
	fp_save(context->fp_regs, vectors());
}

static int push_tail(uint64_t base, const struct frame *frame)
{
	struct signal_frame *user = (struct signal_frame *)base;
	uint64_t pointers[2] = {(uint64_t)&user->tail.info, (uint64_t)&user->context};

	return copy_to_user((uint64_t)&user->tail.info_pointer, pointers, sizeof(pointers)) ||
	       copy_to_user((uint64_t)&user->tail.info, frame->info, sizeof(user->tail.info));
}

int frame_push(struct regs *regs, uint64_t stack, const struct frame *frame)
{
	uint64_t base = (stack - sizeof(struct signal_frame)) & ~15ull;
	uint64_t caller = base - CALLER_FRAME, back = regs->gpr[1];

	image_fill(regs, frame, base);
	if (copy_to_user(base, &image, sizeof(image)) || push_tail(base, frame) ||
	    put_user(caller, back))
		return -EFAULT;
	regs->gpr[1] = caller;
	regs->gpr[3] = (uint64_t)frame->signal;
	regs->gpr[4] = base + offsetof(struct signal_frame, tail.info);
	regs->gpr[5] = base + offsetof(struct signal_frame, context);
	regs->gpr[6] = base;
	regs->gpr[12] = frame->handler;
	regs->lr = frame->restorer;
	regs->pc = frame->handler;
	return 0;
}

int frame_pop(struct regs *regs, struct frame *frame)
{
	const struct sigcontext *context = &image.uc_mcontext;

	if (copy_from_user(&image, regs->gpr[1], sizeof(image)))
		return -EFAULT;
	memcpy(frame->altstack, &image.uc_stack, sizeof(frame->altstack));
	memcpy(&frame->mask, &image.uc_sigmask, sizeof(frame->mask));
	memcpy(regs->gpr, context->gp_regs, sizeof(regs->gpr));
	regs->pc = context->gp_regs[PT_NIP];
	regs->ctr = context->gp_regs[PT_CTR];
	regs->lr = context->gp_regs[PT_LNK];
	regs->xer = context->gp_regs[PT_XER];
	regs->cr = (uint32_t)context->gp_regs[PT_CCR];
	fp_load(context->fp_regs, vectors());
	return 0;
}
