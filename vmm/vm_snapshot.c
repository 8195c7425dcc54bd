/* SPDX-License-Identifier: Apache-2.0 */
/* A VM as sections of a state file, and sections as a VM. What a new machine of the same kind
 * would hold is measured at a save on one that is made for it and never runs, so that a
 * restore writes only what differs and reads nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "vmm/arch_state.h"
#include "vmm/memory_log.h"
#include "vmm/vm_parts.h"

enum { KERNEL_NAME_MAX = 192 };

/* ---- the machine ---- */

/* Release and build of the host's kernel; its KVM has the same registers as any of that name. */
static void kernel_name(char name[KERNEL_NAME_MAX])
{
	struct utsname host = {0};

	uname(&host);
	snprintf(name, KERNEL_NAME_MAX, "%s %s", host.release, host.version);
}

static void save_machine(const struct vm *vm, struct state_writer *writer)
{
	char kernel[KERNEL_NAME_MAX];
	const char *features[ARCH_FEATURES_MAX + 1];

	kernel_name(kernel);
	arch_features(&vm->machine, features);
	state_begin(writer, STATE_MACHINE);
	state_put_string(writer, kernel);
	state_put_strings(writer, (char *const *)features);
	state_put(writer, vm->machine.vcpu_features, 4);
	state_put(writer, vm->machine.mode, 8);
	state_put(writer, vm->machine.page_tables, 8);
	state_end(writer);
}

/* Both lists are in the same order mostly: *at is where the search begins and ends. */
static bool has(const char *const *names, unsigned int count, unsigned int *at, const char *name)
{
	for (unsigned int n = 0; n < count; n++, *at = (*at + 1) % count)
		if (!strcmp(names[*at], name))
			return true;
	return false;
}

static int check_features(const struct machine *machine, char *const *needed, struct error *err)
{
	const char *features[ARCH_FEATURES_MAX + 1];
	unsigned int count = 0, at = 0;

	arch_features(machine, features);
	while (features[count])
		count++;
	for (; needed && *needed; needed++)
		if (!has(features, count, &at, *needed))
			return error_set(
				err, ENOTSUP,
				"the snapshot needs the host feature `%.32s`, which is not "
				"here",
				*needed);
	return 0;
}

static void strings_free(char **list)
{
	for (char **at = list; at && *at; at++)
		free(*at);
	free(list);
}

int vm_load_machine(struct vm *vm, const struct vm_image *image, struct error *err)
{
	struct state_reader reader;
	char here[KERNEL_NAME_MAX];
	char **needed, *kernel;
	uint32_t features;
	int result = state_section(image->state, STATE_MACHINE, 0, &reader, err);

	if (result < 0)
		return result;
	kernel = state_take_string(&reader);
	needed = state_take_strings(&reader);
	kernel_name(here);
	vm->same_kernel = kernel && !strcmp(kernel, here);
	free(kernel);
	features = (uint32_t)state_take(&reader, 4);
	vm->machine.mode = state_take(&reader, 8);
	vm->machine.page_tables = state_take(&reader, 8);
	result = state_close(&reader, err);
	if (result == 0)
		result = check_features(&vm->machine, needed, err);
	if (result == 0 && features & ~vm->machine.vcpu_features)
		result = error_set(err, ENOTSUP,
				   "the snapshot's vCPUs have features 0x%x, here 0x%x", features,
				   vm->machine.vcpu_features);
	vm->machine.vcpu_features = features;
	strings_free(needed);
	return result;
}

int vm_load_mode(const struct vm_image *image, uint64_t *mode, uint64_t *page_tables,
		 struct error *err)
{
	struct state_reader reader;
	int result = state_section(image->state, STATE_MACHINE, 0, &reader, err);

	if (result < 0)
		return result;
	free(state_take_string(&reader));
	strings_free(state_take_strings(&reader));
	state_take(&reader, 4);
	*mode = state_take(&reader, 8);
	*page_tables = state_take(&reader, 8);
	return state_close(&reader, err);
}

/* ---- a new machine of the same kind ---- */

struct fresh {
	struct machine machine;
	struct bus bus;
	unsigned int count;
	struct vcpu *vcpus;
	struct reg_image *images;
};

static void fresh_finish(struct fresh *fresh)
{
	for (unsigned int i = 0; i < fresh->count; i++) {
		vcpu_finish(&fresh->vcpus[i]);
		reg_image_free(&fresh->images[i]);
	}
	free(fresh->vcpus);
	free(fresh->images);
	if (fresh->machine.irqchip_fd >= 0)
		close(fresh->machine.irqchip_fd);
	if (fresh->machine.vm_fd >= 0)
		close(fresh->machine.vm_fd);
}

static int fresh_vcpus(struct fresh *fresh, struct error *err)
{
	static const struct vcpu_owner owner;
	int result = 0;

	while (result == 0 && fresh->count < fresh->machine.vcpu_count) {
		struct vcpu *vcpu = &fresh->vcpus[fresh->count];

		result = vcpu_init(vcpu, fresh->count, &fresh->machine, &fresh->bus, &owner, err);
		if (result < 0)
			vcpu_finish(vcpu);
		else
			fresh->count++;
	}
	if (result == 0)
		result = arch_machine_finish(&fresh->machine, err);
	for (unsigned int i = 0; result == 0 && i < fresh->count; i++)
		result = regs_save(&fresh->vcpus[i].regs, &fresh->images[i], err);
	return result;
}

/* fresh_finish() also after a failure. */
static int fresh_init(struct fresh *fresh, struct vm *vm, struct error *err)
{
	unsigned int count = vm->vcpu_count;
	int result;

	*fresh = (struct fresh){
		.machine = {.kvm = &vm->kvm,
			    .vm_fd = kvm_create_vm(&vm->kvm, arch_vm_type(&vm->kvm), err),
			    .irqchip_fd = -1,
			    .vcpu_count = count,
			    .virtio_count = vm->machine.virtio_count,
			    .memory = &vm->memory},
		.vcpus = calloc(count, sizeof(*fresh->vcpus)),
		.images = calloc(count, sizeof(*fresh->images)),
	};
	if (fresh->machine.vm_fd < 0)
		return -err->code;
	if (!fresh->vcpus || !fresh->images)
		return error_set(err, ENOMEM, "snapshot: out of memory");
	result = arch_machine_init(&fresh->machine, err);
	fresh->machine.vcpu_features = vm->machine.vcpu_features;
	return result < 0 ? result : fresh_vcpus(fresh, err);
}

/* ---- save ---- */

static int save_vcpus(struct vm *vm, const struct fresh *fresh, struct state_writer *writer,
		      struct error *err)
{
	int result = 0;

	for (unsigned int i = 0; result == 0 && i < vm->vcpu_count; i++)
		result = vcpu_save(&vm->vcpus[i], &fresh->images[i], writer, err);
	if (result == 0)
		result = arch_irqchip_save(&vm->machine, writer, err);
	return result < 0 ? result : arch_irqchip_save(&fresh->machine, writer, err);
}

int vm_save(struct vm *vm, struct state_writer *writer, struct error *err)
{
	struct fresh fresh;
	int result = fresh_init(&fresh, vm, err);

	if (result == 0) {
		save_machine(vm, writer);
		result = vm_save_clock(vm, writer, err);
	}
	if (result == 0)
		result = save_vcpus(vm, &fresh, writer, err);
	fresh_finish(&fresh);
	if (result < 0)
		return result;
	control_page_save(&vm->control, writer);
	uart_save(&vm->uart, writer);
	virtio_console_save(&vm->console, writer);
	if (vm->vsock)
		virtio_vsock_save(vm->vsock, writer);
	return 0;
}

void vm_mark(struct vm *vm, const uint8_t id[STATE_ID_SIZE])
{
	control_page_mark(&vm->control, id);
}

const uint8_t *vm_base(const struct vm *vm)
{
	return vm->snapshot;
}

void vm_saved(struct vm *vm, const uint8_t id[STATE_ID_SIZE])
{
	memcpy(vm->snapshot, id, STATE_ID_SIZE);
	memory_log_settle(&vm->memory);
}

const struct memory *vm_memory(const struct vm *vm)
{
	return &vm->memory;
}

uint64_t *vm_changed(const struct vm *vm, struct error *err)
{
	return memory_changed(&vm->memory, vm->machine.vm_fd, err);
}

/* ---- load ---- */

struct vcpu_state *vm_vcpu_states(const struct vm *vm, const struct vm_image *image,
				  struct error *err)
{
	unsigned int count = vm->config->machine.vcpu_count;
	struct vcpu_state *states = calloc(count, sizeof(*states));
	struct state_reader reader;
	int result = 0;

	if (!states) {
		error_set(err, ENOMEM, "vCPUs: out of memory");
		return NULL;
	}
	if (state_count(image->state, STATE_VCPU) != count)
		result = error_set(err, EINVAL, "%u vCPUs in the snapshot, %u in its configuration",
				   state_count(image->state, STATE_VCPU), count);
	for (unsigned int i = 0; result == 0 && i < count; i++) {
		result = state_section(image->state, STATE_VCPU, i, &reader, err);
		if (result < 0)
			break;
		vcpu_state_load(&states[i], &reader);
		states[i].same_kernel = vm->same_kernel;
		result = state_close(&reader, err);
	}
	if (result == 0)
		return states;
	free(states);
	return NULL;
}

static int restore_vcpus(struct vm *vm, const struct vcpu_state *states, enum reg_restore step,
			 struct error *err)
{
	int result = 0;

	for (unsigned int i = 0; result == 0 && i < vm->vcpu_count; i++)
		result = vcpu_restore(&vm->vcpus[i], &states[i], step, err);
	return result;
}

static int load_irqchip(struct vm *vm, const struct vm_image *image, struct error *err)
{
	struct state_reader reader, fresh;
	int result = state_section(image->state, STATE_IRQCHIP, 0, &reader, err);

	if (result == 0)
		result = state_section(image->state, STATE_IRQCHIP, 1, &fresh, err);
	if (result == 0)
		result = arch_irqchip_load(&vm->machine, &reader, &fresh, err);
	if (result == 0)
		result = state_close(&reader, err);
	return result < 0 ? result : state_close(&fresh, err);
}

static int load_control(struct vm *vm, struct state_reader *reader, struct error *err)
{
	return control_page_load(&vm->control, reader, err);
}

static int load_uart(struct vm *vm, struct state_reader *reader, struct error *err)
{
	(void)err;
	uart_load(&vm->uart, reader);
	return 0;
}

static int load_console(struct vm *vm, struct state_reader *reader, struct error *err)
{
	(void)err;
	virtio_console_load(&vm->console, reader);
	return 0;
}

static int load_vsock(struct vm *vm, struct state_reader *reader, struct error *err)
{
	(void)err;
	virtio_vsock_load(vm->vsock, reader);
	return 0;
}

static const struct {
	enum state_tag tag;
	int (*load)(struct vm *vm, struct state_reader *reader, struct error *err);
} devices[] = {
	{STATE_UART, load_uart},
	{STATE_CONSOLE, load_console},
	{STATE_CONTROL, load_control},
	{STATE_VSOCK, load_vsock}, /* last, and only where the machine has it */
};

int vm_load_devices(struct vm *vm, const struct vm_image *image, struct error *err)
{
	size_t count = sizeof(devices) / sizeof(devices[0]) - !vm->vsock;
	struct state_reader reader;
	int result = 0;

	for (size_t i = 0; result == 0 && i < count; i++) {
		result = state_section(image->state, devices[i].tag, 0, &reader, err);
		if (result == 0)
			result = devices[i].load(vm, &reader, err);
		if (result == 0)
			result = state_close(&reader, err);
	}
	return result;
}

/* The order is that of registers: the clock before what compares with it, the interrupt
 * controller between the registers and the events, what switches timers on last. */
int vm_load_sections(struct vm *vm, const struct vm_image *image, struct error *err)
{
	struct vcpu_state *states = vm_vcpu_states(vm, image, err);
	int result = states ? vm_load_clock(vm, image, err) : -err->code;

	streams_hold(vm->streams);
	vm->restored = true;
	memcpy(vm->snapshot, image->state->header.id, STATE_ID_SIZE);
	if (result == 0)
		result = vm_load_devices(vm, image, err);
	if (result == 0)
		result = vm_place_clock(vm, err);
	if (result == 0)
		result = restore_vcpus(vm, states, REG_RESTORE_REST, err);
	if (result == 0)
		result = load_irqchip(vm, image, err);
	if (result == 0)
		result = restore_vcpus(vm, states, REG_RESTORE_LATE, err);
	free(states);
	return result;
}
