/* SPDX-License-Identifier: Apache-2.0 */
/* The application's address space: areas, sorted and apart, and the pages that faults put
 * into them. Every page that an area may come to need, and the page tables for it, is
 * charged when the area is made or made accessible: memory runs out there with -ENOMEM and
 * never in a fault.
 *
 *   charged:     writable areas, and readable ones whose pages are copies or zeros
 *   not charged: reservations (no access so far), and pages shown straight from the initrd */
#ifndef GUEST_SPACE_H
#define GUEST_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "arch.h"
#include "mmu.h"

struct node;
struct fault;

#define USER_START 0x10000ull /* nothing is mapped below */

enum {
	AREA_CHARGED = 1,
	AREA_SHARED = 2, /* the pages are those of `node` */
	AREA_STACK = 4,
	AREA_HEAP = 8,
	AREA_READ_ONLY = 16, /* of a file that isn't open for writing: stays so */
};

struct area {
	struct area *next;
	uint64_t start, end;
	unsigned access; /* ACCESS_… */
	unsigned flags; /* AREA_… */
	/* Contents: zeros, or bytes of the initrd, or of a node. */
	const uint8_t *image; /* what stands at `start` */
	uint64_t image_bytes; /* and how much of it; the rest of its last page is zeros */
	struct node *node;
	uint64_t offset; /* of `start` in the node */
};

/* Charges the stack that the program will get. */
void space_init(uint64_t mmap_top);
struct area *space_first(void);
/* The area that holds the address, or 0. */
struct area *space_find(uint64_t address);
/* Adds a copy of `area` (next is ignored, node gets a reference): 0 or -ENOMEM. Nothing
 * may be there. */
int space_add(const struct area *area);
/* -ENOMEM when splitting an area takes memory that isn't there. */
int space_remove(uint64_t start, uint64_t end);
/* -ENOMEM also where a part of the range isn't mapped, -EACCES for write with execute. */
int space_protect(uint64_t start, uint64_t end, unsigned access);
bool space_is_free(uint64_t start, uint64_t end);
bool space_is_mapped(uint64_t start, uint64_t end);
/* The highest gap of that size below the mmap top; 0: there is none. */
uint64_t space_gap(uint64_t size);
/* Gives pages back, they become what they were at first. */
void space_discard(uint64_t start, uint64_t end);
/* Moves pages and area; the target is free. */
int space_move(uint64_t from, uint64_t to, uint64_t size);
/* Makes the area longer by size bytes; what follows is free. */
int space_extend(struct area *area, uint64_t size);
/* Shared mappings of the node lose their pages from `offset` on. */
void space_forget_node(const struct node *node, uint64_t offset);
uint64_t space_pages(void); /* charged, for reports */

/* An access by user mode, or for it, met no usable page: makes one, or says in `fault`
 * which signal it is; fault->signal is 0 when the access can be repeated. */
void space_fault(uint64_t address, unsigned access, struct fault *fault);
/* Makes every page of a range that can be read, for who looks at it from outside. */
void space_populate(uint64_t start, uint64_t end);
#endif
