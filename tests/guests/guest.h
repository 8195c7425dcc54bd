/* SPDX-License-Identifier: Apache-2.0 */
/* What the bare-metal guests share. They have no runtime: memory is mapped as it is, the
 * UART prints, a verdict on it says what the guest saw. */
#ifndef TEST_GUEST_H
#define TEST_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"
#include "vmm/dev/control_abi.h"

/* Each guest has this; the VM is switched off when it returns. */
void guest_main(uint64_t tree);
/* Where another vCPU comes in. */
void guest_second(void);
/* Returns where to go on; the one in guest.c prints and ends the VM. */
uint64_t guest_exception(uint64_t syndrome, uint64_t address, uint64_t at);

void print(const char *text);
void print_hex(uint64_t value);
/* "NAME VALUE" on a line. */
void print_value(const char *name, uint64_t value);
_Noreturn void guest_power_off(void);
_Noreturn void guest_reset(void);
/* Asks for a vCPU to begin at entry: 0, or an error of the architecture's. */
uint64_t guest_start(uint64_t number, uint64_t entry);
/* Starts the second vCPU at guest_second(). */
bool guest_start_second(void);
/* A hypercall of random number and arguments that does not end or stop this vCPU. */
uint64_t guest_random_call(void);

/* The same on every run. */
uint64_t random_next(void);

/* A property of /chosen, or 0; and the number behind "value=" in the boot arguments. */
const char *tree_chosen(uint64_t tree, const char *name);
uint64_t boot_value(uint64_t tree);

/* A driver's half of the console's transmit queue, with nothing that it may not do. */
enum { QUEUE_SIZE = 16, DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };
enum { STATUS_NEEDS_RESET = 64 };

struct queue {
	struct {
		uint64_t address;
		uint32_t length;
		uint16_t flags, next;
	} descriptors[QUEUE_SIZE];
	struct {
		uint16_t flags, index, ring[QUEUE_SIZE];
	} available;
	uint16_t padding[30];
	struct {
		uint16_t flags, index;
		struct {
			uint32_t head, length;
		} ring[QUEUE_SIZE];
	} used;
} __attribute__((aligned(4096)));

extern struct queue queue;

uint32_t virtio_read(uint32_t offset);
void virtio_write(uint32_t offset, uint32_t value);
/* Resets the device and sets up the transmit queue at `queue`. */
void virtio_start(void);
void descriptor(int index, const void *address, uint32_t length, uint16_t flags, uint16_t next);
/* Publishes the chain at head and notifies. */
void virtio_send(uint16_t head);
/* Prints whether the device asked for a reset, then whether it works after one. */
void virtio_verdict(void);

#endif
