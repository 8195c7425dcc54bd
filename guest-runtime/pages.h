/* SPDX-License-Identifier: Apache-2.0 */
/* Physical pages, and the promise that they are there: whoever may need pages later
 * charges them first, and that is where memory runs out (-ENOMEM). Taking a charged page
 * cannot fail, so neither can a page fault. */
#ifndef GUEST_PAGES_H
#define GUEST_PAGES_H

#include <stddef.h>
#include <stdint.h>

/* The pool is [start, end), physical, page-aligned, and has never been written. */
void pages_init(uint64_t start, uint64_t end);
/* 0 or -ENOMEM. */
int pages_charge(uint64_t count);
void pages_uncharge(uint64_t count);
uint64_t pages_total(void);
uint64_t pages_charged(void);

/* A page of zeros, already charged. */
void *page_take(void);
/* The same with any contents: the caller overwrites all of it. */
void *page_take_dirty(void);
void page_give(void *page);
/* Charges and takes; 0 when memory is short. */
void *page_create(void);
void page_destroy(void *page);

/* A buffer for whole runs of output, physically contiguous, always there. */
#define BOUNCE_SIZE 0x10000
void *pages_bounce(void);
#endif
