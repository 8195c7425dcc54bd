/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that counts its timer's interrupts (tests/guests/ticks.c) is stopped, looked at
 * completely and let go again, many times: it must not notice. */
#include "tests/guests/ticks.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/registers/machine.h"
#include "vmm/vcpu.h"

enum { WAIT_S = 300 };

struct ticker {
	struct test_vm vm;
	struct bus bus;
	struct vcpu vcpus[TICKS_CPUS];
	unsigned int count;
	volatile struct ticks_page *page;
	uint64_t last[TICKS_CPUS]; /* the guest's counter at the last look */
	int64_t ahead_min, ahead_max; /* of the host's counter against the guest's */
	unsigned int back; /* looks that saw a counter go back */
	uint64_t reads; /* by the other thread */
	bool reading; /* atomic */
};

/* Whether the guest gets as far as that in time. */
static bool reaches(volatile uint64_t *count, uint64_t value)
{
	const struct timespec pause = {.tv_nsec = 200000};
	time_t end = time(NULL) + WAIT_S;

	while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < value) {
		if (time(NULL) > end)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* ---- the VM ---- */

static int guest_ends(void *context, uint64_t offset, unsigned int size, uint64_t value,
		      uint64_t *progress)
{
	(void)context, (void)offset, (void)size, (void)value, (void)progress;
	return -ECANCELED;
}

static void failed(void *context, enum exit_action action, const struct error *reason)
{
	(void)context, (void)action;
	tap_note("a vCPU ended: %s", reason->message);
}

static int start_vcpu(void *context, unsigned int index, uint64_t entry, uint64_t argument)
{
	struct ticker *ticker = context;

	return index < ticker->count ? vcpu_power_on(&ticker->vcpus[index], entry, argument)
				     : -ENOENT;
}

static void start(struct ticker *ticker, const char *guests, unsigned int count)
{
	static const struct bus_device control = {.write = guest_ends};
	const struct vcpu_owner owner = {.stopped = failed};
	struct error err;

	memset(ticker, 0, sizeof(*ticker));
	ticker->count = count;
	ticker->ahead_min = INT64_MIN;
	ticker->ahead_max = INT64_MAX;
	test_vm_init(&ticker->vm, count, false);
	ticker->vm.machine.vcpus = (struct machine_vcpus){.start = start_vcpu, .context = ticker};
	tap_must(bus_add(&ticker->bus, arch_layout.control, 0x1000, &control, NULL, &err), &err);
	for (unsigned int i = 0; i < count; i++)
		tap_must(vcpu_init(&ticker->vcpus[i], i, &ticker->vm.machine, &ticker->bus, &owner,
				   &err),
			 &err);
	tap_must(arch_machine_finish(&ticker->vm.machine, &err), &err);
	ticker->page = memory_write_span(&ticker->vm.memory, arch_layout.ram_base + TICKS_OFFSET,
					 sizeof(*ticker->page));
	ticker->page->period = test_arch_hz() / 1000;
	ticker->page->irqchip = ticker->vm.machine.irqchip;
	ticker->page->cpus = count;
	tap_must(arch_vcpu_boot(&ticker->vcpus[0].regs,
				test_load_guest(&ticker->vm, guests, "ticks"), 0, &err),
		 &err);
	for (unsigned int i = 0; i < count; i++)
		tap_must(vcpu_start(&ticker->vcpus[i], &err), &err);
}

/* Whether every vCPU has taken the last tick that it owes itself. */
static bool stop(struct ticker *ticker)
{
	bool done = true;

	__atomic_store_n(&ticker->page->stop, 1, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < ticker->count; i++) {
		done = reaches(&ticker->page->cpu[i].done, 1) && done;
		vcpu_ask(&ticker->vcpus[i], VCPU_STOP);
		vcpu_join(&ticker->vcpus[i]);
	}
	return done;
}

static void finish(struct ticker *ticker)
{
	for (unsigned int i = 0; i < ticker->count; i++)
		vcpu_finish(&ticker->vcpus[i]);
	test_vm_finish(&ticker->vm);
}

/* ---- looks ---- */

struct moment {
	uint64_t before, guest, after;
};

static void read_counters(struct vcpu *vcpu, void *context)
{
	struct moment *moment = context;

	moment->before = test_arch_now();
	moment->guest = test_arch_counter(&vcpu->regs);
	moment->after = test_arch_now();
}

/* The two counters are read at about the same time: their distance lies between what it is with
 * the host's before and after. That it is one distance all the time means: no drift at all. */
static void keep_distance(struct ticker *ticker, const struct moment *moment)
{
	int64_t min = (int64_t)(moment->before - moment->guest);
	int64_t max = (int64_t)(moment->after - moment->guest);

	if (min > ticker->ahead_min)
		ticker->ahead_min = min;
	if (max < ticker->ahead_max)
		ticker->ahead_max = max;
}

static void look(struct ticker *ticker, unsigned int i)
{
	struct vcpu *vcpu = &ticker->vcpus[i];
	struct moment moment;
	uint64_t seen;
	struct error err;

	tap_must(vcpu_inspect(vcpu, &err), &err);
	seen = test_arch_seen(&vcpu->regs);
	vcpu_call(vcpu, read_counters, &moment);
	keep_distance(ticker, &moment);
	if (seen < ticker->last[i] || moment.guest < seen)
		ticker->back++;
	ticker->last[i] = moment.guest;
}

/* Whether the guest went on after each of them. */
static bool look_often(struct ticker *ticker, unsigned int looks)
{
	uint64_t ticks[TICKS_CPUS];
	bool goes_on = true;

	for (unsigned int i = 0; i < ticker->count; i++)
		goes_on = goes_on && reaches(&ticker->page->cpu[i].ticks, 1);
	for (unsigned int n = 0; goes_on && n < looks; n++) {
		for (unsigned int i = 0; i < ticker->count; i++)
			vcpu_ask(&ticker->vcpus[i], VCPU_PAUSE);
		for (unsigned int i = 0; i < ticker->count; i++)
			vcpu_wait_parked(&ticker->vcpus[i]);
		for (unsigned int i = 0; i < ticker->count; i++) {
			look(ticker, i);
			ticks[i] = ticker->page->cpu[i].ticks;
		}
		for (unsigned int i = 0; i < ticker->count; i++)
			vcpu_ask(&ticker->vcpus[i], VCPU_RUN);
		for (unsigned int i = 0; i < ticker->count; i++)
			goes_on = goes_on && reaches(&ticker->page->cpu[i].ticks, ticks[i] + 1);
	}
	return goes_on;
}

static void read_some(struct vcpu *vcpu, void *context)
{
	struct ticker *ticker = context;

	for (const unsigned int *number = test_arch_some; *number; number++)
		test_get(&vcpu->regs, *number);
	ticker->reads++;
}

static void *read_always(void *context)
{
	struct ticker *ticker = context;

	for (unsigned int i = 0; __atomic_load_n(&ticker->reading, __ATOMIC_ACQUIRE); i++)
		vcpu_call(&ticker->vcpus[i % ticker->count], read_some, ticker);
	return NULL;
}

/* ---- what the guest noticed ---- */

static void check_guest(struct ticker *ticker, unsigned int i, const char *how)
{
	struct ticks_cpu cpu;
	uint64_t due;

	memcpy(&cpu, (const void *)&ticker->page->cpu[i], sizeof(cpu));
	due = (cpu.end - cpu.start) / ticker->page->period;
	tap_point(cpu.ticks == due && cpu.early == 0 && cpu.moved == 0,
		  "%s, vCPU %u: %" PRIu64 " ticks of %" PRIu64 ", %" PRIu64 " early, comparator "
		  "moved %" PRIu64 " times",
		  how, i, cpu.ticks, due, cpu.early, cpu.moved);
	tap_point(cpu.backwards == 0 && cpu.strange == 0,
		  "%s, vCPU %u: the counter went back %" PRIu64 " times; %" PRIu64
		  " other exceptions",
		  how, i, cpu.backwards, cpu.strange);
}

/* Where KVM has no list, a row that this host has not is asked for once. */
static uint64_t absent_rows(const struct regs *regs)
{
	uint64_t count = 0;

	for (unsigned int i = 0; !regs->has_list && i < regs_rows(regs); i++)
		count += reg_bit(regs->absent, i);
	return count;
}

static void check_ioctls(struct ticker *ticker, unsigned int i, const char *how)
{
	const struct regs *regs = &ticker->vcpus[i].regs;

	tap_point(test_count(regs, REG_SET) == test_arch_boot_sets(i) &&
			  test_count(regs, REG_REFUSED) == absent_rows(regs) &&
			  regs->ioctls[__builtin_ctz(REG_TIMER)][REG_SET] == 0,
		  "%s, vCPU %u: no register is written but to boot (%s)", how, i,
		  test_ioctls(regs));
}

static void run(const char *guests, unsigned int count, bool reading, unsigned int looks)
{
	static struct ticker ticker;
	char how[64];
	pthread_t reader;
	bool went_on;

	snprintf(how, sizeof(how), "%u vCPU%s%s", count, count > 1 ? "s" : "",
		 reading ? " and a reader" : "");
	start(&ticker, guests, count);
	ticker.reading = reading;
	if (reading && pthread_create(&reader, NULL, read_always, &ticker))
		tap_must(-1, &(struct error){.message = "pthread_create"});
	went_on = look_often(&ticker, looks);
	__atomic_store_n(&ticker.reading, false, __ATOMIC_RELEASE);
	if (reading)
		pthread_join(reader, NULL);
	tap_point(stop(&ticker) && went_on,
		  "%s: goes on after each of %u looks at everything, and %" PRIu64 " at some", how,
		  looks, ticker.reads);
	tap_point(ticker.back == 0 && ticker.ahead_min <= ticker.ahead_max,
		  "%s: the guest's counter and the host's keep one distance, known to %" PRId64
		  " counts; it went back %u times",
		  how, ticker.ahead_max - ticker.ahead_min, ticker.back);
	for (unsigned int i = 0; i < count; i++) {
		check_guest(&ticker, i, how);
		check_ioctls(&ticker, i, how);
	}
	finish(&ticker);
}

void test_ticks(const char *guests, unsigned int looks)
{
	struct error err;

	tap_must(vcpu_signal_init(&err), &err);
	run(guests, 1, false, looks);
	run(guests, 1, true, looks);
	run(guests, 2, true, looks);
}
