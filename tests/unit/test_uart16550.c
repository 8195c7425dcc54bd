/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/fake/kvm.h"
#include "tests/unit/pipes.h"
#include "vmm/dev/uart16550.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR };

static struct pipes pipes;
static struct uart uart;

static int setup(void **state)
{
	(void)state;
	fake_kvm_reset();
	pipes_init(&pipes);
	uart = (struct uart){.irq = {5, 33}, .streams = &pipes.streams, .out = pipes.streams.out};
	uart_init(&uart);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kicks_stop();
	uart_finish(&uart);
	pipes_finish(&pipes);
	return 0;
}

static uint8_t get(uint64_t offset)
{
	return (uint8_t)uart_bus.read(&uart, offset, 1);
}

static int put(uint64_t offset, uint8_t value)
{
	uint64_t progress = 0;

	return uart_bus.write(&uart, offset, 1, value, &progress);
}

static unsigned int pulses(void)
{
	return fake_kvm_count(KVM_IRQ_LINE) / 2;
}

static void test_idle_registers(void **state)
{
	static const uint8_t values[] = {0, 0, 0xc1, 0, 0, 0x60, 0xb0, 0};

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++)
		assert_int_equal(get(i), values[i]);
	for (uint64_t offset = 8; offset < UART_SIZE; offset += 0x7f)
		assert_int_equal(get(offset), 0);
}

static void test_registers_keep_what_is_written(void **state)
{
	static const struct {
		uint64_t offset;
		uint8_t written, read;
	} rows[] = {
		{IER, 0xff, 0x0f}, {LCR, 0x7f, 0x7f}, {MCR, 0xff, 0x1f},
		{SCR, 0xa5, 0xa5}, {LSR, 0xff, 0x60}, {MSR, 0xff, 0xb0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(put(rows[i].offset, rows[i].written), 0);
		assert_int_equal(get(rows[i].offset), rows[i].read);
		put(MCR, 0);
	}
}

static void test_divisor_latch_shadows_data_and_interrupt_enable(void **state)
{
	(void)state;
	put(LCR, 0x80);
	put(DATA, 0x12);
	put(IER, 0x34);
	assert_int_equal(get(DATA), 0x12);
	assert_int_equal(get(IER), 0x34);
	put(LCR, 0x03);
	assert_int_equal(get(IER), 0);
	assert_string_equal(pipes_drain(pipes.out), "");
	assert_int_equal(pulses(), 0);
}

static void test_output_goes_to_the_host(void **state)
{
	(void)state;
	for (const char *c = "hi\n"; *c; c++)
		assert_int_equal(put(DATA, (uint8_t)*c), 0);
	assert_string_equal(pipes_drain(pipes.out), "hi\n");
	assert_int_equal(pulses(), 0);
}

/* Linux's 8250 driver looks for a port this way: OUT2 | RTS must come back as DCD | CTS. */
static void test_loopback_turns_modem_outputs_into_inputs(void **state)
{
	static const uint8_t inputs[] = {
		0x00, 0x20, 0x10, 0x30, 0x40, 0x60, 0x50, 0x70,
		0x80, 0xa0, 0x90, 0xb0, 0xc0, 0xe0, 0xd0, 0xf0,
	};

	(void)state;
	for (uint8_t outputs = 0; outputs < 16; outputs++) {
		put(MCR, 0x10 | outputs);
		assert_int_equal(get(MSR) & 0xf0, inputs[outputs]);
	}
	put(DATA, 'x');
	put(MCR, 0);
	put(DATA, 'y');
	assert_string_equal(pipes_drain(pipes.out), "y");
	assert_int_equal(get(MSR), 0xb0);
}

static void test_transmitter_interrupt(void **state)
{
	(void)state;
	put(IER, 2);
	assert_int_equal(pulses(), 1);
	assert_int_equal(fake_kvm_call(KVM_IRQ_LINE, 0)->id, 33);
	assert_int_equal(get(IIR), 0xc2);
	assert_int_equal(get(IIR), 0xc1); /* seen once */
	put(DATA, 'x');
	assert_int_equal(pulses(), 2);
	assert_int_equal(get(IIR), 0xc2);
	put(IER, 0);
	put(DATA, 'y');
	assert_int_equal(pulses(), 2);
	assert_int_equal(get(IIR), 0xc1);
}

static void test_received_bytes_come_in_order_and_interrupt(void **state)
{
	(void)state;
	put(IER, 1);
	pipes_type(&pipes, "abc");
	pipes_dispatch(&pipes);
	assert_int_equal(pulses(), 1);
	assert_int_equal(get(IIR), 0xc4);
	assert_int_equal(get(LSR), 0x61);
	assert_int_equal(get(DATA), 'a');
	assert_int_equal(get(DATA), 'b');
	assert_int_equal(get(LSR), 0x61);
	assert_int_equal(get(DATA), 'c');
	assert_int_equal(get(LSR), 0x60);
	assert_int_equal(get(IIR), 0xc1);
	assert_int_equal(get(DATA), 0);
	pipes_type(&pipes, "d");
	pipes_dispatch(&pipes);
	assert_int_equal(get(DATA), 'd');
	assert_int_equal(pulses(), 2);
}

static void test_received_comes_before_transmitter(void **state)
{
	(void)state;
	put(IER, 3);
	pipes_type(&pipes, "a");
	pipes_dispatch(&pipes);
	assert_int_equal(get(IIR), 0xc4);
	get(DATA);
	assert_int_equal(get(IIR), 0xc2);
	assert_int_equal(get(IIR), 0xc1);
}

static void test_more_input_than_the_fifo_holds(void **state)
{
	const char *text = "0123456789abcdefghijklmnopqrstuvwxyz0123456789";

	(void)state;
	put(IER, 1);
	pipes_type(&pipes, text);
	pipes_dispatch(&pipes);
	for (const char *c = text; *c; c++) {
		if (!(get(LSR) & 1))
			pipes_dispatch(&pipes);
		assert_int_equal(get(DATA), *c);
	}
	assert_int_equal(get(LSR), 0x60);
}

static void test_input_stays_on_the_host_while_the_guest_does_not_listen(void **state)
{
	char left[4];

	(void)state;
	pipes_type(&pipes, "abc");
	put(SCR, 0);
	pipes_dispatch(&pipes);
	assert_int_equal(get(LSR), 0x60);
	assert_int_equal(read(pipes.streams.in, left, sizeof(left)), 3);
}

static void test_fifo_clear_drops_and_listens_again(void **state)
{
	(void)state;
	put(IER, 1);
	pipes_type(&pipes, "old");
	pipes_dispatch(&pipes);
	put(FCR, 0x07);
	assert_int_equal(get(LSR), 0x60);
	assert_int_equal(get(IIR), 0xc1);
	pipes_type(&pipes, "new");
	pipes_dispatch(&pipes);
	assert_int_equal(get(DATA), 'n');
}

static void test_other_access_sizes_do_nothing(void **state)
{
	uint64_t progress = 0;

	(void)state;
	for (unsigned int size = 2; size <= 8; size *= 2) {
		assert_int_equal(uart_bus.read(&uart, LSR, size), 0);
		assert_int_equal(uart_bus.write(&uart, DATA, size, 'x', &progress), 0);
	}
	assert_string_equal(pipes_drain(pipes.out), "");
}

static void test_kick_interrupts_a_byte_that_cannot_go_out(void **state)
{
	static char filler[PIPE_SIZE];

	(void)state;
	put(IER, 2);
	get(IIR);
	assert_int_equal(write(pipes.streams.out, filler, sizeof(filler)), PIPE_SIZE);
	kicks_start();
	assert_int_equal(put(DATA, 'x'), -EINTR);
	kicks_stop();
	assert_int_equal(get(IIR), 0xc1); /* it has not been sent yet */
	pipes_drain(pipes.out);
	assert_int_equal(put(DATA, 'x'), 0);
	assert_string_equal(pipes_drain(pipes.out), "x");
	assert_int_equal(get(IIR), 0xc2);
}

static void test_lost_output_does_not_disturb_the_guest(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	pipes_close(&pipes.out);
	put(IER, 2);
	get(IIR);
	assert_int_equal(put(DATA, 'x'), 0);
	assert_int_equal(get(IIR), 0xc2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_idle_registers),
		TEST(test_registers_keep_what_is_written),
		TEST(test_divisor_latch_shadows_data_and_interrupt_enable),
		TEST(test_output_goes_to_the_host),
		TEST(test_loopback_turns_modem_outputs_into_inputs),
		TEST(test_transmitter_interrupt),
		TEST(test_received_bytes_come_in_order_and_interrupt),
		TEST(test_received_comes_before_transmitter),
		TEST(test_more_input_than_the_fifo_holds),
		TEST(test_input_stays_on_the_host_while_the_guest_does_not_listen),
		TEST(test_fifo_clear_drops_and_listens_again),
		TEST(test_other_access_sizes_do_nothing),
		TEST(test_kick_interrupts_a_byte_that_cannot_go_out),
		TEST(test_lost_output_does_not_disturb_the_guest),
	};

	return cmocka_run_group_tests_name("uart16550", tests, NULL, NULL);
}
