/* SPDX-License-Identifier: Apache-2.0 */
/* The working set of a snapshot (vmm/working_set.h) as a file beside its memory: written once, in
 * the first moments of a VM that was restored without one, and followed by every later restore.
 * Nothing that goes wrong here is an error; it is logged. Loop thread.
 *
 * The file has the memory file's name and ".working-set" behind it. It is written under a name of
 * its own and renamed, so that restores which do this at once don't meet; the last one counts. */
#ifndef MOTE_PREFETCH_H
#define MOTE_PREFETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/loop.h"
#include "vmm/memory.h"
#include "vmm/state_file.h"

/* Has the pages of the snapshot's working set brought in. False: there is none that is good. */
bool prefetch_sweep(const struct memory *memory, const char *memory_path,
		    const uint8_t id[STATE_ID_SIZE]);

/* How long the first moments are, unless the VM is paused or ends before. */
enum { PREFETCH_SECONDS = 1 };

/* A working set that is to be written. Loop and memory are borrowed. NULL: none will be. */
struct prefetch;
struct prefetch *prefetch_create(const struct memory *memory, const char *memory_path,
				 const uint8_t id[STATE_ID_SIZE], struct loop *loop);
void prefetch_destroy(struct prefetch *prefetch); /* NULL is fine, as for all */

/* The VM begins to run; from here on PREFETCH_SECONDS count. */
void prefetch_begin(struct prefetch *prefetch);

/* The VM stands still or has ended: what was touched by now is written, once. */
void prefetch_finish(struct prefetch *prefetch);

#endif
