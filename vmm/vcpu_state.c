/* SPDX-License-Identifier: Apache-2.0 */
/* A vCPU's section of a snapshot, and whether there is still somebody to be put back. */
#include <errno.h>
#include <string.h>

#include "vmm/bytes.h"
#include "vmm/vcpu.h"

struct saving {
	struct reg_image image;
	struct error *err;
	int result;
};

static void save_registers(struct vcpu *vcpu, void *context)
{
	struct saving *saving = context;

	saving->result = regs_save(&vcpu->regs, &saving->image, saving->err);
}

int vcpu_save(struct vcpu *vcpu, const struct reg_image *fresh, struct state_writer *writer,
	      struct error *err)
{
	struct saving saving = {.err = err};

	vcpu_call(vcpu, save_registers, &saving);
	if (saving.result < 0)
		return saving.result;
	pthread_mutex_lock(&vcpu->lock);
	state_begin(writer, STATE_VCPU);
	state_put(writer, vcpu->off, 1);
	state_put(writer, vcpu->due, 1);
	state_put(writer, vcpu->entry, 8);
	state_put(writer, vcpu->argument, 8);
	state_put(writer, vcpu->store.size, 4);
	state_put(writer, vcpu->store.address, 8);
	state_put(writer, bytes_load_le(vcpu->store.data, 8), 8);
	state_put(writer, vcpu->store.progress, 8);
	state_put_bytes(writer, saving.image.data, saving.image.size);
	state_put_bytes(writer, fresh->data, fresh->size);
	state_end(writer);
	pthread_mutex_unlock(&vcpu->lock);
	reg_image_free(&saving.image);
	return 0;
}

static struct reg_image take_image(struct state_reader *reader)
{
	struct reg_image image;

	image.data = (uint8_t *)state_take_bytes(reader, &image.size);
	return image;
}

void vcpu_state_load(struct vcpu_state *state, struct state_reader *reader)
{
	uint64_t due, data;

	state->off = state_take_bool(reader);
	due = state_take(reader, 1);
	state->entry = state_take(reader, 8);
	state->argument = state_take(reader, 8);
	state->store.size = (uint32_t)state_take(reader, 4);
	state->store.address = state_take(reader, 8);
	data = state_take(reader, 8);
	bytes_store_le(state->store.data, 8, data);
	state->store.progress = state_take(reader, 8);
	state->registers = take_image(reader);
	state->fresh = take_image(reader);
	if (due > VCPU_BEGINS || state->store.size > 8 ||
	    (state->store.size & (state->store.size - 1)))
		state_refuse(reader);
	state->due = (enum vcpu_due)due;
}

int vcpu_restore(struct vcpu *vcpu, const struct vcpu_state *from, enum reg_restore step,
		 struct error *err)
{
	int result;

	vcpu->off = from->off;
	vcpu->due = from->due;
	vcpu->entry = from->entry;
	vcpu->argument = from->argument;
	vcpu->store = from->store;
	regs_trust_table(&vcpu->regs, from->same_kernel);
	result = regs_restore(&vcpu->regs, &from->registers, &from->fresh, step, err);
	regs_trust_table(&vcpu->regs, false);
	return result < 0 ? error_about(err, "vCPU %u", vcpu->index) : 0;
}

bool vcpu_has_ended(struct vcpu *vcpu)
{
	bool ended;

	pthread_mutex_lock(&vcpu->lock);
	ended = vcpu->started && vcpu->absent;
	pthread_mutex_unlock(&vcpu->lock);
	return ended;
}
