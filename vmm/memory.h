/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's RAM: one range of guest-physical addresses, backed lazily by private memory
 * that reads as zero, or as a snapshot's memory file does. Only this module turns a guest address
 * into a host pointer. Data that decides something is copied in once with memory_read() and judged
 * then; spans are for bulk bytes that nobody interprets. Any thread. */
#ifndef MOTE_MEMORY_H
#define MOTE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/error.h"

struct memory_log;

struct memory {
	uint64_t base; /* guest-physical */
	uint64_t size; /* bytes, a multiple of 64 KiB */
	uint8_t *host; /* private to memory.c and memory_log.c */
	struct memory_log *log; /* private to memory_log.c, memory_revert.c */
};

int memory_init(struct memory *memory, uint64_t base, uint64_t size, struct error *err);
void memory_finish(struct memory *memory);

/* The same over a file of that size, whose descriptor is borrowed: pages come when they are
 * touched, what is written stays private. The file may have been checked before, but whoever
 * cuts it off later kills the process. */
int memory_init_file(struct memory *memory, uint64_t base, uint64_t size, int fd,
		     struct error *err);

/* From here on what is written is remembered, by KVM and here (vmm/memory_log.h); with remap, a
 * page that was told gets a new translation. Before memory_attach(). */
int memory_track(struct memory *memory, bool remap, struct error *err);

/* Gives the range to KVM as slot 0. */
int memory_attach(const struct memory *memory, int vm_fd, struct error *err);

bool memory_contains(const struct memory *memory, uint64_t address, uint64_t length);

/* Copies; -EFAULT when any byte lies outside, and then nothing was copied. */
int memory_read(const struct memory *memory, uint64_t address, void *buffer, size_t length);
int memory_write(const struct memory *memory, uint64_t address, const void *buffer, size_t length);

/* The same for instructions: what processors keep of the old ones is made void. */
int memory_write_text(const struct memory *memory, uint64_t address, const void *buffer,
		      size_t length);

/* Words that the guest changes or waits for meanwhile, in one access each: load-acquire,
 * store-release, atomic OR. Unaligned or outside: -EFAULT. */
int memory_load16(const struct memory *memory, uint64_t address, uint16_t *value);
int memory_store16(const struct memory *memory, uint64_t address, uint16_t value);
int memory_or64(const struct memory *memory, uint64_t address, uint64_t bits);

/* Shows whole pages of a file in place of RAM; the guest's writes stay private. address,
 * offset and length are multiples of the host's page size. For files that cannot shrink
 * while they are shown (an access beyond the end would kill the process), such as the
 * running executable. -EFAULT outside, else mmap's error; the range is as before then. */
int memory_map_file(const struct memory *memory, uint64_t address, uint64_t length, int fd,
		    uint64_t offset);

/* A bounded run of bytes; NULL when any of it lies outside, or for length 0. The guest may
 * change the bytes at any moment. The write span is for bytes that the monitor puts there. */
const void *memory_read_span(const struct memory *memory, uint64_t address, size_t length);
void *memory_write_span(const struct memory *memory, uint64_t address, size_t length);

/* Has the host begin to read these bytes of the file behind memory, and doesn't wait for it. What
 * can't be had now comes when it is touched. address is a multiple of the host's page size; nothing
 * happens where they lie outside. */
void memory_prefetch(const struct memory *memory, uint64_t address, uint64_t length);

/* How many bytes of it the host holds in pages now. Looks at each page's entry: not for
 * anything that happens often. */
uint64_t memory_resident(const struct memory *memory);

#endif
