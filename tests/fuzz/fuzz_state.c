/* SPDX-License-Identifier: Apache-2.0 */
/* State files by somebody who knows how the checksum is made: the header's size and sum are put
 * right, all else is the input's. Whatever they hold, they are refused with a reason, or what was
 * taken from them is inside its rules. */
#include <unistd.h>

#include "arch/arm64/layout.h"
#include "tests/fuzz/support/ram.h"
#include "tests/fuzz/support/streams.h"
#include "vmm/arch_state.h"
#include "vmm/dev/control_page.h"
#include "vmm/dev/uart16550.h"
#include "vmm/dev/virtio_console.h"
#include "vmm/dev/virtio_vsock.h"
#include "vmm/snapshot_config.h"
#include "vmm/state_file.h"
#include "vmm/vcpu.h"

enum { MEMORY = 0x20000 };

static struct streams streams;
static struct memory memory;

static void check_close(struct state_reader *reader)
{
	struct error err = {0};

	if (state_close(reader, &err) < 0)
		check_message(err.message);
}

static void load_config(const struct state_file *file)
{
	struct vm_config config;
	struct error err = {0};

	vm_config_init(&config);
	if (snapshot_config_load(&config, file, &err) < 0) {
		check_message(err.message);
	} else {
		check(config.machine.vcpu_count >= 1 &&
		      config.machine.vcpu_count <= CONFIG_VCPUS_MAX);
		check((uint64_t)config.machine.mem_size_mib << 20 == file->header.memory_size);
		check(!config.application.path != !config.boot.kernel_image_path);
	}
	vm_config_finish(&config);
}

static void restore_registers(const struct vcpu_state *state)
{
	struct error err = {0};
	struct regs regs;
	int result = regs_init(&regs, &arch_regs, -1, NULL, &err);

	check(result == 0);
	memset(regs.values, 0, arch_regs.bytes);
	regs.listed = true;
	for (int step = REG_RESTORE_EARLY; result == 0 && step <= REG_RESTORE_LATE; step++)
		result = regs_restore(&regs, &state->registers, &state->fresh,
				      (enum reg_restore)step, &err);
	if (result < 0)
		check_message(err.message);
	regs_finish(&regs);
}

static void load_vcpu(struct state_reader *reader)
{
	struct vcpu_state state = {0};
	bool good;

	vcpu_state_load(&state, reader);
	good = !reader->failed;
	check_close(reader);
	if (!good)
		return;
	check(state.store.size <= 8 && state.due <= VCPU_BEGINS);
	restore_registers(&state);
}

static void load_irqchip(struct state_reader *reader)
{
	const struct machine machine = {.irqchip = ARM64_GIC_V3, .irqchip_fd = -1, .vcpu_count = 2};
	struct state_reader fresh = *reader;
	struct error err = {0};

	arch_irqchip_load(&machine, reader, &fresh, &err);
	check_close(reader);
}

static void load_uart(struct state_reader *reader)
{
	struct uart uart = {.streams = &streams};

	uart_init(&uart);
	uart_load(&uart, reader);
	check(uart.received <= UART_FIFO);
	check_close(reader);
	uart_finish(&uart);
	streams_forget(&streams);
}

static void load_console(struct state_reader *reader)
{
	static struct virtio_console console;

	memset(&console, 0, sizeof(console));
	console.virtio.memory = &memory;
	console.streams = &streams;
	virtio_console_init(&console);
	virtio_console_load(&console, reader);
	if (!reader->failed && console.chain_pending) {
		check(console.chain.readable <= console.chain.count);
		check(console.chain.count <= VIRTQUEUE_CHAIN_MAX);
		check(console.chain_index < console.chain.readable);
	}
	for (unsigned int i = 0; !reader->failed && i < 2; i++)
		check(!console.virtio.queues[i].ready ||
		      virtqueue_is_sane(&console.virtio.queues[i]));
	check_close(reader);
	virtio_console_finish(&console);
	streams_forget(&streams);
}

/* Made once: only the queues are a section's. */
static void load_vsock(struct state_reader *reader)
{
	static struct virtio_vsock vsock;
	static char path[64];
	struct error err = {0};

	if (!vsock.path) {
		snprintf(path, sizeof(path), "/tmp/mote-fuzz-state.%d", (int)getpid());
		vsock.path = path;
		vsock.virtio.memory = &memory;
		check(virtio_vsock_init(&vsock, loop_create(&err), &err) == 0);
		unlink(path);
	}
	virtio_vsock_load(&vsock, reader);
	for (unsigned int i = 0; !reader->failed && i < 3; i++)
		check(!vsock.virtio.queues[i].ready || virtqueue_is_sane(&vsock.virtio.queues[i]));
	check_close(reader);
}

static void load_control(struct state_reader *reader)
{
	struct control_page_device device = {
		.memory = &memory,
		.page = RAM + MEMORY - CONTROL_AREA_SIZE,
		.streams = &streams,
	};
	struct error err = {0};

	check(control_page_load(&device, reader, &err) == 0);
	check_close(reader);
	streams_forget(&streams);
}

static void (*const loads[STATE_TAG_END])(struct state_reader *) = {
	[STATE_VCPU] = load_vcpu, [STATE_IRQCHIP] = load_irqchip, [STATE_CONTROL] = load_control,
	[STATE_UART] = load_uart, [STATE_CONSOLE] = load_console, [STATE_VSOCK] = load_vsock,
};

static void load_all(const struct state_file *file)
{
	struct error err = {0};

	load_config(file);
	for (int tag = STATE_VCPU; tag < STATE_TAG_END; tag++)
		for (unsigned int i = 0; i < state_count(file, (enum state_tag)tag) && i < 4; i++) {
			struct state_reader reader;

			check(state_section(file, (enum state_tag)tag, i, &reader, &err) == 0);
			loads[tag](&reader);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* In memory of its own, so that a byte too far is seen. */
	uint8_t *bytes = malloc(size + !size);
	struct state_file file;
	struct error err = {0};

	fuzz_streams_init(&streams);
	ram_init(&memory, MEMORY);
	if (size)
		memcpy(bytes, data, size);
	if (size >= STATE_HEADER_SIZE) {
		struct state_header header = {.memory_size = 64 << 20, .kind = STATE_FULL};

		state_seal(bytes, size, &header);
	}
	if (state_open(&file, bytes, size, &err) < 0)
		check_message(err.message);
	else
		load_all(&file);
	ram_finish(&memory);
	free(bytes);
	return 0;
}
