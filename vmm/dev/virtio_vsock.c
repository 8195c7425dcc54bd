/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/dev/virtio_vsock.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECEIVE, TRANSMIT, EVENT, QUEUES };
enum { EVENT_TRANSPORT_RESET = 0, EVENT_SIZE = 4 };

/* What one turn may move, so that whoever asks the API gets an answer. */
enum { TURN_PACKETS = 256, TURN_BYTES = 0x100000, DATA_MAX = 0x10000 };

/* ---- from the guest ---- */

/* The answer to a packet that belongs to no stream, which is not an answer itself. */
static void refuse(struct virtio_vsock *vsock, const struct vsock_packet *packet)
{
	if (packet->operation == VSOCK_RESET)
		return;
	vsock->refusals[vsock->refusal_count++] = (struct vsock_packet){
		.from_cid = packet->to_cid,
		.from_port = packet->to_port,
		.to_port = packet->from_port,
		.type = packet->type,
		.operation = VSOCK_RESET,
	};
}

static void take_request(struct virtio_vsock *vsock, const struct vsock_packet *packet)
{
	struct vsock_link *link = NULL;
	int fd = -1;

	if (vsock->links.count < VSOCK_LINKS_MAX)
		fd = vsock_link_connect(vsock->path, packet->to_port);
	if (fd >= 0)
		link = vsock_links_add(&vsock->links, fd);
	if (link)
		vsock_accept(&link->stream, packet);
	else
		refuse(vsock, packet);
}

static size_t take_bytes(struct virtio_vsock *vsock, struct vsock_link *link,
			 const struct vsock_packet *packet, const struct virtqueue_chain *chain)
{
	struct iovec spans[VIRTQUEUE_CHAIN_MAX];
	size_t length;
	unsigned int count =
		virtqueue_chain_spans(chain, vsock->virtio.memory, false, VSOCK_HEADER_SIZE,
				      packet->length, spans, &length);

	if (length == packet->length)
		vsock_link_write(link, spans, count);
	else /* it says more than it brings */
		vsock_end(&link->stream);
	return length;
}

static size_t take_stream(struct virtio_vsock *vsock, struct vsock_link *link,
			  const struct vsock_packet *packet, const struct virtqueue_chain *chain)
{
	enum vsock_news news = vsock_take(&link->stream, packet);

	if (news == VSOCK_CONNECTED)
		vsock_link_greet(link);
	return news == VSOCK_BYTES ? take_bytes(vsock, link, packet, chain) : 0;
}

/* How many bytes it has brought. */
static size_t take_packet(struct virtio_vsock *vsock, const struct virtqueue_chain *chain)
{
	uint8_t raw[VSOCK_HEADER_SIZE];
	struct vsock_packet packet;
	struct vsock_link *link = NULL;
	bool ours;

	if (virtqueue_chain_read(chain, vsock->virtio.memory, raw, sizeof(raw)) < 0)
		return 0;
	packet = vsock_packet_load(raw);
	if (packet.from_cid != vsock->guest_cid)
		return 0;
	ours = packet.to_cid == VSOCK_CID_HOST && packet.type == VSOCK_STREAM;
	if (ours)
		link = vsock_links_find(&vsock->links, packet.from_port, packet.to_port);
	if (link)
		return take_stream(vsock, link, &packet, chain);
	if (ours && packet.operation == VSOCK_REQUEST)
		take_request(vsock, &packet);
	else
		refuse(vsock, &packet);
	return 0;
}

/* A chain, or false after the driver was asked to notify of the next one. */
static bool take_chain(struct virtio_vsock *vsock, unsigned int index,
		       struct virtqueue_chain *chain)
{
	struct virtio *virtio = &vsock->virtio;
	bool taken = virtio_pop(virtio, index, chain);
	const struct virtqueue *queue = virtio_queue(virtio, index);

	if (!queue || taken == vsock->quiet[index])
		return queue && taken;
	vsock->quiet[index] = taken;
	virtqueue_ask_notify(queue, virtio->memory, !taken);
	return taken || virtio_pop(virtio, index, chain);
}

/* True: there is more. */
static bool transmit(struct virtio_vsock *vsock)
{
	struct virtqueue_chain chain;
	size_t bytes = 0;
	int packets = 0;

	for (; packets < TURN_PACKETS && bytes < TURN_BYTES; packets++) {
		if (vsock->refusal_count == VSOCK_REFUSALS_MAX ||
		    !take_chain(vsock, TRANSMIT, &chain))
			break;
		bytes += take_packet(vsock, &chain);
		virtio_give(&vsock->virtio, TRANSMIT, chain.head, 0);
	}
	if (packets)
		virtio_given(&vsock->virtio, TRANSMIT);
	return packets == TURN_PACKETS || bytes >= TURN_BYTES;
}

/* ---- to the guest ---- */

/* Data behind the place of the header. False: there is none. */
static bool send_data(struct virtio_vsock *vsock, struct vsock_link *link,
		      const struct virtqueue_chain *chain, struct vsock_packet *packet)
{
	uint32_t credit = vsock_credit(&link->stream);
	struct iovec spans[VIRTQUEUE_CHAIN_MAX];
	size_t length;
	unsigned int count =
		virtqueue_chain_spans(chain, vsock->virtio.memory, true, VSOCK_HEADER_SIZE,
				      credit < DATA_MAX ? credit : DATA_MAX, spans, &length);
	ssize_t got = length ? vsock_link_read(link, spans, count) : -EAGAIN;

	if (got > 0)
		vsock_data(&link->stream, (uint32_t)got, packet);
	return got > 0;
}

/* False: there was nothing to be put into the chain. */
static bool send_packet(struct virtio_vsock *vsock, struct vsock_link *link,
			const struct virtqueue_chain *chain, struct vsock_packet *packet)
{
	bool any = true;

	if (vsock->refusal_count)
		*packet = vsock->refusals[--vsock->refusal_count];
	else if (!vsock_next(&link->stream, packet))
		any = send_data(vsock, link, chain, packet);
	packet->to_cid = vsock->guest_cid;
	return any;
}

static bool receive_one(struct virtio_vsock *vsock, struct vsock_link *link,
			const struct virtqueue_chain *chain, size_t *bytes)
{
	struct virtio *virtio = &vsock->virtio;
	uint8_t raw[VSOCK_HEADER_SIZE] = {0};
	struct vsock_packet packet;

	/* Too small for anything: the driver's mistake. */
	if (virtqueue_chain_write(chain, virtio->memory, raw, sizeof(raw)) < 0) {
		virtio_give(virtio, RECEIVE, chain->head, 0);
		return true;
	}
	if (!send_packet(vsock, link, chain, &packet)) {
		virtqueue_unpop(virtio_queue(virtio, RECEIVE));
		return false;
	}
	vsock_packet_store(raw, &packet);
	virtqueue_chain_write(chain, virtio->memory, raw, sizeof(raw));
	virtio_give(virtio, RECEIVE, chain->head, VSOCK_HEADER_SIZE + packet.length);
	*bytes += packet.length;
	return true;
}

/* True: there is more. */
static bool receive(struct virtio_vsock *vsock)
{
	struct virtqueue_chain chain;
	bool given = false;
	size_t bytes = 0;
	int packets = 0;

	for (; packets < TURN_PACKETS && bytes < TURN_BYTES; packets++) {
		struct vsock_link *link =
			vsock->refusal_count ? NULL : vsock_links_next(&vsock->links);

		if ((!link && !vsock->refusal_count) || !take_chain(vsock, RECEIVE, &chain))
			break;
		given |= receive_one(vsock, link, &chain, &bytes);
		if (link)
			vsock_link_settle(link);
	}
	if (given)
		virtio_given(&vsock->virtio, RECEIVE);
	return packets == TURN_PACKETS || bytes >= TURN_BYTES;
}

static void announce(struct virtio_vsock *vsock)
{
	static const uint8_t event[EVENT_SIZE] = {EVENT_TRANSPORT_RESET};
	struct virtio *virtio = &vsock->virtio;
	struct virtqueue_chain chain;

	if (!vsock->transport_reset || !virtio_pop(virtio, EVENT, &chain))
		return;
	vsock->transport_reset = false;
	virtqueue_chain_write(&chain, virtio->memory, event, sizeof(event));
	virtio_push(virtio, EVENT, chain.head, sizeof(event));
}

/* ---- a turn ---- */

static void kick(struct virtio_vsock *vsock)
{
	eventfd_write(vsock->kick.fd, 1);
}

static void links_drop(struct virtio_vsock *vsock)
{
	vsock_links_drop(&vsock->links);
	vsock->refusal_count = 0;
}

/* The driver has reset the device: it knows of no stream. */
static void notice_reset(struct virtio_vsock *vsock)
{
	if (vsock->resets == vsock->virtio.resets)
		return;
	vsock->resets = vsock->virtio.resets;
	vsock->transport_reset = false;
	vsock->quiet[RECEIVE] = vsock->quiet[TRANSMIT] = true;
	links_drop(vsock);
}

static void take_turn(void *context, uint32_t events)
{
	struct virtio_vsock *vsock = context;
	bool stuck, more;

	(void)events;
	loop_turn(vsock->sources);
	pthread_mutex_lock(&vsock->virtio.lock);
	notice_reset(vsock);
	announce(vsock);
	vsock_links_greet(&vsock->links);
	more = transmit(vsock);
	stuck = vsock->refusal_count == VSOCK_REFUSALS_MAX;
	vsock_links_settle(&vsock->links);
	more |= receive(vsock);
	vsock_links_settle(&vsock->links);
	more |= stuck && vsock->refusal_count < VSOCK_REFUSALS_MAX;
	pthread_mutex_unlock(&vsock->virtio.lock);
	if (more)
		kick(vsock);
}

static void kicked(void *context, uint32_t events)
{
	struct virtio_vsock *vsock = context;
	eventfd_t count;

	(void)events;
	eventfd_read(vsock->kick.fd, &count);
}

static void accept_all(void *context, uint32_t events)
{
	struct virtio_vsock *vsock = context;
	int fd;

	(void)events;
	while ((fd = accept4(vsock->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		vsock_links_add(&vsock->links, fd);
}

/* ---- the device ---- */

static int vsock_notify(void *context, unsigned int queue)
{
	(void)queue;
	kick(context);
	return 0;
}

static uint8_t vsock_config_read(void *context, uint64_t offset)
{
	const struct virtio_vsock *vsock = context;

	return offset < sizeof(vsock->guest_cid) ? (uint8_t)(vsock->guest_cid >> 8 * offset) : 0;
}

static const struct virtio_device vsock_device = {
	.id = 19,
	.features = VIRTIO_F_VERSION_1,
	.queue_count = QUEUES,
	.config_read = vsock_config_read,
	.notify = vsock_notify,
};

static int open_kick(struct virtio_vsock *vsock, struct error *err)
{
	vsock->kick = (struct loop_source){eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), kicked, vsock};
	if (vsock->kick.fd < 0)
		return error_errno(err, "vsock: eventfd");
	return loop_add(vsock->sources, &vsock->kick, EPOLLIN, err);
}

static int open_listener(struct virtio_vsock *vsock, struct error *err)
{
	int result = listener_open(&vsock->listener, "vsock", vsock->path, err);

	if (result < 0)
		return result;
	vsock->listening = (struct loop_source){vsock->listener.fd, accept_all, vsock};
	return loop_add(vsock->sources, &vsock->listening, (uint32_t)(EPOLLIN | EPOLLET), err);
}

int virtio_vsock_init(struct virtio_vsock *vsock, struct loop *loop, struct error *err)
{
	int result;

	vsock->virtio.device = &vsock_device;
	vsock->virtio.context = vsock;
	virtio_mmio_init(&vsock->virtio);
	vsock->held = true;
	vsock->loop = loop;
	vsock->kick.fd = vsock->listening.fd = -1;
	vsock->sources = vsock->links.loop = loop_create(err);
	if (!vsock->sources)
		return -err->code;
	vsock->turn = (struct loop_source){loop_fd(vsock->sources), take_turn, vsock};
	result = open_kick(vsock, err);
	return result < 0 ? result : open_listener(vsock, err);
}

static void close_listener(struct virtio_vsock *vsock)
{
	if (vsock->listening.fd < 0)
		return;
	loop_remove(vsock->sources, &vsock->listening);
	listener_close(&vsock->listener);
	vsock->listening.fd = -1;
}

void virtio_vsock_end(struct virtio_vsock *vsock)
{
	if (!vsock)
		return;
	close_listener(vsock);
	pthread_mutex_lock(&vsock->virtio.lock);
	notice_reset(vsock);
	for (int turns = 0; turns < VIRTQUEUE_SIZE_MAX && transmit(vsock); turns++)
		;
	vsock_links_end(&vsock->links);
	vsock_links_settle(&vsock->links);
	pthread_mutex_unlock(&vsock->virtio.lock);
	virtio_vsock_release(vsock); /* what is held is still to be read */
}

void virtio_vsock_finish(struct virtio_vsock *vsock)
{
	virtio_vsock_hold(vsock);
	links_drop(vsock);
	close_listener(vsock);
	if (vsock->kick.fd >= 0)
		close(vsock->kick.fd);
	loop_destroy(vsock->sources);
	virtio_mmio_finish(&vsock->virtio);
}

void virtio_vsock_hold(struct virtio_vsock *vsock)
{
	if (vsock && !vsock->held)
		loop_remove(vsock->loop, &vsock->turn);
	if (vsock)
		vsock->held = true;
}

void virtio_vsock_release(struct virtio_vsock *vsock)
{
	struct error err;

	if (!vsock || !vsock->held)
		return;
	/* What was about to happen when it was held. */
	kick(vsock);
	vsock->held = loop_add(vsock->loop, &vsock->turn, EPOLLIN, &err) < 0;
}

void virtio_vsock_save(struct virtio_vsock *vsock, struct state_writer *writer)
{
	pthread_mutex_lock(&vsock->virtio.lock);
	state_begin(writer, STATE_VSOCK);
	virtio_mmio_save(&vsock->virtio, writer);
	state_end(writer);
	pthread_mutex_unlock(&vsock->virtio.lock);
}

void virtio_vsock_load(struct virtio_vsock *vsock, struct state_reader *reader)
{
	links_drop(vsock);
	virtio_mmio_load(&vsock->virtio, reader);
	vsock->resets = vsock->virtio.resets;
	vsock->quiet[RECEIVE] = vsock->quiet[TRANSMIT] = true;
	vsock->transport_reset = true;
}
