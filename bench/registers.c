/* SPDX-License-Identifier: Apache-2.0 */
/* registers GUEST REGISTER ROUNDS [MARKS]: what it takes to look at the registers of a stopped
 * vCPU, to write one of them (the program counter, by its name), and to go on. Each round does
 * every act once. A line is the act's name, nanoseconds of CLOCK_MONOTONIC for the act, and for
 * the resume after it, until the guest's next byte is there. In a host that counts instructions
 * (lab --icount) a nanosecond is an instruction. With the file MARKS (the kernel's trace_marker)
 * it says there what comes next.
 *
 * GUEST says a byte on the UART when it is resumed, S at its first instruction, and sleeps. */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vmm/arch.h"
#include "vmm/image.h"
#include "vmm/vcpu.h"

enum { RAM_SIZE = 2 << 20, UART_SIZE = 1, ASLEEP_NS = 1000 * 1000 };

struct bench {
	struct kvm kvm;
	struct memory memory;
	struct machine machine;
	struct bus bus;
	struct vcpu vcpu;
	struct image_place guest;
	unsigned int pc; /* register number */
	uint64_t pc_read;
	int marks; /* -1: none */
	sem_t said; /* what the guest said, and when, is there */
	uint8_t byte;
	uint64_t when;
	int result;
	struct error err;
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* ---- the machine ---- */

static uint64_t uart_read(void *context, uint64_t offset, unsigned int size)
{
	(void)context, (void)offset, (void)size;
	return 0;
}

static int uart_write(void *context, uint64_t offset, unsigned int size, uint64_t value,
		      uint64_t *progress)
{
	struct bench *bench = context;

	(void)offset, (void)size, (void)progress;
	bench->when = now();
	bench->byte = (uint8_t)value;
	sem_post(&bench->said);
	return 0;
}

static const struct bus_device uart = {uart_read, uart_write};

static void guest_stopped(void *context, enum exit_action action, const struct error *reason)
{
	(void)context, (void)action;
	fprintf(stderr, "registers: the guest stopped: %s\n", reason->message);
	exit(1);
}

static int load(struct bench *bench, const char *path)
{
	struct image image;
	int result = image_open(&image, path, &bench->err);

	if (result < 0)
		return result;
	result = image_load_elf(&image, &bench->memory, &bench->guest, &bench->err);
	image_close(&image);
	return result;
}

static int machine_init(struct bench *bench)
{
	struct machine *machine = &bench->machine;
	struct error *err = &bench->err;

	if (kvm_init(&bench->kvm, err) < 0 ||
	    memory_init(&bench->memory, arch_layout.ram_base, RAM_SIZE, err) < 0)
		return -1;
	*machine = (struct machine){
		.kvm = &bench->kvm,
		.vm_fd = kvm_create_vm(&bench->kvm, arch_vm_type(&bench->kvm), err),
		.irqchip_fd = -1,
		.vcpu_count = 1,
		.memory = &bench->memory,
	};
	return machine->vm_fd < 0 ? -1 : arch_machine_init(machine, err);
}

static int start(struct bench *bench, const char *path)
{
	const struct vcpu_owner owner = {.stopped = guest_stopped, .context = bench};
	struct vcpu *vcpu = &bench->vcpu;
	struct error *err = &bench->err;

	sem_init(&bench->said, 0, 0);
	if (machine_init(bench) < 0 ||
	    vcpu_init(vcpu, 0, &bench->machine, &bench->bus, &owner, err) < 0 ||
	    arch_machine_finish(&bench->machine, err) < 0 ||
	    bus_add(&bench->bus, arch_layout.uart, UART_SIZE, &uart, bench, err) < 0 ||
	    load(bench, path) < 0 || memory_attach(&bench->memory, bench->machine.vm_fd, err) < 0)
		return -1;
	if (arch_vcpu_boot(&vcpu->regs, bench->guest.entry, 0, err) < 0 ||
	    vcpu_signal_init(err) < 0 || vcpu_start(vcpu, err) < 0)
		return -1;
	return 0;
}

/* ---- what is done to it ---- */

static void here_nothing(struct vcpu *vcpu, void *context)
{
	(void)vcpu, (void)context;
}

static void here_read(struct vcpu *vcpu, void *context)
{
	struct bench *bench = context;

	bench->result = reg_get(&vcpu->regs, bench->pc, &bench->pc_read, &bench->err);
}

static void here_write(struct vcpu *vcpu, void *context)
{
	struct bench *bench = context;

	bench->result = reg_set(&vcpu->regs, bench->pc, bench->guest.entry, &bench->err);
}

static void nothing(struct bench *bench)
{
	vcpu_call(&bench->vcpu, here_nothing, bench);
}

static void read_pc(struct bench *bench)
{
	vcpu_call(&bench->vcpu, here_read, bench);
}

static void write_pc(struct bench *bench)
{
	vcpu_call(&bench->vcpu, here_write, bench);
}

static void inspect(struct bench *bench)
{
	bench->result = vcpu_inspect(&bench->vcpu, &bench->err);
}

static const struct act {
	const char *name;
	void (*run)(struct bench *bench);
	uint8_t byte; /* what the guest says then */
} acts[] = {
	{"nothing", nothing, 'r'},
	{"read", read_pc, 'r'},
	{"write", write_pc, 'S'},
	{"inspect", inspect, 'r'},
};

static void mark(const struct bench *bench, const char *name, const char *part)
{
	if (bench->marks >= 0)
		dprintf(bench->marks, "%s %s", name, part);
}

/* The guest has said something; it falls asleep. */
static void wait_asleep(struct bench *bench)
{
	const struct timespec delay = {.tv_nsec = ASLEEP_NS};

	while (sem_wait(&bench->said) < 0)
		;
	nanosleep(&delay, NULL);
}

static int measure(struct bench *bench, const struct act *act)
{
	uint64_t began, acted;

	vcpu_ask(&bench->vcpu, VCPU_PAUSE);
	vcpu_wait_parked(&bench->vcpu);
	mark(bench, act->name, "act");
	began = now();
	act->run(bench);
	acted = now();
	mark(bench, act->name, "next");
	vcpu_ask(&bench->vcpu, VCPU_RUN);
	wait_asleep(bench);
	mark(bench, act->name, "rest");
	if (bench->result < 0)
		return bench->result;
	if (bench->byte != act->byte)
		return error_set(&bench->err, EPROTO, "%s: the guest said %c", act->name,
				 bench->byte);
	printf("%s %llu %llu\n", act->name, (unsigned long long)(acted - began),
	       (unsigned long long)(bench->when - acted));
	return 0;
}

static int find(struct bench *bench, const char *name)
{
	const struct reg_table *table = &arch_regs;

	for (unsigned int i = 0; i < table->row_count + table->field_count; i++) {
		bench->pc = i;
		if (strcmp(i < table->row_count ? table->rows[i].name
						: table->fields[i - table->row_count].name,
			   name) == 0)
			return 0;
	}
	return error_set(&bench->err, ENOENT, "there is no register %s", name);
}

int main(int argc, char **argv)
{
	static struct bench bench = {.marks = -1};
	int result;

	if (argc < 4) {
		fprintf(stderr, "usage: registers GUEST REGISTER ROUNDS [MARKS]\n");
		return 2;
	}
	result = find(&bench, argv[2]);
	if (result == 0 && argc > 4) {
		bench.marks = open(argv[4], O_WRONLY | O_CLOEXEC);
		result = bench.marks < 0 ? error_errno(&bench.err, "%s", argv[4]) : 0;
	}
	if (result == 0)
		result = start(&bench, argv[1]);
	if (result == 0)
		wait_asleep(&bench);
	for (int round = 0; result == 0 && round < atoi(argv[3]); round++)
		for (unsigned int i = 0; result == 0 && i < sizeof(acts) / sizeof(acts[0]); i++)
			result = measure(&bench, &acts[i]);
	if (result < 0)
		fprintf(stderr, "registers: %s\n", bench.err.message);
	return result < 0;
}
