/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/dev/virtio_console.h"

#include <errno.h>

enum { RECEIVE, TRANSMIT, QUEUES };

/* What one turn of the loop's thread may take in, whatever buffers the driver offers and
 * however fast it offers them again. */
enum { RECEIVE_CHAINS = VIRTQUEUE_SIZE_MAX, RECEIVE_BYTES = 0x10000 };

/* Lock held. Into the first buffer that has room; -ENOBUFS: none has. */
static ssize_t console_fill(struct virtio_console *console, const struct virtqueue_chain *chain)
{
	for (unsigned int i = chain->readable; i < chain->count; i++) {
		size_t room = chain->buffers[i].length;

		if (room > RECEIVE_BYTES)
			room = RECEIVE_BYTES;
		if (room)
			return streams_read(console->streams,
					    memory_write_span(console->virtio.memory,
							      chain->buffers[i].address, room),
					    room);
	}
	return -ENOBUFS;
}

/* Lock held. Moves standard input into the driver's buffers while both are there. */
static void console_receive(struct virtio_console *console)
{
	struct virtio *virtio = &console->virtio;
	struct virtqueue_chain chain;

	for (int turn = 0;
	     turn < RECEIVE_CHAINS && !console->input_ended && virtio_queue(virtio, RECEIVE) &&
	     streams_read(console->streams, NULL, 0) == 1;
	     turn++) {
		ssize_t got;

		if (!virtio_pop(virtio, RECEIVE, &chain))
			return;
		got = console_fill(console, &chain);
		virtio_push(virtio, RECEIVE, chain.head, got > 0 ? (uint32_t)got : 0);
		/* A driver offers the buffer again at once: one empty one is enough. */
		if (got <= 0 && got != -EAGAIN && got != -ENOBUFS)
			console->input_ended = true;
	}
	if (!console->input_ended)
		streams_arm(console->streams);
}

/* Loop thread: standard input has something; ours if the driver has set up the port. */
static bool console_input_ready(void *context)
{
	struct virtio_console *console = context;
	bool mine;

	pthread_mutex_lock(&console->virtio.lock);
	mine = virtio_queue(&console->virtio, RECEIVE);
	if (mine)
		console_receive(console);
	pthread_mutex_unlock(&console->virtio.lock);
	return mine;
}

/* What one notification may write before its vCPU looks whether it is wanted elsewhere. */
enum { TRANSMIT_BYTES = 0x100000 };

static size_t console_chain_bytes(const struct virtqueue_chain *chain)
{
	size_t bytes = 0;

	for (unsigned int i = 0; i < chain->readable; i++)
		bytes += chain->buffers[i].length;
	return bytes;
}

/* Lock not held, one thread at a time. Writes the chain out, from where it stopped. */
static int console_write_chain(struct virtio_console *console)
{
	const struct virtqueue_chain *chain = &console->chain;

	for (; console->chain_index < chain->readable; console->chain_index++) {
		size_t length = chain->buffers[console->chain_index].length;
		const void *bytes =
			memory_read_span(console->virtio.memory,
					 chain->buffers[console->chain_index].address, length);

		if (bytes && stream_write(console->streams->out, bytes, length,
					  &console->chain_done) == -EINTR)
			return -EINTR;
		console->chain_done = 0;
	}
	return 0;
}

/* Lock held. Takes the next chain unless one was left unfinished. */
static bool console_next_chain(struct virtio_console *console)
{
	if (console->chain_pending && console->chain_resets == console->virtio.resets)
		return true;
	console->chain_pending = false;
	if (!virtio_pop(&console->virtio, TRANSMIT, &console->chain))
		return false;
	console->chain_index = 0;
	console->chain_done = 0;
	console->chain_resets = console->virtio.resets;
	return true;
}

static int console_transmit(struct virtio_console *console)
{
	struct virtio *virtio = &console->virtio;
	size_t written = 0;
	int result = 0;

	pthread_mutex_lock(&virtio->lock);
	/* Another vCPU is at it: it looks for new chains before it stops. */
	while (!console->transmitting && result == 0 && console_next_chain(console)) {
		console->transmitting = true;
		pthread_mutex_unlock(&virtio->lock);
		result = console_write_chain(console);
		pthread_mutex_lock(&virtio->lock);
		console->transmitting = false;
		console->chain_pending = result == -EINTR;
		if (result == 0 && console->chain_resets == virtio->resets)
			virtio_push(virtio, TRANSMIT, console->chain.head, 0);
		written += console_chain_bytes(&console->chain);
		if (result == 0 && written >= TRANSMIT_BYTES)
			result = -EINTR; /* goes on with the next chain */
	}
	pthread_mutex_unlock(&virtio->lock);
	return result;
}

static int console_notify(void *context, unsigned int queue)
{
	struct virtio_console *console = context;

	if (queue == TRANSMIT)
		return console_transmit(console);
	streams_arm(console->streams);
	return 0;
}

static uint8_t console_config_read(void *context, uint64_t offset)
{
	(void)context;
	(void)offset;
	return 0;
}

static const struct virtio_device console_device = {
	.id = 3,
	.features = VIRTIO_F_VERSION_1,
	.queue_count = QUEUES,
	.config_read = console_config_read,
	.notify = console_notify,
};

void virtio_console_init(struct virtio_console *console)
{
	console->virtio.device = &console_device;
	console->virtio.context = console;
	virtio_mmio_init(&console->virtio);
	streams_listen(console->streams, console_input_ready, console);
}

void virtio_console_finish(struct virtio_console *console)
{
	virtio_mmio_finish(&console->virtio);
}

void virtio_console_save(struct virtio_console *console, struct state_writer *writer)
{
	struct virtio *virtio = &console->virtio;
	bool pending;

	pthread_mutex_lock(&virtio->lock);
	pending = console->chain_pending && console->chain_resets == virtio->resets;
	state_begin(writer, STATE_CONSOLE);
	virtio_mmio_save(virtio, writer);
	state_put(writer, pending, 1);
	if (pending) {
		virtqueue_chain_save(&console->chain, writer);
		state_put(writer, console->chain_index, 4);
		state_put(writer, console->chain_done, 4);
	}
	state_end(writer);
	pthread_mutex_unlock(&virtio->lock);
}

static void console_load_chain(struct virtio_console *console, struct state_reader *reader)
{
	const struct virtqueue_chain *chain = &console->chain;

	virtqueue_chain_load(&console->chain, console->virtio.memory, reader);
	console->chain_index = (unsigned int)state_take(reader, 4);
	console->chain_done = state_take(reader, 4);
	if (console->chain_index >= chain->readable ||
	    console->chain_done > chain->buffers[console->chain_index].length)
		state_refuse(reader);
}

void virtio_console_load(struct virtio_console *console, struct state_reader *reader)
{
	virtio_mmio_load(&console->virtio, reader);
	console->input_ended = false;
	console->chain_pending = state_take_bool(reader);
	if (console->chain_pending)
		console_load_chain(console, reader);
	console->chain_resets = console->virtio.resets;
	if (virtio_queue(&console->virtio, RECEIVE))
		streams_arm(console->streams);
}
