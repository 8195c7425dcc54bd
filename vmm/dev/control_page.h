/* SPDX-License-Identifier: Apache-2.0 */
/* The control device: what the guest runtime and the monitor have to tell each other. The
 * contract is control_abi.h; this is the monitor's side. */
#ifndef MOTE_CONTROL_PAGE_H
#define MOTE_CONTROL_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/bus.h"
#include "vmm/dev/control_abi.h"
#include "vmm/dev/stream.h"
#include "vmm/irq.h"
#include "vmm/memory.h"
#include "vmm/metrics.h"
#include "vmm/state_file.h"

/* How the application or the runtime ended, judged and made printable. */
struct control_exit {
	int kind; /* CONTROL_EXITED … CONTROL_NOEXEC */
	int code; /* 0 … 255 for CONTROL_EXITED */
	int signal; /* 1 … 64 for CONTROL_SIGNALED */
	char reason[256];
};

/* What the guest asks by STOP, judged and made printable. */
struct control_stop {
	int signal; /* that is about to kill the application, 0: it begins */
	bool fault; /* an instruction of the application's caused it */
	char reason[256]; /* of a signal */
};

struct control_page_device {
	const struct memory *memory;
	uint64_t page; /* guest-physical */
	struct irq_line irq;
	struct streams *streams;
	uint64_t vsock_registers; /* guest-physical; 0: there is no such device */
	uint32_t vsock_interrupt; /* as arch_layout counts */
	bool debugged; /* a debugger waits for the application's first instruction */
	bool asked; /* atomic: the guest waits for standard input */
	bool writing; /* atomic: the guest waits for its output to be taken */
	/* The guest wrote EXIT. The vCPU's thread. */
	void (*ended)(void *context, const struct control_exit *exit);
	/* The guest wrote STOP. True: the application is to stop. The vCPU's thread. */
	bool (*stop)(void *stop_context, const struct control_stop *stop);
	void *stop_context;
	void *context;
};

extern const struct bus_device control_page_bus;

/* Fills the page. What isn't marked as atomic is set before. */
int control_page_init(struct control_page_device *device, struct error *err);

/* From here on it is told of standard input. Once, before threads start. */
void control_page_listen(struct control_page_device *device);

/* Its section of a snapshot; no vCPU runs. What is in the page is in memory. */
void control_page_save(struct control_page_device *device, struct state_writer *writer);

/* In the place of control_page_init() where memory is a snapshot's, once more with each reset:
 * fields from the section, and in the page what is this machine's own: generation, entropy,
 * terminals. */
int control_page_load(struct control_page_device *device, struct state_reader *reader,
		      struct error *err);

/* Tells the guest that its clock has been set, and how many more ticks to add; by an interrupt
 * where it can't wait for the guest's next look at the page. No vCPU runs. */
void control_page_clock(struct control_page_device *device, uint64_t rest);

/* Marks memory as that snapshot's. */
void control_page_mark(const struct control_page_device *device, const uint8_t id[16]);

/* Delivers signal 1 … 64 to the application. Any thread. */
void control_page_signal(struct control_page_device *device, int signal);

/* By which the program is not where its ELF says: the guest's word. Any thread. */
uint64_t control_page_bias(const struct control_page_device *device);

/* Whether the application's first instruction has come. Any thread. */
bool control_page_booted(const struct control_page_device *device);

/* Raises the interrupt, upon which a guest that is well moves its heartbeat. Any thread. */
void control_page_ping(const struct control_page_device *device);

/* Whether the heartbeat is another than *beat, which becomes the one now, or need not be: the
 * guest sleeps, or its output's reader keeps it waiting. Any thread. */
bool control_page_alive(const struct control_page_device *device, uint64_t *beat);

/* Adds the unknown system calls to the metrics, under names that are fit to be labels. */
void control_page_metrics(const struct control_page_device *device, struct metrics *metrics);

#endif
