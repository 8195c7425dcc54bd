/* SPDX-License-Identifier: Apache-2.0 */
/* gdb's end of its connection: any bytes, of which those in 0xf0 … 0xff make the target stop, or
 * frame what follows as a packet with a right checksum. Every packet is answered once, or not at
 * all while the target runs; afterwards the protocol still works. */
#include "tests/fuzz/support/input.h"
#include "tests/unit/gdb_target.h"

static struct gdb gdb;

static void stop(uint8_t how)
{
	fake_target.running = false;
	fake_target.stop = (struct gdb_stop){
		.thread = how & 1, .signal = 5, .reason = (enum gdb_reason)(how % 6)};
	gdb_tell_stop(&gdb);
}

/* A packet of the bytes up to the next 0xff. */
static void say(struct input *input)
{
	struct gdb_writer writer;

	gdb_writer_begin(&writer);
	while (input->size && input->data[0] != 0xff && writer.length < GDB_PACKET_MAX)
		writer.data[writer.length++] = (char)input_u8(input);
	gdb_writer_end(&writer);
	gdb_take(&gdb, writer.data, writer.length);
}

static void check_works(void)
{
	gdb_init(&gdb, &fake_target_calls, &fake_target);
	fake_target.running = false;
	fake_target.sent_length = 0;
	gdb_take(&gdb, "+$qC#b4", 7);
	check(fake_target.sent_length == 8 && !memcmp(fake_target.sent, "+$QC1#c5", 8));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};

	memset(&fake_target, 0, sizeof(fake_target));
	gdb_init(&gdb, &fake_target_calls, &fake_target);
	while (input.size && !gdb.gone) {
		uint8_t byte = input_u8(&input);

		if (byte == 0xff)
			say(&input);
		else if (byte >= 0xf0)
			stop(byte);
		else
			gdb_take(&gdb, &byte, 1);
		check(gdb.thread < FAKE_THREADS);
		check(gdb.running == fake_target.running || gdb.gone);
	}
	check_works();
	return 0;
}
