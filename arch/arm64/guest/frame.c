/* SPDX-License-Identifier: Apache-2.0 */
/* Signal frames, laid out as Linux on arm64 does: siginfo, ucontext with the FP registers
 * in its reserved space, a frame record above it. What comes back from user memory is
 * judged: the program may change every register, and nothing else. */
#include "guest-runtime/arch.h"
#include "guest-runtime/string.h"
#include "guest-runtime/user.h"

#include <linux/errno.h>
#include <linux/signal.h>

#include <asm/sigcontext.h>
#include <asm/ucontext.h>

#define PSTATE_FLAGS 0xf1001000ull /* NZCV, DIT, SSBS: what user mode may set */

struct signal_frame {
	char info[128];
	struct ucontext context;
	uint64_t record_fp, record_lr;
};

/* svc with the number of rt_sigreturn in x8 */
const uint32_t frame_trampoline[] = {0xd2801168, 0xd4000001};
const size_t frame_trampoline_size = sizeof(frame_trampoline);

void fp_save(void *registers);
void fp_load(const void *registers);

/* One at a time; it is too large for the kernel's stack. */
static struct signal_frame image;

static struct fpsimd_context *fp_context(void)
{
	return (struct fpsimd_context *)image.context.uc_mcontext.__reserved;
}

static void fp_store(struct fpsimd_context *fp)
{
	fp->head.magic = FPSIMD_MAGIC;
	fp->head.size = sizeof(*fp);
	fp->fpsr = (uint32_t)cpu_read(fpsr);
	fp->fpcr = (uint32_t)cpu_read(fpcr);
	fp_save(fp->vregs);
	memset(fp + 1, 0, sizeof(struct _aarch64_ctx)); /* the end of the records */
}

static void image_fill(const struct regs *regs, const struct frame *frame)
{
	struct ucontext *context = &image.context;

	memcpy(image.info, frame->info, sizeof(image.info));
	context->uc_flags = 0;
	context->uc_link = 0;
	memcpy(&context->uc_stack, frame->altstack, sizeof(context->uc_stack));
	memcpy(&context->uc_sigmask, &frame->mask, sizeof(frame->mask));
	memcpy(context->uc_mcontext.regs, regs->x, sizeof(regs->x));
	context->uc_mcontext.fault_address = frame->fault_address;
	context->uc_mcontext.sp = regs->sp;
	context->uc_mcontext.pc = regs->pc;
	context->uc_mcontext.pstate = regs->pstate;
	fp_store(fp_context());
	image.record_fp = regs->x[29];
	image.record_lr = regs->x[30];
}

int frame_push(struct regs *regs, uint64_t stack, const struct frame *frame)
{
	uint64_t base = ((stack - sizeof(image)) & ~15ull);

	image_fill(regs, frame);
	if (copy_to_user(base, &image, sizeof(image)))
		return -EFAULT;
	regs->x[0] = (uint64_t)frame->signal;
	regs->x[1] = base + offsetof(struct signal_frame, info);
	regs->x[2] = base + offsetof(struct signal_frame, context);
	regs->x[29] = base + offsetof(struct signal_frame, record_fp);
	regs->x[30] = frame->restorer;
	regs->sp = base;
	regs->pc = frame->handler;
	regs->pstate &= PSTATE_FLAGS;
	return 0;
}

static void fp_restore(const struct fpsimd_context *fp)
{
	if (fp->head.magic != FPSIMD_MAGIC || fp->head.size != sizeof(*fp))
		return;
	cpu_write(fpsr, fp->fpsr);
	cpu_write(fpcr, fp->fpcr);
	fp_load(fp->vregs);
}

int frame_pop(struct regs *regs, struct frame *frame)
{
	const struct ucontext *context = &image.context;

	if (copy_from_user(&image, regs->sp, sizeof(image)))
		return -EFAULT;
	memcpy(frame->altstack, &context->uc_stack, sizeof(frame->altstack));
	memcpy(&frame->mask, &context->uc_sigmask, sizeof(frame->mask));
	memcpy(regs->x, context->uc_mcontext.regs, sizeof(regs->x));
	regs->sp = context->uc_mcontext.sp;
	regs->pc = context->uc_mcontext.pc;
	regs->pstate = context->uc_mcontext.pstate & PSTATE_FLAGS;
	fp_restore(fp_context());
	return 0;
}
