/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/gdb_target.h"

static struct gdb gdb;

static int setup(void **state)
{
	(void)state;
	memset(&fake_target, 0, sizeof(fake_target));
	fake_target.stop = (struct gdb_stop){.thread = 0, .signal = 5};
	gdb_init(&gdb, &fake_target_calls, &fake_target);
	gdb.no_ack = true;
	return 0;
}

static void say_bytes(const char *text, size_t length)
{
	struct gdb_writer writer;

	gdb_writer_begin(&writer);
	memcpy(writer.data + 1, text, length);
	writer.length += length;
	gdb_writer_end(&writer);
	fake_target.sent_length = 0;
	gdb_take(&gdb, writer.data, writer.length);
	fake_target.sent[fake_target.sent_length] = '\0';
}

/* The answer to a packet, without its frame. */
static const char *ask(const char *text)
{
	say_bytes(text, strlen(text));
	if (!fake_target.sent_length)
		return NULL;
	assert_int_equal(fake_target.sent[0], '$');
	*strrchr(fake_target.sent, '#') = '\0';
	return fake_target.sent + 1;
}

#define EXPECT(question, answer) assert_string_equal(ask(question), answer)

static void test_packets(void **state)
{
	(void)state;
	gdb.no_ack = false;
	gdb_take(&gdb, "$?#3f", 5);
	assert_memory_equal(fake_target.sent, "+$T05", 5);
	fake_target.sent_length = 0;
	gdb_take(&gdb, "$?#3e", 5); /* a wrong sum, a wrong digit */
	gdb_take(&gdb, "$?#x3", 5);
	assert_int_equal(fake_target.sent_length, 2);
	assert_memory_equal(fake_target.sent, "--", 2);
	fake_target.sent_length = 0;
	gdb_take(&gdb, "noise$cut$?#3f", 14);
	assert_memory_equal(fake_target.sent, "+$T05", 5);
	fake_target.sent_length = 0;
	gdb_take(&gdb, "-", 1); /* once more */
	assert_memory_equal(fake_target.sent, "$T05", 4);
	fake_target.sent_length = 0;
	gdb_take(&gdb, "$QStartNoAckMode#b0", 19);
	assert_memory_equal(fake_target.sent, "+$OK#9a", 7);
	fake_target.sent_length = 0;
	gdb_take(&gdb, "$?#3f", 5);
	assert_int_equal(fake_target.sent[0], '$');
}

static void test_too_long(void **state)
{
	static char text[GDB_PACKET_MAX + 64];

	(void)state;
	gdb.no_ack = false;
	memset(text, 'm', sizeof(text));
	say_bytes(text, GDB_PACKET_MAX + 1);
	assert_int_equal(fake_target.sent_length, 1);
	assert_int_equal(fake_target.sent[0], '-');
	gdb.no_ack = true;
	EXPECT("qAttached", "1");
}

static void test_registers(void **state)
{
	(void)state;
	fake_target.registers[0][0] = 0x0807060504030201;
	fake_target.registers[1][1] = 0x11;
	EXPECT("g", "0102030405060708000000000000000000000000");
	EXPECT("p0", "0102030405060708");
	EXPECT("p4", "E16");
	EXPECT("p", "E16");
	EXPECT("P1=2200000000000000", "OK");
	assert_int_equal(fake_target.registers[0][1], 0x22);
	EXPECT("P1=22", "E16");
	EXPECT("P3=2200000000000000", "E01");
	EXPECT("Hg2", "OK");
	EXPECT("p1", "1100000000000000");
	EXPECT("Hg3", "E16");
	EXPECT("Hx1", "E16");
	EXPECT("p1", "1100000000000000");
}

/* A G packet says every register; one was changed, one is written. */
static void test_only_changes_are_written(void **state)
{
	(void)state;
	EXPECT("G0000000000000000010000000000000000000000", "OK");
	assert_int_equal(fake_target.writes, 1);
	assert_int_equal(fake_target.registers[0][1], 1);
	EXPECT("G0000000000000000010000000000000000000000", "OK");
	EXPECT("P1=0100000000000000", "OK");
	assert_int_equal(fake_target.writes, 1);
	EXPECT("G00", "E16");
}

static void test_memory(void **state)
{
	(void)state;
	EXPECT("M1000,4:01020304", "OK");
	EXPECT("m1000,4", "01020304");
	EXPECT("m1ffe,4", "0000");
	EXPECT("m2000,4", "E0e");
	EXPECT("mffffffffffffffff,4", "E0e");
	EXPECT("m10000000000000000,4", "E16");
	EXPECT("M1ffe,4:01020304", "E0e");
	EXPECT("M1000,4:010203", "E16");
	EXPECT("M1000,ffffffffffffffff:01", "E16");
	EXPECT("X1000,0:", "OK");
	say_bytes("X1000,3:}\x03}\x04#", 12); /* '#' in it ends the packet: its sum is wrong */
	assert_int_equal(fake_target.memory[0], 1);
	say_bytes("X1000,3:}\x03}]z", 13);
	assert_memory_equal(fake_target.memory, "#}z", 3);
	EXPECT("X1000,4:abc", "E16");
	assert_int_equal(strlen(ask("m1000,ffffff")), 2 * FAKE_SIZE);
}

static void test_points(void **state)
{
	(void)state;
	EXPECT("Z0,1000,4", "OK");
	EXPECT("Z1,1000,4", "OK");
	EXPECT("Z2,1000,8", "OK");
	EXPECT("Z3,1000,10", "E1c");
	EXPECT("Z4,1000,8", ""); /* not supported */
	EXPECT("Z5,1000,8", "");
	assert_int_equal(fake_target.points, 3);
	EXPECT("z0,1000,4", "OK");
	EXPECT("Z0,1000", "E16");
	EXPECT("Z0", "E16");
}

static void test_queries(void **state)
{
	(void)state;
	assert_contains(ask("qSupported:multiprocess+"), "PacketSize=4000;QStartNoAckMode+");
	EXPECT("qC", "QC1");
	EXPECT("qCRC:0,1", "");
	EXPECT("qfThreadInfo", "m1,2");
	EXPECT("qsThreadInfo", "l");
	EXPECT("qThreadExtraInfo,2", "7365636f6e64");
	EXPECT("qThreadExtraInfo,3", "E16");
	EXPECT("T2", "OK");
	EXPECT("T3", "E16");
	EXPECT("qOffsets", "Text=400000;Data=400000;Bss=400000");
	EXPECT("qNothing", "");
	EXPECT("vMustReplyEmpty", "");
}

static void test_documents(void **state)
{
	(void)state;
	EXPECT("qXfer:features:read:target.xml:0,9", "m<target>}\3");
	assert_memory_equal(ask("qXfer:features:read:target.xml:9,100"), "l}\4}]}\n</target>", 16);
	EXPECT("qXfer:features:read:target.xml:100,100", "l");
	EXPECT("qXfer:features:read:other.xml:0,100", "E00");
	EXPECT("qXfer:nothing:read::0,100", "E00");
	EXPECT("qXfer:features:write:target.xml:0:x", "");
	EXPECT("qXfer:features:read:target.xml:0", "E16");
}

static void test_resumption(void **state)
{
	(void)state;
	EXPECT("vCont?", "vCont;c;C;s;S;t;r");
	assert_null(ask("vCont;s:2;c:1"));
	assert_int_equal(fake_target.resumed[0].action, GDB_CONTINUE);
	assert_int_equal(fake_target.resumed[1].action, GDB_STEP);
	assert_null(ask("g")); /* not while it runs */
	fake_target.running = false;
	fake_target.stop =
		(struct gdb_stop){.thread = 1, .signal = 5, .reason = GDB_WATCH, .address = 0x1010};
	gdb_tell_stop(&gdb);
	fake_target.sent[fake_target.sent_length] = '\0';
	assert_contains(fake_target.sent, "$T05thread:2;watch:1010;1:0000000000000000;#");
	fake_target.sent_length = 0;
	gdb_tell_stop(&gdb); /* nobody asked */
	assert_int_equal(fake_target.sent_length, 0);
	EXPECT("qC", "QC2");
}

static void test_actions(void **state)
{
	static const char *const wrong[] = {"vCont;",   "vCont",     "vContc",
					    "vCont;x",  "vCont;c:9", "vCont;C",
					    "vCont;r1", "vCont;t",   "vCont;c:"};

	(void)state;
	for (size_t i = 0; i < LENGTH(wrong); i++) {
		EXPECT(wrong[i], "E16");
		assert_false(fake_target.running);
	}
	assert_null(ask("vCont;r1000,1010:1"));
	assert_int_equal(fake_target.resumed[0].action, GDB_STEP);
	assert_int_equal(fake_target.resumed[0].start, 0x1000);
	assert_int_equal(fake_target.resumed[0].end, 0x1010);
	assert_int_equal(fake_target.resumed[1].action, GDB_HOLD);
	gdb.running = fake_target.running = false;
	assert_null(ask("vCont;C0b:1;c"));
	assert_int_equal(fake_target.resumed[0].signal, 11);
	assert_int_equal(fake_target.resumed[1].signal, 0);
}

static void test_old_actions(void **state)
{
	(void)state;
	EXPECT("Hc2", "OK");
	assert_null(ask("s"));
	assert_int_equal(fake_target.resumed[1].action, GDB_STEP);
	assert_int_equal(fake_target.resumed[0].action, GDB_CONTINUE);
	gdb.running = fake_target.running = false;
	EXPECT("Hc-1", "OK");
	assert_null(ask("C0b"));
	assert_int_equal(fake_target.resumed[0].signal, 11);
	gdb.running = fake_target.running = false;
	EXPECT("c1000", "E16");
}

static void test_interrupt(void **state)
{
	(void)state;
	gdb_take(&gdb, "\3", 1);
	assert_false(fake_target.interrupted);
	ask("c");
	gdb_take(&gdb, "\3", 1);
	assert_true(fake_target.interrupted);
}

static void test_ends(void **state)
{
	(void)state;
	ask("c");
	fake_target.sent_length = 0;
	gdb_tell_end(&gdb, false, 3);
	assert_memory_equal(fake_target.sent, "$W03#", 5);
	setup(NULL);
	ask("c");
	fake_target.sent_length = 0;
	gdb_tell_end(&gdb, true, 11);
	assert_memory_equal(fake_target.sent, "$X0b#", 5);
	setup(NULL);
	EXPECT("D", "OK");
	assert_true(fake_target.detached && gdb.gone);
	setup(NULL);
	ask("k");
	assert_true(fake_target.killed && gdb.gone);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_packets),     TEST(test_too_long),
		TEST(test_registers),   TEST(test_only_changes_are_written),
		TEST(test_memory),      TEST(test_points),
		TEST(test_queries),     TEST(test_documents),
		TEST(test_resumption),  TEST(test_actions),
		TEST(test_old_actions), TEST(test_interrupt),
		TEST(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
