/* SPDX-License-Identifier: Apache-2.0 */
/* Standard streams in place of vmm/dev/stream.c whose host is the fuzzer: what is typed, when
 * it ends, when a write is interrupted. Nothing blocks and no descriptor is touched. */
#ifndef MOTE_FUZZ_STREAMS_H
#define MOTE_FUZZ_STREAMS_H

#include "tests/fuzz/support/input.h"
#include "vmm/dev/stream.h"

struct fuzz_streams {
	const uint8_t *typed; /* what can be read now */
	size_t typed_length;
	int end; /* what a read gives when nothing is left: -EAGAIN, 0 or another -errno */
	unsigned int interrupt; /* the n-th write from now is interrupted; 0: none is */
	int write_error; /* what a write fails with, or 0 */
	unsigned int reads, writes; /* calls, for limits on work */
	char last[64]; /* what the last write wrote, its beginning */
	size_t last_length;
};
extern struct fuzz_streams fuzz_streams;

/* Streams with nothing typed, and no listener. */
void fuzz_streams_init(struct streams *streams);

/* One step of the host, as the input says: types, ends, breaks or kicks. */
void fuzz_streams_act(struct input *input);

/* What the loop does: calls the listeners if they wait and there is something. */
void fuzz_streams_dispatch(struct streams *streams);

#endif
