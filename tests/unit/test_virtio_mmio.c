/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "tests/fake/kvm.h"
#include "tests/unit/virtio_driver.h"

static struct memory memory;
static struct virtio virtio;
static struct ring rings[2];
static unsigned int notified, notified_queue;
static int notify_answer;

static uint8_t config_read(void *context, uint64_t offset)
{
	assert_ptr_equal(context, &virtio);
	return (uint8_t)(offset + 1);
}

static int notify(void *context, unsigned int queue)
{
	assert_ptr_equal(context, &virtio);
	notified++;
	notified_queue = queue;
	return notify_answer;
}

static const struct virtio_device device = {
	.id = 42,
	.features = VIRTIO_F_VERSION_1 | 0x5,
	.queue_count = 2,
	.config_read = config_read,
	.notify = notify,
};

static int setup(void **state)
{
	(void)state;
	fake_kvm_reset();
	ram_init(&memory);
	ring_init_pair(rings, &memory);
	virtio = (struct virtio){
		.device = &device, .context = &virtio, .memory = &memory, .irq = {9, 77}};
	virtio_mmio_init(&virtio);
	notified = 0;
	notify_answer = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	virtio_mmio_finish(&virtio);
	memory_finish(&memory);
	return 0;
}

static unsigned int pulses(void)
{
	return fake_kvm_count(KVM_IRQ_LINE) / 2;
}

static void test_identity(void **state)
{
	(void)state;
	assert_int_equal(vread(&virtio, REG_MAGIC), 0x74726976);
	assert_int_equal(vread(&virtio, REG_VERSION), 2);
	assert_int_equal(vread(&virtio, REG_DEVICE_ID), 42);
	assert_int_equal(vread(&virtio, REG_GENERATION), 0);
	vwrite(&virtio, REG_DEVICE_FEATURES_SELECT, 0);
	assert_int_equal(vread(&virtio, REG_DEVICE_FEATURES), 5);
	vwrite(&virtio, REG_DEVICE_FEATURES_SELECT, 1);
	assert_int_equal(vread(&virtio, REG_DEVICE_FEATURES), 1);
	vwrite(&virtio, REG_DEVICE_FEATURES_SELECT, 2);
	assert_int_equal(vread(&virtio, REG_DEVICE_FEATURES), 0);
	vwrite(&virtio, REG_DEVICE_FEATURES_SELECT, UINT32_MAX);
	assert_int_equal(vread(&virtio, REG_DEVICE_FEATURES), 0);
}

static void test_queue_select_out_of_range(void **state)
{
	static const uint32_t selects[] = {2, 3, 4, VIRTIO_QUEUES_MAX, 0x10000, UINT32_MAX};

	(void)state;
	assert_int_equal(vread(&virtio, REG_QUEUE_SIZE_MAX), VIRTQUEUE_SIZE_MAX);
	for (size_t i = 0; i < LENGTH(selects); i++) {
		vwrite(&virtio, REG_QUEUE_SELECT, selects[i]);
		assert_int_equal(vread(&virtio, REG_QUEUE_SIZE_MAX), 0);
		vwrite(&virtio, REG_QUEUE_SIZE, 8);
		vwrite(&virtio, REG_QUEUE_READY, 1);
		assert_int_equal(vread(&virtio, REG_QUEUE_READY), 0);
	}
}

static const struct {
	uint32_t size;
	uint64_t descriptors, available, used;
	bool ready;
} queues[] = {
	{8, 0x40000000, 0x40001000, 0x40002000, true},
	{1, 0x40000000, 0x40001000, 0x40002000, true},
	{256, 0x40000010, 0x40001002, 0x40002004, true},
	{8, UINT64_MAX - 127, UINT64_MAX - 21, UINT64_MAX - 71, true}, /* judged when used */
	{8, UINT64_MAX - 111, UINT64_MAX - 21, UINT64_MAX - 71, false},
	{8, UINT64_MAX - 127, UINT64_MAX - 19, UINT64_MAX - 71, false},
	{8, UINT64_MAX - 127, UINT64_MAX - 21, UINT64_MAX - 67, false},
	{0, 0x40000000, 0x40001000, 0x40002000, false},
	{3, 0x40000000, 0x40001000, 0x40002000, false},
	{257, 0x40000000, 0x40001000, 0x40002000, false},
	{512, 0x40000000, 0x40001000, 0x40002000, false},
	{0x10008, 0x40000000, 0x40001000, 0x40002000, false},
	{0x80000000, 0x40000000, 0x40001000, 0x40002000, false},
	{8, 0x40000008, 0x40001000, 0x40002000, false},
	{8, 0x40000000, 0x40001001, 0x40002000, false},
	{8, 0x40000000, 0x40001000, 0x40002002, false},
};

static void test_only_sane_queues_become_ready(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(queues); i++) {
		const struct virtqueue *queue = &virtio.queues[1];

		vwrite(&virtio, REG_STATUS, 0);
		vwrite(&virtio, REG_QUEUE_SELECT, 1);
		vwrite(&virtio, REG_QUEUE_SIZE, queues[i].size);
		vwrite64(&virtio, REG_DESC, queues[i].descriptors);
		vwrite64(&virtio, REG_DRIVER, queues[i].available);
		vwrite64(&virtio, REG_DEVICE, queues[i].used);
		vwrite(&virtio, REG_QUEUE_READY, 1);
		if (vread(&virtio, REG_QUEUE_READY) != queues[i].ready)
			fail_msg("row %zu", i);
		assert_int_equal(queue->descriptors, queues[i].descriptors);
		assert_int_equal(queue->available, queues[i].available);
		assert_int_equal(queue->used, queues[i].used);
	}
}

static void test_ready_queue_cannot_be_changed(void **state)
{
	struct virtqueue before;

	(void)state;
	driver_start(&virtio, rings);
	before = virtio.queues[1];
	vwrite(&virtio, REG_QUEUE_SIZE, 4);
	vwrite64(&virtio, REG_DESC, 0x10);
	vwrite64(&virtio, REG_DRIVER, 0x10);
	vwrite64(&virtio, REG_DEVICE, 0x10);
	vwrite(&virtio, REG_QUEUE_READY, 1);
	assert_memory_equal(&before, &virtio.queues[1], sizeof(before));
	vwrite(&virtio, REG_QUEUE_READY, 0);
	vwrite(&virtio, REG_QUEUE_SIZE, 4);
	assert_int_equal(virtio.queues[1].size, 4);
}

static void test_features_that_were_not_offered_are_refused(void **state)
{
	static const struct {
		uint64_t features;
		bool ok;
	} rows[] = {
		{VIRTIO_F_VERSION_1, true},
		{VIRTIO_F_VERSION_1 | 5, true},
		{5, false},
		/* legacy */ {0, false},
		{VIRTIO_F_VERSION_1 | 2, false},
		{VIRTIO_F_VERSION_1 | 1ull << 63, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		vwrite(&virtio, REG_STATUS, 0);
		driver_features(&virtio, rows[i].features);
		vwrite(&virtio, REG_STATUS, ST_DRIVER | ST_FEATURES_OK);
		if (!!(vread(&virtio, REG_STATUS) & ST_FEATURES_OK) != rows[i].ok)
			fail_msg("row %zu", i);
		vwrite(&virtio, REG_STATUS, ST_DRIVER | ST_FEATURES_OK | ST_DRIVER_OK);
		assert_int_equal(!!(vread(&virtio, REG_STATUS) & ST_DRIVER_OK), rows[i].ok);
	}
}

static void test_features_are_fixed_after_features_ok(void **state)
{
	(void)state;
	driver_start(&virtio, rings);
	driver_features(&virtio, 0);
	assert_int_equal(virtio.driver_features, VIRTIO_F_VERSION_1);
}

static void test_notify_reaches_existing_queues(void **state)
{
	(void)state;
	assert_int_equal(vwrite(&virtio, REG_QUEUE_NOTIFY, 1), 0);
	assert_int_equal(notified, 1);
	assert_int_equal(notified_queue, 1);
	vwrite(&virtio, REG_QUEUE_NOTIFY, 2);
	vwrite(&virtio, REG_QUEUE_NOTIFY, UINT32_MAX);
	assert_int_equal(notified, 1);
	notify_answer = -EINTR;
	assert_int_equal(vwrite(&virtio, REG_QUEUE_NOTIFY, 0), -EINTR);
}

static void test_other_access_sizes(void **state)
{
	static const unsigned int sizes[] = {1, 2, 8};
	uint64_t progress = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		assert_int_equal(virtio_mmio_bus.read(&virtio, REG_MAGIC, sizes[i]), 0);
		virtio_mmio_bus.write(&virtio, REG_QUEUE_NOTIFY, sizes[i], 0, &progress);
		virtio_mmio_bus.write(&virtio, REG_STATUS, sizes[i], 1, &progress);
	}
	assert_int_equal(notified, 0);
	assert_int_equal(vread(&virtio, REG_STATUS), 0);
}

static void test_configuration_space_at_every_size(void **state)
{
	(void)state;
	assert_int_equal(virtio_mmio_bus.read(&virtio, REG_CONFIG, 1), 1);
	assert_int_equal(virtio_mmio_bus.read(&virtio, REG_CONFIG + 2, 2), 0x0403);
	assert_int_equal(virtio_mmio_bus.read(&virtio, REG_CONFIG, 4), 0x04030201);
	assert_int_equal(virtio_mmio_bus.read(&virtio, REG_CONFIG, 8), 0x0807060504030201);
}

static void test_unknown_registers(void **state)
{
	struct virtio before;

	(void)state;
	vwrite(&virtio, REG_STATUS, ST_ACKNOWLEDGE);
	before = virtio;
	for (uint64_t offset = 0xb0; offset < REG_CONFIG; offset += 4) {
		/* Length of a shared memory region: -1 where there is none. */
		bool shm_length = offset == 0xb0 || offset == 0xb4;

		vwrite(&virtio, offset, UINT32_MAX);
		assert_int_equal(vread(&virtio, offset), shm_length ? UINT32_MAX : 0);
	}
	for (uint64_t offset = 1; offset < REG_CONFIG; offset += 4)
		assert_int_equal(vread(&virtio, offset), 0);
	assert_memory_equal(&before.status, &virtio.status,
			    sizeof(virtio) - offsetof(struct virtio, status));
}

static void test_used_buffer_interrupts_and_is_acknowledged(void **state)
{
	struct virtqueue_chain chain;

	(void)state;
	driver_start(&virtio, rings);
	ring_send(&rings[1], 3, "x");
	assert_int_equal(virtio_pop(&virtio, 1, &chain), 1);
	virtio_push(&virtio, 1, chain.head, 0);
	assert_int_equal(pulses(), 1);
	assert_int_equal(fake_kvm_call(KVM_IRQ_LINE, 0)->id, 77);
	assert_int_equal(fake_kvm_call(KVM_IRQ_LINE, 0)->value, 1);
	assert_int_equal(fake_kvm_call(KVM_IRQ_LINE, 1)->value, 0);
	assert_int_equal(vread(&virtio, REG_INTERRUPT_STATUS), 1);
	vwrite(&virtio, REG_INTERRUPT_ACK, 1);
	assert_int_equal(vread(&virtio, REG_INTERRUPT_STATUS), 0);
}

static void test_driver_that_polls_is_not_interrupted(void **state)
{
	(void)state;
	driver_start(&virtio, rings);
	ring_store(&rings[1], rings[1].available, 1, 2);
	virtio_push(&virtio, 1, 0, 0);
	assert_int_equal(ring_used(&rings[1]), 1);
	assert_int_equal(pulses(), 0);
}

static void test_drivers_mistake_needs_reset_and_reset_heals(void **state)
{
	struct virtqueue_chain chain;

	(void)state;
	driver_start(&virtio, rings);
	ring_publish(&rings[1], 1000);
	assert_int_equal(virtio_pop(&virtio, 1, &chain), 0);
	assert_true(vread(&virtio, REG_STATUS) & ST_NEEDS_RESET);
	assert_int_equal(vread(&virtio, REG_INTERRUPT_STATUS), 2);
	assert_int_equal(pulses(), 1);
	/* Other queues stand too, and the driver cannot clear the bit but by a reset. */
	ring_send(&rings[0], 0, "x");
	assert_int_equal(virtio_pop(&virtio, 0, &chain), 0);
	vwrite(&virtio, REG_STATUS, ST_FEATURES_OK | ST_DRIVER_OK);
	assert_true(vread(&virtio, REG_STATUS) & ST_NEEDS_RESET);
	ring_init(&rings[1], &memory, TEST_RAM + 0x20000, 8);
	driver_start(&virtio, rings);
	assert_false(vread(&virtio, REG_STATUS) & ST_NEEDS_RESET);
	ring_send(&rings[1], 0, "x");
	assert_int_equal(virtio_pop(&virtio, 1, &chain), 1);
}

static void test_used_ring_outside_memory_needs_reset(void **state)
{
	(void)state;
	rings[1].used = 0;
	driver_start(&virtio, rings);
	virtio_push(&virtio, 1, 0, 0);
	assert_true(vread(&virtio, REG_STATUS) & ST_NEEDS_RESET);
}

static void test_nothing_moves_before_driver_ok_or_after_reset(void **state)
{
	struct virtqueue_chain chain;

	(void)state;
	driver_start(&virtio, rings);
	ring_send(&rings[1], 0, "x");
	vwrite(&virtio, REG_STATUS, ST_ACKNOWLEDGE | ST_DRIVER | ST_FEATURES_OK);
	assert_int_equal(virtio_pop(&virtio, 1, &chain), 0);
	vwrite(&virtio, REG_STATUS, 0);
	assert_int_equal(vread(&virtio, REG_STATUS), 0);
	assert_int_equal(vread(&virtio, REG_QUEUE_READY), 0);
	virtio_push(&virtio, 1, 0, 0);
	assert_int_equal(ring_used(&rings[1]), 0);
	assert_int_equal(pulses(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_identity),
		TEST(test_queue_select_out_of_range),
		TEST(test_only_sane_queues_become_ready),
		TEST(test_ready_queue_cannot_be_changed),
		TEST(test_features_that_were_not_offered_are_refused),
		TEST(test_features_are_fixed_after_features_ok),
		TEST(test_notify_reaches_existing_queues),
		TEST(test_other_access_sizes),
		TEST(test_configuration_space_at_every_size),
		TEST(test_unknown_registers),
		TEST(test_used_buffer_interrupts_and_is_acknowledged),
		TEST(test_driver_that_polls_is_not_interrupted),
		TEST(test_drivers_mistake_needs_reset_and_reset_heals),
		TEST(test_used_ring_outside_memory_needs_reset),
		TEST(test_nothing_moves_before_driver_ok_or_after_reset),
	};

	return cmocka_run_group_tests_name("virtio_mmio", tests, NULL, NULL);
}
