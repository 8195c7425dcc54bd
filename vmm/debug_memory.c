/* SPDX-License-Identifier: Apache-2.0 */
/* The debugger's side of guest memory: bytes by virtual address, and instructions that trap. Writes
 * go to the guest's own pages, whatever its rights there are, as any write of the monitor's does.
 */
#include <errno.h>
#include <string.h>

#include "vmm/arch_debug.h"
#include "vmm/debug_cpu.h"

enum { PAGE = 4096 }; /* no page of a guest is smaller */

static bool is_planted(const struct debug_trap *trap)
{
	return trap->users || trap->steps;
}

struct debug_trap *debug_trap_find(struct debug_shared *shared, uint64_t physical)
{
	for (unsigned int i = 0; i < DEBUG_TRAPS_MAX; i++)
		if (is_planted(&shared->traps[i]) && shared->traps[i].physical == physical)
			return &shared->traps[i];
	return NULL;
}

/* The bytes of a physical range as they are under the traps in it; or what is put there, as the
 * guest's memory gets it: the traps stay, and cover it. */
static void uncovered(struct debug_shared *shared, uint64_t physical, uint8_t *bytes, size_t length,
		      bool put)
{
	for (unsigned int i = 0; i < DEBUG_TRAPS_MAX; i++) {
		struct debug_trap *trap = &shared->traps[i];

		for (unsigned int k = 0; is_planted(trap) && k < trap->size; k++) {
			uint64_t at = trap->physical + k - physical;

			if (at >= length)
				continue;
			if (put)
				trap->covered[k] = bytes[at];
			bytes[at] = put ? trap->planted[k] : trap->covered[k];
		}
	}
}

typedef int page_do(struct debug_shared *shared, uint64_t physical, uint8_t *bytes, size_t length);

static int read_page(struct debug_shared *shared, uint64_t physical, uint8_t *to, size_t length)
{
	int result;

	pthread_mutex_lock(&shared->lock);
	result = memory_read(shared->memory, physical, to, length);
	if (result == 0)
		uncovered(shared, physical, to, length, false);
	pthread_mutex_unlock(&shared->lock);
	return result;
}

static int write_page(struct debug_shared *shared, uint64_t physical, uint8_t *from, size_t length)
{
	uint8_t bytes[PAGE];
	int result;

	if (!memory_contains(shared->memory, physical, length))
		return -EFAULT;
	memcpy(bytes, from, length);
	pthread_mutex_lock(&shared->lock);
	uncovered(shared, physical, bytes, length, true);
	result = memory_write_text(shared->memory, physical, bytes, length);
	pthread_mutex_unlock(&shared->lock);
	return result;
}

/* Page by page, as far as there are any. */
static long by_page(struct debug_shared *shared, struct regs *regs, uint64_t address,
		    uint8_t *bytes, size_t length, page_do *run)
{
	size_t done = 0;

	while (done < length) {
		size_t step = PAGE - (address + done) % PAGE;
		struct error err;
		uint64_t physical;

		if (step > length - done)
			step = length - done;
		if (arch_translate(regs, shared->memory, address + done, &physical, &err) < 0 ||
		    run(shared, physical, bytes + done, step) < 0)
			break;
		done += step;
	}
	return done || !length ? (long)done : -EFAULT;
}

long debug_read(struct debug_shared *shared, struct regs *regs, uint64_t address, void *to,
		size_t length)
{
	return by_page(shared, regs, address, to, length, read_page);
}

long debug_write(struct debug_shared *shared, struct regs *regs, uint64_t address, const void *from,
		 size_t length)
{
	return by_page(shared, regs, address, (uint8_t *)from, length, write_page);
}

static struct debug_trap *trap_free(struct debug_shared *shared)
{
	for (unsigned int i = 0; i < DEBUG_TRAPS_MAX; i++)
		if (!is_planted(&shared->traps[i]))
			return &shared->traps[i];
	return NULL;
}

/* The trap that stands at an address, or a new one that nobody uses yet. Lock held. */
static int plant(struct debug_shared *shared, uint64_t physical, const uint8_t *instruction,
		 unsigned int size, struct debug_trap **trap, struct error *err)
{
	int result;

	*trap = debug_trap_find(shared, physical);
	if (*trap)
		return 0;
	*trap = trap_free(shared);
	if (!*trap)
		return error_set(err, ENOSPC, "more than %u breakpoints", DEBUG_TRAPS_MAX);
	result = memory_read(shared->memory, physical, (*trap)->covered, size);
	if (result == 0)
		result = memory_write_text(shared->memory, physical, instruction, size);
	if (result < 0)
		return error_set(err, EFAULT, "guest-physical address 0x%llx is not memory",
				 (unsigned long long)physical);
	memcpy((*trap)->planted, instruction, size);
	(*trap)->physical = physical;
	(*trap)->size = size;
	return 0;
}

/* Unless the guest has put something else there meanwhile. */
static int exchange(const struct debug_shared *shared, const struct debug_trap *trap,
		    const uint8_t *from, const uint8_t *to)
{
	uint8_t now[DEBUG_TRAP_MAX];
	int result = memory_read(shared->memory, trap->physical, now, trap->size);

	if (result < 0 || memcmp(now, from, trap->size) != 0)
		return result;
	return memory_write_text(shared->memory, trap->physical, to, trap->size);
}

/* Where nobody uses it any more. Lock held. */
static int uncover(const struct debug_shared *shared, const struct debug_trap *trap)
{
	return is_planted(trap) ? 0 : exchange(shared, trap, trap->planted, trap->covered);
}

void debug_traps_aside(struct debug_shared *shared, bool aside)
{
	pthread_mutex_lock(&shared->lock);
	for (unsigned int i = 0; i < DEBUG_TRAPS_MAX; i++) {
		const struct debug_trap *trap = &shared->traps[i];

		if (is_planted(trap))
			exchange(shared, trap, aside ? trap->planted : trap->covered,
				 aside ? trap->covered : trap->planted);
	}
	pthread_mutex_unlock(&shared->lock);
}

int debug_trap_set(struct debug_shared *shared, struct regs *regs, uint64_t address,
		   struct error *err)
{
	uint8_t instruction[DEBUG_TRAP_MAX];
	unsigned int size = arch_debug_trap(regs, instruction);
	struct debug_trap *trap;
	uint64_t physical;
	int result = arch_translate(regs, shared->memory, address, &physical, err);

	if (result < 0)
		return result;
	pthread_mutex_lock(&shared->lock);
	result = plant(shared, physical, instruction, size, &trap, err);
	if (result == 0 && !trap->users++)
		trap->address = address;
	pthread_mutex_unlock(&shared->lock);
	return result;
}

/* By the address that it was set at: the guest may have mapped another page there since. */
int debug_trap_clear(struct debug_shared *shared, uint64_t address)
{
	int result = 0;

	pthread_mutex_lock(&shared->lock);
	for (unsigned int i = 0; i < DEBUG_TRAPS_MAX; i++) {
		struct debug_trap *trap = &shared->traps[i];

		if (!trap->users || trap->address != address)
			continue;
		trap->users--;
		result = uncover(shared, trap);
		break;
	}
	pthread_mutex_unlock(&shared->lock);
	return result;
}

/* ---- of a step ---- */

static int lay(struct debug_shared *shared, const struct debug_step_trap *at, struct error *err)
{
	struct debug_trap *trap;
	int result = plant(shared, at->physical, at->bytes, sizeof(at->bytes), &trap, err);

	if (result == 0)
		trap->steps++;
	return result;
}

static void lift(struct debug_shared *shared, const struct debug_step *step, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct debug_trap *trap = debug_trap_find(shared, step->traps[i].physical);

		trap->steps--;
		uncover(shared, trap);
	}
}

int debug_traps_lay(struct debug_shared *shared, const struct debug_step *step, struct error *err)
{
	unsigned int count = 0;
	int result = 0;

	pthread_mutex_lock(&shared->lock);
	while (count < step->trap_count && result == 0) {
		result = lay(shared, &step->traps[count], err);
		count += result == 0;
	}
	if (result < 0)
		lift(shared, step, count);
	pthread_mutex_unlock(&shared->lock);
	return result;
}

void debug_traps_lift(struct debug_shared *shared, const struct debug_step *step)
{
	if (!step->trap_count)
		return;
	pthread_mutex_lock(&shared->lock);
	lift(shared, step, step->trap_count);
	pthread_mutex_unlock(&shared->lock);
}
