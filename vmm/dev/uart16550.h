/* SPDX-License-Identifier: Apache-2.0 */
/* A 16550A UART, registers one byte apart: what kernels print on and read from. No baud
 * rate, no modem lines. Source: National Semiconductor PC16550D data sheet, section 8. */
#ifndef MOTE_UART16550_H
#define MOTE_UART16550_H

#include <pthread.h>
#include <stdint.h>

#include "vmm/bus.h"
#include "vmm/dev/stream.h"
#include "vmm/irq.h"
#include "vmm/state_file.h"

enum { UART_FIFO = 16, UART_SIZE = 0x1000, UART_CLOCK_HZ = 1843200 };

struct uart {
	struct irq_line irq;
	struct streams *streams; /* for input */
	int out; /* what is transmitted goes to this descriptor */
	pthread_mutex_t lock; /* guards everything below */
	uint8_t ier, lcr, mcr, scr, dll, dlm;
	bool thr_pending; /* transmitter-empty interrupt not yet seen through IIR */
	uint8_t fifo[UART_FIFO]; /* received, oldest first */
	unsigned int received;
};

extern const struct bus_device uart_bus;

/* irq, streams and out are set before. */
void uart_init(struct uart *uart);
void uart_finish(struct uart *uart);

/* Its section of a snapshot. Loading: after uart_init(), before threads start. */
void uart_save(struct uart *uart, struct state_writer *writer);
void uart_load(struct uart *uart, struct state_reader *reader);

#endif
