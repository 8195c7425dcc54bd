/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/support/streams.h"

#include <errno.h>
#include <sanitizer/asan_interface.h>

struct fuzz_streams fuzz_streams;

void fuzz_streams_init(struct streams *streams)
{
	fuzz_streams = (struct fuzz_streams){.end = -EAGAIN};
	*streams = (struct streams){.in = 0, .out = 1, .err = 2};
}

void fuzz_streams_act(struct input *input)
{
	static const int ends[] = {-EAGAIN, 0, -EIO, -EISDIR};
	static const int errors[] = {0, -EPIPE, -ENOSPC, -EIO};
	uint8_t step = input_u8(input);

	switch (step % 4) {
	case 0:
		fuzz_streams.typed_length = input_u8(input);
		fuzz_streams.typed = input_bytes(input, &fuzz_streams.typed_length);
		break;
	case 1:
		fuzz_streams.end = ends[step / 4 % LENGTH(ends)];
		break;
	case 2:
		fuzz_streams.write_error = errors[step / 4 % LENGTH(errors)];
		break;
	default:
		fuzz_streams.interrupt = step / 4;
		break;
	}
}

void fuzz_streams_dispatch(struct streams *streams)
{
	if (!streams->armed || (!fuzz_streams.typed_length && fuzz_streams.end == -EAGAIN))
		return;
	streams->armed = false;
	for (int i = 0; i < streams->listener_count; i++)
		if (streams->listeners[i].ready(streams->listeners[i].context))
			return;
}

/* ---- what vmm/dev/stream.h promises ---- */

void streams_listen(struct streams *streams, bool (*ready)(void *context), void *context)
{
	check(streams->listener_count < STREAM_LISTENERS_MAX);
	streams->listeners[streams->listener_count++] = (struct stream_listener){ready, context};
}

ssize_t streams_read(struct streams *streams, void *buffer, size_t length)
{
	(void)streams;
	fuzz_streams.reads++;
	if (!fuzz_streams.typed_length)
		return length || fuzz_streams.end == -EAGAIN ? fuzz_streams.end : 1;
	if (!length)
		return 1;
	check(!__asan_region_is_poisoned(buffer, length));
	if (length > fuzz_streams.typed_length)
		length = fuzz_streams.typed_length;
	memcpy(buffer, fuzz_streams.typed, length);
	fuzz_streams.typed += length;
	fuzz_streams.typed_length -= length;
	return (ssize_t)length;
}

void streams_arm(struct streams *streams)
{
	streams->armed = true;
}

int stream_write(int fd, const void *bytes, size_t length, size_t *done)
{
	check(fd == 1 || fd == 2);
	check(*done <= length);
	check(!__asan_region_is_poisoned((void *)bytes, length));
	fuzz_streams.writes++;
	if (fuzz_streams.interrupt && !--fuzz_streams.interrupt) {
		*done += (length - *done) / 2;
		return -EINTR;
	}
	if (fuzz_streams.write_error)
		return fuzz_streams.write_error;
	fuzz_streams.last_length =
		length < sizeof(fuzz_streams.last) ? length : sizeof(fuzz_streams.last);
	memcpy(fuzz_streams.last, bytes, fuzz_streams.last_length);
	*done = length;
	return 0;
}

void streams_forget(struct streams *streams)
{
	streams->listener_count = 0;
}

void streams_hold(struct streams *streams)
{
	(void)streams;
}
