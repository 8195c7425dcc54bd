/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vcpu.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KICK_SIGNAL SIGRTMIN
enum { KICK_AGAIN_NS = 10 * 1000 * 1000 };

static void kicked(int signal)
{
	(void)signal;
}

int vcpu_signal_init(struct error *err)
{
	struct sigaction action = {.sa_handler = kicked};

	if (sigaction(KICK_SIGNAL, &action, NULL) < 0)
		return error_errno(err, "sigaction");
	return 0;
}

int vcpu_init(struct vcpu *vcpu, unsigned int index, struct machine *machine, const struct bus *bus,
	      const struct vcpu_owner *owner, struct error *err)
{
	return vcpu_init_from(vcpu, index, machine, bus, owner, NULL, err);
}

int vcpu_init_from(struct vcpu *vcpu, unsigned int index, struct machine *machine,
		   const struct bus *bus, const struct vcpu_owner *owner,
		   const struct vcpu_state *from, struct error *err)
{
	*vcpu = (struct vcpu){
		.index = index,
		.fd = kvm_create_vcpu(machine->vm_fd, index, err),
		.machine = machine,
		.bus = bus,
		.owner = *owner,
		.off = machine->vcpus_off && index > 0,
		.absent = true,
	};
	pthread_mutex_init(&vcpu->lock, NULL);
	pthread_cond_init(&vcpu->changed, NULL);
	if (vcpu->fd < 0)
		return vcpu->fd;
	vcpu->run = kvm_map_run(machine->kvm, vcpu->fd, err);
	if (!vcpu->run)
		return -err->code;
	if (regs_init(&vcpu->regs, &arch_regs, vcpu->fd, vcpu->run, err) < 0)
		return -err->code;
	vcpu->regs.page_tables = &machine->page_tables;
	if (arch_vcpu_init(machine, vcpu->fd, index, err) < 0)
		return -err->code;
	if (from && vcpu_restore(vcpu, from, REG_RESTORE_EARLY, err) < 0)
		return -err->code;
	return arch_vcpu_finalize(machine, &vcpu->regs, err);
}

void vcpu_finish(struct vcpu *vcpu)
{
	regs_finish(&vcpu->regs);
	kvm_unmap_run(vcpu->machine->kvm, vcpu->run);
	vcpu->run = NULL;
	if (vcpu->fd >= 0)
		close(vcpu->fd);
	vcpu->fd = -1;
	pthread_cond_destroy(&vcpu->changed);
	pthread_mutex_destroy(&vcpu->lock);
}

static void count_exit(struct vcpu *vcpu, uint32_t reason)
{
	metrics_count(&vcpu->exits[reason < VCPU_EXITS - 1 ? reason : VCPU_EXITS - 1]);
}

static enum exit_action unexpected_exit(uint32_t reason, struct error *err)
{
	error_set(err, EIO, "unexpected KVM exit %u", reason);
	return EXIT_FAIL;
}

/* What the thread has to look at. Covers, with immediate_exit, the moment between its last look
 * and KVM_RUN. Lock held. */
static void vcpu_want(struct vcpu *vcpu)
{
	bool wanted =
		vcpu->request != VCPU_RUN || vcpu->work || vcpu->off || vcpu->held || vcpu->due;

	__atomic_store_n(&vcpu->wanted, wanted, __ATOMIC_RELEASE);
	if (wanted)
		__atomic_fetch_or(&vcpu->run->immediate_exit, EXIT_TO_LISTEN, __ATOMIC_ACQ_REL);
	else
		__atomic_fetch_and(&vcpu->run->immediate_exit, ~EXIT_TO_LISTEN, __ATOMIC_ACQ_REL);
}

/* Lock held, but not while the work is done. */
static void vcpu_work(struct vcpu *vcpu)
{
	while (vcpu->work) {
		struct vcpu_work *work = vcpu->work;

		pthread_mutex_unlock(&vcpu->lock);
		work->run(vcpu, work->context);
		pthread_mutex_lock(&vcpu->lock);
		vcpu->work = work->next;
		work->done = true;
		pthread_cond_broadcast(&vcpu->changed);
	}
	vcpu_want(vcpu);
}

/* Out of the guest and of all devices: does what others want, and waits as long as it is asked
 * to. Whether to go on. */
static bool vcpu_yield(struct vcpu *vcpu)
{
	bool run;

	if (!__atomic_load_n(&vcpu->wanted, __ATOMIC_ACQUIRE))
		return true;
	pthread_mutex_lock(&vcpu->lock);
	vcpu_work(vcpu);
	while (vcpu->request == VCPU_PAUSE ||
	       ((vcpu->off || vcpu->held) && vcpu->request == VCPU_RUN)) {
		vcpu->parked = true;
		pthread_cond_broadcast(&vcpu->changed);
		pthread_cond_wait(&vcpu->changed, &vcpu->lock);
		vcpu_work(vcpu);
	}
	vcpu->parked = false;
	run = vcpu->request == VCPU_RUN;
	pthread_mutex_unlock(&vcpu->lock);
	return run;
}

/* A debug exit: it is the debugger's, or the guest's own. */
static enum exit_action vcpu_debug(struct vcpu *vcpu, struct error *err)
{
	int result = debug_cpu_exit(&vcpu->debug, vcpu->run, &vcpu->regs, err);

	if (result == 1 && vcpu->owner.debugged(vcpu->owner.debugger, vcpu)) {
		pthread_mutex_lock(&vcpu->lock);
		vcpu->held = true;
		vcpu_want(vcpu);
		pthread_mutex_unlock(&vcpu->lock);
	}
	return result < 0 ? EXIT_FAIL : EXIT_ENTER;
}

/* Notes what is left of a store, for a snapshot that is taken in between. */
static void store_left(struct vcpu *vcpu, bool left, const struct exit *exit)
{
	const struct kvm_run *run = exit->run;

	vcpu->store.size = 0;
	if (!left || run->exit_reason != KVM_EXIT_MMIO)
		return;
	vcpu->store.address = run->mmio.phys_addr;
	vcpu->store.size = run->mmio.len;
	vcpu->store.progress = exit->progress;
	memcpy(vcpu->store.data, run->mmio.data, sizeof(vcpu->store.data));
}

/* The rest of a store that a snapshot was taken in the middle of. */
static enum exit_action vcpu_finish_store(struct vcpu *vcpu)
{
	struct vcpu_store *store = &vcpu->store;
	int result = 0;

	while (store->size) {
		result = bus_write(vcpu->bus, store->address, store->data, store->size,
				   &store->progress);
		if (result != -EINTR)
			store->size = 0;
		else if (!vcpu_yield(vcpu))
			return EXIT_ENTER; /* and told to stop */
	}
	return result == -ECANCELED ? EXIT_LEAVE : EXIT_ENTER;
}

/* Handles the exit that KVM_RUN returned with, as often as kicks come in between. */
static enum exit_action vcpu_handle(struct vcpu *vcpu, struct error *err)
{
	uint32_t reason = vcpu->run->exit_reason;
	struct exit exit = {
		.run = vcpu->run,
		.bus = vcpu->bus,
		.machine = vcpu->machine,
		.vcpu = vcpu->index,
	};
	unsigned int resets = vcpu->resets;
	enum exit_action action;

	if (reason == KVM_EXIT_DEBUG)
		return vcpu_debug(vcpu, err);
	if (reason >= arch_exit_count || !arch_exits[reason].handle)
		return unexpected_exit(reason, err);
	do {
		action = arch_exits[reason].handle(&exit, err);
		store_left(vcpu, action == EXIT_AGAIN, &exit);
	} while (action == EXIT_AGAIN && vcpu_yield(vcpu) && vcpu->resets == resets);
	if (exit.unknown_call)
		metrics_count(&vcpu->unknown_calls);
	return action;
}

static bool exit_owed(uint32_t reason)
{
	return reason < arch_exit_count && arch_exits[reason].owed;
}

/* What other vCPUs have made of its registers. */
static int vcpu_catch_up(struct vcpu *vcpu, struct error *err)
{
	uint64_t entry, argument;
	enum vcpu_due due;
	int result = 0;

	if (!__atomic_load_n(&vcpu->due, __ATOMIC_ACQUIRE))
		return 0;
	pthread_mutex_lock(&vcpu->lock);
	due = vcpu->due;
	entry = vcpu->entry;
	argument = vcpu->argument;
	__atomic_store_n(&vcpu->due, VCPU_AS_IT_IS, __ATOMIC_RELEASE);
	vcpu_want(vcpu);
	pthread_mutex_unlock(&vcpu->lock);
	if (due == VCPU_BEGINS)
		result = arch_vcpu_boot(&vcpu->regs, entry, argument, err);
	if (result == 0)
		result = arch_vcpu_update(vcpu->machine, &vcpu->regs, err);
	if (result == 0 && vcpu->debug.step.by_mode)
		result = debug_cpu_moved(&vcpu->debug, &vcpu->regs, err);
	return result;
}

/* Bad addresses are the host's: what it has no page for, which it would have given anybody. */
static enum exit_action vcpu_refused(int code, struct error *err)
{
	error_set(err, code, "KVM_RUN: %s%s", strerror(code),
		  code == EFAULT ? ": the host has no page for what the guest touched; there is no "
				   "room, or the memory file is cut off or can't be read"
				 : "");
	return EXIT_FAIL;
}

/* One round: into the guest and out again. */
static enum exit_action vcpu_enter(struct vcpu *vcpu, struct error *err)
{
	int result = vcpu_catch_up(vcpu, err);

	if (result == 0)
		result = debug_cpu_enter(&vcpu->debug, &vcpu->regs, err);
	if (result == 1)
		return vcpu_debug(vcpu, err);
	if (result == 0)
		result = regs_flush(&vcpu->regs, err);
	if (result < 0)
		return EXIT_FAIL;
	result = kvm_ioctl_value(vcpu->fd, KVM_RUN, 0);
	regs_returned(&vcpu->regs, result == 0 && exit_owed(vcpu->run->exit_reason));
	if (result == -EINTR || result == -EAGAIN) {
		count_exit(vcpu, KVM_EXIT_INTR);
		return EXIT_ENTER;
	}
	if (result < 0)
		return vcpu_refused(-result, err);
	count_exit(vcpu, vcpu->run->exit_reason);
	return vcpu_handle(vcpu, err);
}

static void vcpu_power_off(struct vcpu *vcpu)
{
	pthread_mutex_lock(&vcpu->lock);
	vcpu->off = true;
	vcpu_want(vcpu);
	pthread_mutex_unlock(&vcpu->lock);
}

static void *vcpu_thread(void *context)
{
	struct vcpu *vcpu = context;
	struct error err;
	enum exit_action action = EXIT_ENTER;

	while (action < EXIT_LEAVE && vcpu_yield(vcpu)) {
		action = vcpu_finish_store(vcpu);
		if (action < EXIT_LEAVE && !vcpu->store.size)
			action = vcpu_enter(vcpu, &err);
		if (action == EXIT_OFF)
			vcpu_power_off(vcpu);
	}
	pthread_mutex_lock(&vcpu->lock);
	vcpu_work(vcpu);
	vcpu->parked = vcpu->absent = true;
	pthread_cond_broadcast(&vcpu->changed);
	pthread_mutex_unlock(&vcpu->lock);
	if (action == EXIT_SHUTDOWN || action == EXIT_FAIL)
		vcpu->owner.stopped(vcpu->owner.context, action, &err);
	return NULL;
}

int vcpu_start(struct vcpu *vcpu, struct error *err)
{
	int result;

	pthread_mutex_lock(&vcpu->lock); /* a call meets a thread that can be kicked, or none */
	vcpu_want(vcpu);
	result = pthread_create(&vcpu->thread, NULL, vcpu_thread, vcpu);
	vcpu->absent = result != 0;
	pthread_mutex_unlock(&vcpu->lock);
	if (result)
		return error_set(err, result, "vCPU %u: thread: %s", vcpu->index, strerror(result));
	vcpu->started = true;
	return 0;
}

/* Lock held. */
static void vcpu_set_due(struct vcpu *vcpu, enum vcpu_due due)
{
	if (due > vcpu->due)
		__atomic_store_n(&vcpu->due, due, __ATOMIC_RELEASE);
	vcpu_want(vcpu);
}

int vcpu_power_on(struct vcpu *vcpu, uint64_t entry, uint64_t argument)
{
	bool off;

	pthread_mutex_lock(&vcpu->lock);
	off = vcpu->off;
	if (off) {
		vcpu->off = false;
		vcpu->entry = entry;
		vcpu->argument = argument;
		vcpu_set_due(vcpu, VCPU_BEGINS);
		pthread_cond_broadcast(&vcpu->changed);
	}
	pthread_mutex_unlock(&vcpu->lock);
	return off ? 0 : -EBUSY;
}

void vcpu_update(struct vcpu *vcpu)
{
	pthread_mutex_lock(&vcpu->lock);
	vcpu_set_due(vcpu, VCPU_CHANGES);
	if (!vcpu->absent && !vcpu->parked && !pthread_equal(vcpu->thread, pthread_self()))
		pthread_kill(vcpu->thread, KICK_SIGNAL);
	pthread_mutex_unlock(&vcpu->lock);
}

void vcpu_ask(struct vcpu *vcpu, enum vcpu_request request)
{
	pthread_mutex_lock(&vcpu->lock);
	if (vcpu->request != VCPU_STOP)
		vcpu->request = request;
	vcpu_want(vcpu);
	pthread_cond_broadcast(&vcpu->changed);
	pthread_mutex_unlock(&vcpu->lock);
	if (request != VCPU_RUN)
		pthread_kill(vcpu->thread, KICK_SIGNAL);
}

void vcpu_hold(struct vcpu *vcpu, bool held)
{
	pthread_mutex_lock(&vcpu->lock);
	vcpu->held = held;
	vcpu_want(vcpu);
	pthread_cond_broadcast(&vcpu->changed);
	if (held && !vcpu->absent && !vcpu->parked)
		pthread_kill(vcpu->thread, KICK_SIGNAL);
	pthread_mutex_unlock(&vcpu->lock);
}

void vcpu_undo(struct vcpu *vcpu, const struct vcpu_state *from)
{
	pthread_mutex_lock(&vcpu->lock);
	vcpu->off = from->off;
	__atomic_store_n(&vcpu->due, from->due, __ATOMIC_RELEASE);
	vcpu->entry = from->entry;
	vcpu->argument = from->argument;
	vcpu->store = from->store;
	vcpu->resets++;
	vcpu_want(vcpu);
	pthread_cond_broadcast(&vcpu->changed);
	pthread_mutex_unlock(&vcpu->lock);
}

/* A kick just before a blocking write is lost, so waiting means kicking again. */
static struct timespec kick_again(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += KICK_AGAIN_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	return until;
}

void vcpu_wait_parked(struct vcpu *vcpu)
{
	pthread_mutex_lock(&vcpu->lock);
	while (!vcpu->parked) {
		struct timespec until = kick_again();

		if (pthread_cond_timedwait(&vcpu->changed, &vcpu->lock, &until) == ETIMEDOUT)
			pthread_kill(vcpu->thread, KICK_SIGNAL);
	}
	pthread_mutex_unlock(&vcpu->lock);
}

/* Lock held by the caller, who is the vCPU's thread now. */
static void call_here(struct vcpu *vcpu, struct vcpu_work *work)
{
	work->run(vcpu, work->context);
	work->done = true;
}

static void call_there(struct vcpu *vcpu, struct vcpu_work *work)
{
	struct vcpu_work **last = &vcpu->work;

	while (*last)
		last = &(*last)->next;
	*last = work;
	vcpu_want(vcpu);
	pthread_cond_broadcast(&vcpu->changed);
	if (!vcpu->parked)
		pthread_kill(vcpu->thread, KICK_SIGNAL);
}

void vcpu_call(struct vcpu *vcpu, void (*run)(struct vcpu *vcpu, void *context), void *context)
{
	struct vcpu_work work = {.run = run, .context = context};

	pthread_mutex_lock(&vcpu->lock);
	if (vcpu->absent)
		call_here(vcpu, &work);
	else
		call_there(vcpu, &work);
	while (!work.done) {
		struct timespec until = kick_again();

		if (pthread_cond_timedwait(&vcpu->changed, &vcpu->lock, &until) == ETIMEDOUT)
			pthread_kill(vcpu->thread, KICK_SIGNAL);
	}
	pthread_mutex_unlock(&vcpu->lock);
}

struct inspection {
	struct error *err;
	int result;
};

static void inspect(struct vcpu *vcpu, void *context)
{
	struct inspection *inspection = context;

	inspection->result = regs_inspect(&vcpu->regs, &vcpu->marks, inspection->err);
}

int vcpu_inspect(struct vcpu *vcpu, struct error *err)
{
	struct inspection inspection = {.err = err};

	vcpu_call(vcpu, inspect, &inspection);
	return inspection.result;
}

void vcpu_join(struct vcpu *vcpu)
{
	struct timespec until = kick_again();

	while (pthread_timedjoin_np(vcpu->thread, NULL, &until) == ETIMEDOUT) {
		pthread_kill(vcpu->thread, KICK_SIGNAL);
		until = kick_again();
	}
	vcpu->started = false;
}

void vcpu_metrics(const struct vcpu *vcpu, struct metrics *metrics)
{
	for (unsigned int i = 0; i < VCPU_EXITS; i++) {
		const char *name = i < arch_exit_count ? arch_exits[i].name : NULL;

		if (name || i == VCPU_EXITS - 1 || metrics_load(&vcpu->exits[i]))
			metrics_add(metrics, METRIC_EXITS, metrics_load(&vcpu->exits[i]),
				    name ? name : "unexpected", NULL);
	}
	metrics_add(metrics, METRIC_UNKNOWN_HYPERCALLS, metrics_load(&vcpu->unknown_calls), NULL,
		    NULL);
	regs_metrics(&vcpu->regs, metrics);
}
