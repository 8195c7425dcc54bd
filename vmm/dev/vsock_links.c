/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/dev/vsock_links.h"

#include <unistd.h>

enum { HOST_PORTS = 1 << 30 }; /* from here on they are given to the host's own streams */

struct vsock_link *vsock_links_add(struct vsock_links *links, int fd)
{
	struct vsock_link *link = NULL;

	if (links->count == VSOCK_LINKS_MAX)
		close(fd);
	else
		link = vsock_link_create(links->loop, fd);
	if (link)
		links->links[links->count++] = link;
	return link;
}

static bool is_known(const struct vsock *stream)
{
	return stream->state != VSOCK_GREETING && (stream->state != VSOCK_ENDED || stream->due);
}

struct vsock_link *vsock_links_find(const struct vsock_links *links, uint32_t guest_port,
				    uint32_t host_port)
{
	for (unsigned int i = 0; i < links->count; i++) {
		const struct vsock *stream = &links->links[i]->stream;

		if (stream->guest_port == guest_port && stream->host_port == host_port &&
		    is_known(stream))
			return links->links[i];
	}
	return NULL;
}

static bool may_send(const struct vsock_link *link)
{
	return link->stream.due ||
	       (link->readable && !(link->stream.guest_shut & VSOCK_NO_RECEIVE) &&
		vsock_credit(&link->stream));
}

struct vsock_link *vsock_links_next(struct vsock_links *links)
{
	for (unsigned int i = 0; i < links->count; i++) {
		struct vsock_link *link = links->links[links->next++ % links->count];

		if (may_send(link))
			return link;
	}
	return NULL;
}

static bool port_is_taken(const struct vsock_links *links, uint32_t port)
{
	for (unsigned int i = 0; i < links->count; i++)
		if (links->links[i]->stream.host_port == port)
			return true;
	return false;
}

static uint32_t port_choose(struct vsock_links *links)
{
	uint32_t port;

	do
		port = HOST_PORTS + links->next_port++ % HOST_PORTS;
	while (port_is_taken(links, port));
	return port;
}

void vsock_links_greet(struct vsock_links *links)
{
	for (unsigned int i = 0; i < links->count; i++) {
		struct vsock_link *link = links->links[i];
		uint32_t port;
		int result;

		if (link->stream.state != VSOCK_GREETING)
			continue;
		result = vsock_link_greeting(link, &port);
		if (result > 0)
			vsock_ask(&link->stream, port, port_choose(links));
		else if (result < 0)
			vsock_end(&link->stream);
	}
}

void vsock_links_settle(struct vsock_links *links)
{
	for (unsigned int i = links->count; i-- > 0;) {
		if (vsock_link_settle(links->links[i]))
			continue;
		vsock_link_destroy(links->links[i]);
		links->links[i] = links->links[--links->count];
	}
}

void vsock_links_end(struct vsock_links *links)
{
	for (unsigned int i = 0; i < links->count; i++) {
		struct vsock *stream = &links->links[i]->stream;

		stream->state = VSOCK_ENDED;
		stream->guest_shut = VSOCK_NEITHER;
		stream->due = 0;
	}
}

void vsock_links_drop(struct vsock_links *links)
{
	while (links->count)
		vsock_link_destroy(links->links[--links->count]);
}
