/* SPDX-License-Identifier: Apache-2.0 */
/* The contract between the monitor and the guest runtime: the control device. It has a
 * page of registers (MMIO; each access is an exit) and a page of shared memory (no exit).
 * The device tree node compatible = "mote,control" gives both, `reg = <registers> <page>`,
 * and one edge interrupt that says "look at the page".
 *
 * Everything is little-endian. The monitor trusts nothing that the guest writes; the
 * guest may trust what the monitor writes. This header is compiled into both. */
#ifndef MOTE_CONTROL_ABI_H
#define MOTE_CONTROL_ABI_H

#define CONTROL_COMPATIBLE "mote,control"
#define CONTROL_VERSION 1
#define CONTROL_REGISTERS_SIZE 0x1000
#define CONTROL_PAGE_SIZE 0x400
#define CONTROL_AREA_SIZE 0x10000 /* the end of RAM that begins with the page */
#define CONTROL_SNAPSHOT 0x3b0 /* offset of `snapshot` below */

/* Registers, offsets into the register page; accesses are 8 bytes, aligned.
 *
 * STDOUT and STDERR: write a buffer, packed by CONTROL_BUFFER(). When the store has been
 * executed the bytes are taken, in order; page.stream_error[1 or 2] is 0, or the errno
 * that the host's write gave (EPIPE, ENOSPC, …), and the bytes are lost.
 *
 * STDIN: write a buffer: at most that many bytes are read from the host's standard input
 * into it, and page.stdin_result says how many: 1 … length; 0: end of file; negative:
 * -EAGAIN (nothing there now; the interrupt will come when there is, then ask again) or
 * another -errno. Nothing is read ahead of what the guest asks for. A buffer of length 0
 * only asks: the result is 1 if a read would not block (end of file included), else -EAGAIN.
 *
 * EXIT: the application or the runtime has ended: CONTROL_EXIT_STATUS(); page.reason holds
 * one line of text, or "". The vCPU does not come back from it.
 *
 * STOP: something that a debugger may want to see before it takes its course: CONTROL_STOP_BEGIN,
 * or the number of a signal that would kill the application, with CONTROL_STOP_FAULT if an
 * instruction of its caused it; page.reason says which. page.stopped says what to do: 1: return to
 * the application where it is, with no signal; the monitor stops it there. 0: go on.
 *
 * WALL_CLOCK: read: the host's CLOCK_REALTIME now, in nanoseconds. */
#define CONTROL_STDIN 0x00
#define CONTROL_STDOUT 0x08
#define CONTROL_STDERR 0x10
#define CONTROL_EXIT 0x18
#define CONTROL_WALL_CLOCK 0x20
#define CONTROL_STOP 0x28

#define CONTROL_STOP_BEGIN 0
#define CONTROL_STOP_FAULT 0x100

/* A buffer in guest-physical memory, contiguous, in one word: its length above its address. */
#define CONTROL_ADDRESS_BITS 44
#define CONTROL_LENGTH_MAX 0x40000
#define CONTROL_BUFFER(address, length)                                                            \
	((unsigned long long)(length) << CONTROL_ADDRESS_BITS | (unsigned long long)(address))

/* kind in bits 16–23, signal in bits 8–15, exit code in bits 0–7 */
#define CONTROL_EXITED 0 /* exit code counts */
#define CONTROL_SIGNALED 1 /* signal counts: the application was killed by it */
#define CONTROL_PANIC 2 /* the runtime could not go on: reason says why */
#define CONTROL_NOEXEC 3 /* the application could not be started: reason says why */
#define CONTROL_EXIT_STATUS(kind, signal, code)                                                    \
	((unsigned long long)(kind) << 16 | (unsigned long long)(signal) << 8 |                    \
	 (unsigned long long)(code))

#define CONTROL_RAW(stream) (1u << (8 + (stream)))

#define CONTROL_UNKNOWN_SYSCALLS 16
#define CONTROL_NAME_SIZE 24

#ifndef __ASSEMBLER__
#include <stdint.h>

/* The shared page. `host`: only the monitor writes it; `guest`: only the guest does. */
struct control_page {
	uint32_t version; /* host: CONTROL_VERSION */
	uint32_t tty; /* host: bit n: stream n (0, 1, 2) is a terminal; CONTROL_RAW(n): it was
		       * raw at the start, so that its line discipline is the guest's */
	uint8_t generation[16]; /* host: another value after every restore */
	uint8_t entropy[64]; /* host: fresh random bytes, one set per generation */
	uint64_t signals; /* host ORs in bit (n-1) for signal n, then raises the interrupt;
			   * guest takes them with an atomic exchange for 0 */
	uint16_t rows, columns; /* host: size of the terminal, 0: none */
	uint32_t stream_error[3]; /* host: errno of the last write to stream 1 and 2 */
	int64_t stdin_result; /* host: see CONTROL_STDIN */
	uint64_t heartbeat; /* guest: changes with each system call and each interrupt that is
			     * taken; the watchdog raises the interrupt to see it change */
	uint32_t booted; /* guest: 1 when the application's first instruction is next */
	uint32_t idle; /* guest: 1 while it sleeps until an interrupt */
	uint32_t unknown_count; /* guest: entries used below */
	struct {
		uint32_t number; /* system call */
		uint32_t count;
		char name[CONTROL_NAME_SIZE]; /* lower case, digits, '_'; NUL-terminated;
					       * "": the guest has no name for it */
	} unknown[CONTROL_UNKNOWN_SYSCALLS]; /* guest */
	char reason[256]; /* guest: one line, NUL-terminated, written before EXIT and STOP */
	uint64_t program_base; /* guest: by which the program is not where its ELF says */
	uint32_t debugged; /* host: 1: STOP before the application's first instruction, and have
			    * all of the program's pages there */
	uint32_t stopped; /* host: see STOP */
	uint64_t clock_epoch; /* host: another value when the guest's clock no longer stands as it
			       * did to the wall clock: after a restore, or after a pause that
			       * the clock did not count. The interrupt comes with it if
			       * wall_waits, or if clock_rest changes */
	uint64_t clock_rest; /* host: ticks to add to the time base, modulo 2^64 (ppc64; elsewhere
			      * 0). Changes with clock_epoch, and never so that the sum goes back */
	uint8_t snapshot[16]; /* host: in a snapshot's memory, that snapshot's id */
	uint32_t wall_waits; /* guest: 1 once it has waited for a moment of the wall clock */
	uint32_t vsock_interrupt; /* host: of the virtio socket device, and its registers, as the */
	uint64_t vsock_registers; /* device tree has them, so that nobody has to look there; 0:
				   * there is none */
};

_Static_assert(sizeof(struct control_page) <= CONTROL_PAGE_SIZE, "one page");
_Static_assert(__builtin_offsetof(struct control_page, snapshot) == CONTROL_SNAPSHOT, "as told");
#endif

#endif
