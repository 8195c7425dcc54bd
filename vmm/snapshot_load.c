/* SPDX-License-Identifier: Apache-2.0 */
/* The reading of a snapshot: everything is judged before anything of it runs. */
#include <errno.h>
#include <string.h>

#include "vmm/dev/control_abi.h"
#include "vmm/snapshot.h"
#include "vmm/snapshot_config.h"
#include "vmm/uffd.h"

int snapshot_open(struct snapshot *snapshot, const struct snapshot_load *what, struct error *err)
{
	int result;

	*snapshot = (struct snapshot){.input = SNAPSHOT_INPUT_CLOSED};
	result = snapshot_input_state(&snapshot->input, what->state_path, err);
	if (result < 0)
		return result;
	if (what->backend == BACKEND_FILE)
		return snapshot_input_memory(&snapshot->input, what->memory_path, false, err);
	snapshot->handler = what->memory_path;
	return 0;
}

void snapshot_close(struct snapshot *snapshot)
{
	snapshot_input_close(&snapshot->input);
}

int snapshot_config(const struct snapshot *snapshot, struct vm_config *config, struct error *err)
{
	return snapshot_config_load(config, &snapshot->input.state, err);
}

/* Of a handler of page faults the first page is asked for here. */
static int map_uffd(void *context, struct memory *memory, uint64_t base, uint64_t size,
		    struct error *err)
{
	const struct snapshot *snapshot = context;
	uint8_t mark[STATE_ID_SIZE];
	int result = uffd_map(memory, base, size, snapshot->handler, err);

	if (result < 0)
		return result;
	memory_read(memory, base + size - CONTROL_AREA_SIZE + CONTROL_SNAPSHOT, mark, sizeof(mark));
	if (memcmp(mark, snapshot->input.state.header.id, sizeof(mark)) == 0)
		return 0;
	return error_set(err, EINVAL, "%s: serves the memory of another snapshot",
			 snapshot->handler);
}

static struct vm_image image_of(const struct snapshot *snapshot)
{
	return (struct vm_image){
		.state = &snapshot->input.state,
		.memory_fd = snapshot->input.memory_fd,
		.map = snapshot->handler ? map_uffd : NULL,
		.context = (void *)snapshot,
	};
}

struct vm *snapshot_restore(const struct snapshot *snapshot, const struct vm_config *config,
			    struct loop *loop, struct streams *streams,
			    const struct vm_owner *owner, struct error *err)
{
	const struct vm_image image = image_of(snapshot);

	return vm_restore(config, &image, loop, streams, owner, err);
}

int snapshot_reset(const struct snapshot *snapshot, struct vm *vm, enum resume_clock clock,
		   struct memory_reverted *what, struct error *err)
{
	const struct vm_image image = image_of(snapshot);

	return vm_reset(vm, &image, clock, what, err);
}
