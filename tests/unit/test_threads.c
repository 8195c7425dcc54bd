/* SPDX-License-Identifier: Apache-2.0 */
/* Where threads meet, several at once for a while: vCPUs at one device, and the loop's thread
 * beside them. Says little by itself; a sanitizer watches. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/fake/kvm.h"
#include "tests/unit/pipes.h"
#include "tests/unit/virtio_driver.h"
#include "vmm/dev/control_page.h"
#include "vmm/dev/uart16550.h"
#include "vmm/dev/virtio_console.h"

enum { RX, TX, ROUNDS = 2000 };

static struct memory memory;
static struct pipes pipes;
static struct virtio_console console;
static struct uart uart;
static struct control_page_device control;
static struct ring rings[2];
static bool done; /* atomic: the threads have ended */

static void on_ended(void *context, const struct control_exit *exit)
{
	(void)context;
	(void)exit;
}

static int setup(void **state)
{
	struct error err = {0};

	(void)state;
	fake_kvm_reset();
	ram_init(&memory);
	pipes_init(&pipes);
	ring_init_pair(rings, &memory);
	memset(&console, 0, sizeof(console));
	console.virtio.memory = &memory;
	console.streams = uart.streams = &pipes.streams;
	uart.out = pipes.streams.out;
	virtio_console_init(&console);
	uart_init(&uart);
	control = (struct control_page_device){.memory = &memory,
					       .page = TEST_RAM + TEST_RAM_SIZE - CONTROL_PAGE_SIZE,
					       .streams = &pipes.streams,
					       .ended = on_ended};
	assert_ok(control_page_init(&control, &err), err);
	driver_start(&console.virtio, rings);
	__atomic_store_n(&done, false, __ATOMIC_RELEASE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	virtio_console_finish(&console);
	uart_finish(&uart);
	pipes_finish(&pipes);
	memory_finish(&memory);
	return 0;
}

/* An interrupted access is made again, as a vCPU does. */
static void write_until_done(const struct bus_device *bus, void *device, uint64_t offset,
			     unsigned int size, uint64_t value)
{
	uint64_t progress = 0;

	while (bus->write(device, offset, size, value, &progress) == -EINTR)
		;
}

static void *transmit(void *context)
{
	(void)context;
	for (int i = 0; i < ROUNDS; i++)
		write_until_done(&virtio_mmio_bus, &console.virtio, REG_QUEUE_NOTIFY, 4, TX);
	return NULL;
}

static void *reset(void *context)
{
	(void)context;
	for (int i = 0; i < ROUNDS; i++) {
		vwrite(&console.virtio, REG_STATUS, 0);
		vread(&console.virtio, REG_INTERRUPT_STATUS);
		driver_start(&console.virtio, rings);
		write_until_done(&virtio_mmio_bus, &console.virtio, REG_QUEUE_NOTIFY, 4, RX);
	}
	return NULL;
}

static void *talk(void *context)
{
	(void)context;
	for (int i = 0; i < ROUNDS; i++) {
		write_until_done(&uart_bus, &uart, 0, 1, 'x');
		write_until_done(&uart_bus, &uart, 1, 1, (uint64_t)i & 3);
		uart_bus.read(&uart, 0, 1);
		write_until_done(&control_page_bus, &control, CONTROL_STDOUT, 8,
				 CONTROL_BUFFER(TEST_RAM, 4));
		write_until_done(&control_page_bus, &control, CONTROL_STDIN, 8, 0);
	}
	return NULL;
}

static void *read_output(void *context)
{
	char bytes[512];

	(void)context;
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
		if (read(pipes.out, bytes, sizeof(bytes)) < 0 && errno == EAGAIN)
			sched_yield();
	return NULL;
}

/* The rings are set up before: what a driver stores meanwhile is not the monitor's race. */
static void offer_everything(void)
{
	for (uint16_t i = 0; i < 8; i++) {
		ring_send(&rings[TX], i, "some text\n");
		ring_descriptor(&rings[RX], i, rings[RX].data, 1, RING_WRITE, 0);
		ring_publish(&rings[RX], i);
	}
}

static void test_vcpus_and_the_loop_at_the_devices(void **state)
{
	static void *(*const bodies[])(void *) = {transmit, transmit, reset, talk};
	pthread_t threads[LENGTH(bodies)], reader;

	(void)state;
	offer_everything();
	assert_int_equal(pthread_create(&reader, NULL, read_output, NULL), 0);
	for (size_t i = 0; i < LENGTH(bodies); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, bodies[i], NULL), 0);
	for (int i = 0; i < ROUNDS / 40; i++) {
		pipes_type(&pipes, "t");
		pipes_dispatch(&pipes);
		control_page_signal(&control, 15);
		control_page_booted(&control);
		streams_hold(&pipes.streams);
		streams_release(&pipes.streams);
	}
	for (size_t i = 0; i < LENGTH(bodies); i++)
		pthread_join(threads[i], NULL);
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	pthread_join(reader, NULL);
	/* And both devices still work. */
	driver_start(&console.virtio, rings);
	pipes_drain(pipes.out);
	write_until_done(&virtio_mmio_bus, &console.virtio, REG_QUEUE_NOTIFY, 4, TX);
	assert_contains(pipes_drain(pipes.out), "some text\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_vcpus_and_the_loop_at_the_devices, setup,
						teardown),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
