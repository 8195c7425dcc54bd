/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/dev/uart16550.h"

#include <errno.h>
#include <string.h>

enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };
enum { IER_RECEIVED = 1 << 0, IER_THR_EMPTY = 1 << 1 };
enum { IIR_NONE = 0x01, IIR_THR_EMPTY = 0x02, IIR_RECEIVED = 0x04, IIR_FIFO = 0xc0 };
enum { FCR_CLEAR_RECEIVED = 1 << 1 };
enum { LCR_DLAB = 1 << 7 };
enum { MCR_LOOP = 1 << 4 };
enum { LSR_RECEIVED = 1 << 0, LSR_THR_EMPTY = 1 << 5, LSR_IDLE = 1 << 6 };
enum { MSR_CTS_DSR_DCD = 0xb0 };

static uint8_t uart_iir(const struct uart *uart)
{
	if (uart->received && uart->ier & IER_RECEIVED)
		return IIR_FIFO | IIR_RECEIVED;
	if (uart->thr_pending && uart->ier & IER_THR_EMPTY)
		return IIR_FIFO | IIR_THR_EMPTY;
	return IIR_FIFO | IIR_NONE;
}

static void uart_interrupt(const struct uart *uart)
{
	if (uart_iir(uart) != (IIR_FIFO | IIR_NONE))
		irq_pulse(&uart->irq);
}

/* Loop thread: standard input has something; ours if the guest listens on this port. */
static bool uart_input_ready(void *context)
{
	struct uart *uart = context;
	bool mine;

	pthread_mutex_lock(&uart->lock);
	mine = uart->ier & IER_RECEIVED;
	if (mine && uart->received < UART_FIFO) {
		ssize_t got = streams_read(uart->streams, uart->fifo + uart->received,
					   UART_FIFO - uart->received);

		if (got > 0) {
			uart->received += (unsigned int)got;
			uart_interrupt(uart);
		} else if (got == -EAGAIN) {
			streams_arm(uart->streams);
		}
	}
	pthread_mutex_unlock(&uart->lock);
	return mine;
}

void uart_init(struct uart *uart)
{
	pthread_mutex_init(&uart->lock, NULL);
	streams_listen(uart->streams, uart_input_ready, uart);
}

void uart_finish(struct uart *uart)
{
	pthread_mutex_destroy(&uart->lock);
}

static uint8_t uart_receive(struct uart *uart)
{
	uint8_t byte;

	if (!uart->received)
		return 0;
	byte = uart->fifo[0];
	memmove(uart->fifo, uart->fifo + 1, --uart->received);
	if (!uart->received)
		streams_arm(uart->streams);
	return byte;
}

static uint8_t uart_read_register(struct uart *uart, uint64_t offset)
{
	uint8_t iir;

	switch (offset) {
	case RBR_THR:
		return uart->lcr & LCR_DLAB ? uart->dll : uart_receive(uart);
	case IER:
		return uart->lcr & LCR_DLAB ? uart->dlm : uart->ier;
	case IIR_FCR:
		iir = uart_iir(uart);
		if ((iir & 0x0f) == IIR_THR_EMPTY)
			uart->thr_pending = false;
		return iir;
	case LCR:
		return uart->lcr;
	case MCR:
		return uart->mcr;
	case LSR:
		return LSR_THR_EMPTY | LSR_IDLE | (uart->received ? LSR_RECEIVED : 0);
	case MSR:
		/* In loop-back mode the modem outputs come back as inputs. */
		if (uart->mcr & MCR_LOOP)
			return (uint8_t)((uart->mcr & 0x0c) << 4 | (uart->mcr & 0x02) << 3 |
					 (uart->mcr & 0x01) << 5);
		return MSR_CTS_DSR_DCD;
	case SCR:
		return uart->scr;
	default:
		return 0;
	}
}

static uint64_t uart_read(void *context, uint64_t offset, unsigned int size)
{
	struct uart *uart = context;
	uint8_t value;

	if (size != 1)
		return 0;
	pthread_mutex_lock(&uart->lock);
	value = uart_read_register(uart, offset);
	pthread_mutex_unlock(&uart->lock);
	return value;
}

static void uart_set_ier(struct uart *uart, uint8_t value)
{
	uint8_t raised = (uint8_t)(value & ~uart->ier);

	uart->ier = value & 0x0f;
	if (raised & IER_THR_EMPTY)
		uart->thr_pending = true;
	if (raised & IER_RECEIVED)
		streams_arm(uart->streams);
	uart_interrupt(uart);
}

static void uart_write_register(struct uart *uart, uint64_t offset, uint8_t value)
{
	switch (offset) {
	case RBR_THR:
		if (uart->lcr & LCR_DLAB) {
			uart->dll = value;
			break;
		}
		uart->thr_pending = true;
		uart_interrupt(uart);
		break;
	case IER:
		if (uart->lcr & LCR_DLAB)
			uart->dlm = value;
		else
			uart_set_ier(uart, value);
		break;
	case IIR_FCR:
		if (value & FCR_CLEAR_RECEIVED && uart->received) {
			uart->received = 0;
			streams_arm(uart->streams);
		}
		break;
	case LCR:
		uart->lcr = value;
		break;
	case MCR:
		uart->mcr = value & 0x1f;
		break;
	case SCR:
		uart->scr = value;
		break;
	default:
		break;
	}
}

/* A byte for the host goes out without the lock: its reader may be stuck. */
static int uart_transmit(struct uart *uart, uint8_t byte)
{
	size_t done = 0;
	bool data;

	pthread_mutex_lock(&uart->lock);
	data = !(uart->lcr & LCR_DLAB) && !(uart->mcr & MCR_LOOP);
	pthread_mutex_unlock(&uart->lock);
	return data && stream_write(uart->out, &byte, 1, &done) == -EINTR ? -EINTR : 0;
}

static int uart_write(void *context, uint64_t offset, unsigned int size, uint64_t value,
		      uint64_t *progress)
{
	struct uart *uart = context;

	(void)progress;
	if (size != 1)
		return 0;
	if (offset == RBR_THR && uart_transmit(uart, (uint8_t)value) == -EINTR)
		return -EINTR;
	pthread_mutex_lock(&uart->lock);
	uart_write_register(uart, offset, (uint8_t)value);
	pthread_mutex_unlock(&uart->lock);
	return 0;
}

const struct bus_device uart_bus = {.read = uart_read, .write = uart_write};

void uart_save(struct uart *uart, struct state_writer *writer)
{
	pthread_mutex_lock(&uart->lock);
	state_begin(writer, STATE_UART);
	state_put(writer, uart->ier, 1);
	state_put(writer, uart->lcr, 1);
	state_put(writer, uart->mcr, 1);
	state_put(writer, uart->scr, 1);
	state_put(writer, uart->dll, 1);
	state_put(writer, uart->dlm, 1);
	state_put(writer, uart->thr_pending, 1);
	state_put_bytes(writer, uart->fifo, uart->received);
	state_end(writer);
	pthread_mutex_unlock(&uart->lock);
}

void uart_load(struct uart *uart, struct state_reader *reader)
{
	const uint8_t *received;
	size_t count;

	uart->ier = (uint8_t)state_take(reader, 1);
	uart->lcr = (uint8_t)state_take(reader, 1);
	uart->mcr = (uint8_t)state_take(reader, 1);
	uart->scr = (uint8_t)state_take(reader, 1);
	uart->dll = (uint8_t)state_take(reader, 1);
	uart->dlm = (uint8_t)state_take(reader, 1);
	uart->thr_pending = state_take_bool(reader);
	received = state_take_bytes(reader, &count);
	if (uart->ier & ~0x0f || uart->mcr & ~0x1f || count > UART_FIFO) {
		state_refuse(reader);
		return;
	}
	if (count)
		memcpy(uart->fifo, received, count);
	uart->received = (unsigned int)count;
	if (uart->ier & IER_RECEIVED && count < UART_FIFO)
		streams_arm(uart->streams);
}
