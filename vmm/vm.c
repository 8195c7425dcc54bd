/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/vm.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vmm/arch_state.h"
#include "vmm/output.h"
#include "vmm/vm_parts.h"

/* Any vCPU's thread: the first outcome counts. */
static void vm_end(struct vm *vm, const struct vm_outcome *outcome)
{
	bool first;

	pthread_mutex_lock(&vm->lock);
	first = !vm->ended;
	if (first) {
		vm->ended = true;
		vm->outcome = *outcome;
	}
	pthread_mutex_unlock(&vm->lock);
	if (first)
		eventfd_write(vm->ended_source.fd, 1);
}

static void vm_vcpu_stopped(void *context, enum exit_action action, const struct error *reason)
{
	struct vm_outcome outcome = {.kind = action == EXIT_SHUTDOWN ? VM_EXITED : VM_FAILED};

	memcpy(outcome.reason, reason->message, sizeof(outcome.reason));
	vm_end(context, &outcome);
}

/* Any vCPU's thread, as the next. */
static int vm_vcpu_start(void *context, unsigned int index, uint64_t entry, uint64_t argument)
{
	struct vm *vm = context;

	return index < vm->vcpu_count ? vcpu_power_on(&vm->vcpus[index], entry, argument) : -ENOENT;
}

static void vm_vcpus_update(void *context)
{
	struct vm *vm = context;

	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		vcpu_update(&vm->vcpus[i]);
}

static void vm_guest_exit(void *context, const struct control_exit *exit)
{
	struct vm_outcome outcome = {
		.kind = exit->kind == CONTROL_EXITED     ? VM_EXITED
			: exit->kind == CONTROL_SIGNALED ? VM_SIGNALED
			: exit->kind == CONTROL_NOEXEC   ? VM_UNRUNNABLE
							 : VM_FAILED,
		.code = exit->code,
		.signal = exit->signal,
	};

	memcpy(outcome.reason, exit->reason, sizeof(outcome.reason));
	vm_end(context, &outcome);
}

void vm_fail(struct vm *vm, const struct error *reason)
{
	struct vm_outcome outcome = {.kind = VM_FAILED};

	memcpy(outcome.reason, reason->message, sizeof(outcome.reason));
	vm_end(vm, &outcome);
}

static void vm_killed(void *context)
{
	vm_end(context, &(struct vm_outcome){.kind = VM_SIGNALED, .signal = SIGKILL});
}

static void vm_debugger(struct vm *vm)
{
	struct debugger *debugger = &vm->debugger;

	debugger->debug =
		(struct debug){.loop = vm->loop, .vcpus = vm->vcpus, .vcpu_count = vm->vcpu_count};
	debugger->control = &vm->control;
	debugger->config = vm->config;
	debugger->streams = vm->streams;
	debugger->vsock = vm->vsock;
	debugger->watchdog = &vm->watchdog;
	debugger->kill = vm_killed;
	debugger->context = vm;
	debugger_init(debugger);
}

int vm_debug_aside(struct vm *vm, struct error *err)
{
	return debug_aside(&vm->debugger.debug, err);
}

void vm_debug_back(struct vm *vm)
{
	debug_back(&vm->debugger.debug);
}

int vm_debug(struct vm *vm, const char *path, struct error *err)
{
	return debugger_open(&vm->debugger, path, err);
}

static void vm_stop(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i].started)
			vcpu_ask(&vm->vcpus[i], VCPU_STOP);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i].started)
			vcpu_join(&vm->vcpus[i]);
}

static void vm_ended(void *context, uint32_t events)
{
	struct vm *vm = context;
	eventfd_t count;

	(void)events;
	eventfd_read(vm->ended_source.fd, &count);
	watchdog_hold(&vm->watchdog);
	vm_stop(vm);
	virtio_vsock_end(vm->vsock);
	debug_ended(&vm->debugger.debug, vm->outcome.kind != VM_EXITED,
		    vm->outcome.kind == VM_EXITED ? vm->outcome.code
		    : vm->outcome.signal          ? vm->outcome.signal
						  : SIGABRT);
	vm->owner.ended(vm->owner.context, &vm->outcome);
}

static void vm_unresponsive(void *context)
{
	struct vm *vm = context;
	struct vm_outcome outcome = {.kind = VM_FAILED};

	if (vm->config->watchdog.action != WATCHDOG_STOP)
		return;
	watchdog_reason(&vm->watchdog, outcome.reason, sizeof(outcome.reason));
	vm_end(vm, &outcome);
}

static int vm_watchdog(struct vm *vm, struct error *err)
{
	vm->watchdog = (struct watchdog){
		.loop = vm->loop,
		.device = &vm->control,
		.timeout_ms = vm->config->watchdog.timeout_ms,
		.report = vm_unresponsive,
		.context = vm,
	};
	return watchdog_init(&vm->watchdog, err);
}

static int vm_serial(struct vm *vm, struct error *err)
{
	const char *path = vm->config->serial_path;

	if (path)
		vm->serial_fd = output_open("serial console", path, err);
	return path && vm->serial_fd < 0 ? -err->code : 0;
}

/* The second virtio transport; after the control device, whose page says where it is. */
static int vm_vsock(struct vm *vm, struct error *err)
{
	const struct arch_layout *at = &arch_layout;
	struct virtio_vsock *vsock = calloc(1, sizeof(*vsock));

	if (!vsock)
		return error_set(err, ENOMEM, "vsock: out of memory");
	vm->vsock = vsock;
	vsock->virtio.memory = &vm->memory;
	vsock->virtio.irq = arch_irq_line(&vm->machine, at->virtio_irq + 1);
	vsock->guest_cid = vm->config->vsock.guest_cid;
	vsock->path = vm->config->vsock.uds_path;
	vm->control.vsock_registers = at->virtio + at->virtio_stride;
	vm->control.vsock_interrupt = at->virtio_irq + 1;
	if (virtio_vsock_init(vsock, vm->loop, err) < 0)
		return -err->code;
	return bus_add(&vm->bus, vm->control.vsock_registers, VIRTIO_MMIO_SIZE, &virtio_mmio_bus,
		       &vsock->virtio, err);
}

static int vm_devices(struct vm *vm, struct error *err)
{
	const struct arch_layout *at = &arch_layout;
	int result;

	vm->uart.irq = arch_irq_line(&vm->machine, at->uart_irq);
	vm->uart.streams = vm->streams;
	vm->uart.out = vm->serial_fd >= 0 ? vm->serial_fd : vm->streams->out;
	uart_init(&vm->uart);
	vm->console.virtio.irq = arch_irq_line(&vm->machine, at->virtio_irq);
	vm->console.virtio.memory = &vm->memory;
	vm->console.streams = vm->streams;
	virtio_console_init(&vm->console);
	vm->control = (struct control_page_device){
		.memory = &vm->memory,
		.page = vm_control_area(vm),
		.irq = arch_irq_line(&vm->machine, at->control_irq),
		.streams = vm->streams,
		.debugged = vm->config->debug_socket && vm->config->application.path,
		.ended = vm_guest_exit,
		.stop = debugger_guest_stop,
		.stop_context = &vm->debugger,
		.context = vm,
	};
	control_page_listen(&vm->control);
	result = bus_add(&vm->bus, at->control, CONTROL_REGISTERS_SIZE, &control_page_bus,
			 &vm->control, err);
	if (result == 0)
		result = bus_add(&vm->bus, at->uart, UART_SIZE, &uart_bus, &vm->uart, err);
	if (result == 0)
		result = bus_add(&vm->bus, at->virtio, VIRTIO_MMIO_SIZE, &virtio_mmio_bus,
				 &vm->console.virtio, err);
	if (result == 0 && vm->config->vsock.uds_path)
		result = vm_vsock(vm, err);
	return result;
}

/* states: what each is to become; NULL: new. */
static int vm_vcpus(struct vm *vm, const struct vcpu_state *states, struct error *err)
{
	const struct vcpu_owner owner = {
		.stopped = vm_vcpu_stopped,
		.debugged = debugger_stopped,
		.debugger = &vm->debugger,
		.context = vm,
	};

	while (vm->vcpu_count < vm->config->machine.vcpu_count) {
		struct vcpu *vcpu = &vm->vcpus[vm->vcpu_count];
		int result = vcpu_init_from(vcpu, vm->vcpu_count, &vm->machine, &vm->bus, &owner,
					    states ? &states[vm->vcpu_count] : NULL, err);

		if (result < 0) {
			vcpu_finish(vcpu);
			return result;
		}
		vm->vcpu_count++;
	}
	return 0;
}

static int vm_memory_init(struct vm *vm, const struct vm_image *image, struct error *err)
{
	uint64_t size = (uint64_t)vm->config->machine.mem_size_mib << 20;
	int result;

	if (image && image->map)
		result = image->map(image->context, &vm->memory, arch_layout.ram_base, size, err);
	else if (image)
		result = memory_init_file(&vm->memory, arch_layout.ram_base, size, image->memory_fd,
					  err);
	else
		result = memory_init(&vm->memory, arch_layout.ram_base, size, err);
	if (result == 0 && vm->config->machine.track_dirty_pages)
		result = memory_track(&vm->memory, arch_log_remap, err);
	return result;
}

/* image: what it is restored from; NULL: new. */
static int vm_machine(struct vm *vm, const struct vm_image *image, struct error *err)
{
	const struct machine_config *config = &vm->config->machine;
	struct vcpu_state *states = NULL;
	int limit, result = kvm_init(&vm->kvm, err);

	if (result == 0)
		result = vm_memory_init(vm, image, err);
	if (result < 0)
		return result;
	limit = kvm_capability(vm->kvm.fd, KVM_CAP_MAX_VCPUS);
	if (config->vcpu_count > 1 && (int)config->vcpu_count > limit)
		return error_set(err, EINVAL, "vcpu_count: %u, this host allows %d",
				 config->vcpu_count, limit);
	vm->machine = (struct machine){
		.kvm = &vm->kvm,
		.vm_fd = kvm_create_vm(&vm->kvm, arch_vm_type(&vm->kvm), err),
		.irqchip_fd = -1,
		.vcpu_count = config->vcpu_count,
		.vcpus = {.start = vm_vcpu_start, .update = vm_vcpus_update, .context = vm},
		.virtio_count = vm->config->vsock.uds_path ? 2 : 1,
		.memory = &vm->memory,
	};
	if (vm->machine.vm_fd < 0)
		return vm->machine.vm_fd;
	result = arch_machine_init(&vm->machine, err);
	if (result == 0 && image)
		result = vm_load_machine(vm, image, err);
	if (result == 0 && image) {
		states = vm_vcpu_states(vm, image, err);
		result = states ? 0 : -err->code;
	}
	if (result == 0)
		result = vm_vcpus(vm, states, err);
	free(states);
	return result < 0 ? result : arch_machine_finish(&vm->machine, err);
}

static struct vm *vm_alloc(const struct vm_config *config, struct loop *loop,
			   struct streams *streams, const struct vm_owner *owner, struct error *err)
{
	struct vm *vm = calloc(1, sizeof(*vm) + config->machine.vcpu_count * sizeof(vm->vcpus[0]));

	if (!vm) {
		error_set(err, ENOMEM, "virtual machine: out of memory");
		return NULL;
	}
	vm->config = config;
	vm->loop = loop;
	vm->streams = streams;
	vm->owner = *owner;
	vm->kvm.fd = vm->machine.vm_fd = vm->machine.irqchip_fd = vm->ended_source.fd = -1;
	vm->serial_fd = -1;
	pthread_mutex_init(&vm->lock, NULL);
	return vm;
}

static int vm_watch_end(struct vm *vm, struct error *err)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	int result;

	if (fd < 0)
		return error_errno(err, "eventfd");
	vm->ended_source = (struct loop_source){.fd = fd, .ready = vm_ended, .context = vm};
	result = loop_add(vm->loop, &vm->ended_source, EPOLLIN, err);
	if (result < 0) {
		close(fd);
		vm->ended_source.fd = -1;
	}
	return result;
}

struct vm *vm_create(const struct vm_config *config, struct loop *loop, struct streams *streams,
		     const struct vm_owner *owner, struct error *err)
{
	struct vm *vm = vm_alloc(config, loop, streams, owner, err);

	if (!vm)
		return NULL;
	if (vm_watch_end(vm, err) < 0 || vm_watchdog(vm, err) < 0 || vm_serial(vm, err) < 0 ||
	    vm_machine(vm, NULL, err) < 0 || vm_devices(vm, err) < 0 ||
	    control_page_init(&vm->control, err) < 0 || vm_load(vm, err) < 0 ||
	    arch_vcpu_boot(&vm->vcpus[0].regs, vm->kernel.entry, vm->fdt, err) < 0) {
		vm_destroy(vm);
		return NULL;
	}
	vm_debugger(vm);
	return vm;
}

struct vm *vm_restore(const struct vm_config *config, const struct vm_image *image,
		      struct loop *loop, struct streams *streams, const struct vm_owner *owner,
		      struct error *err)
{
	struct vm *vm = vm_alloc(config, loop, streams, owner, err);

	if (!vm)
		return NULL;
	if (vm_watch_end(vm, err) < 0 || vm_watchdog(vm, err) < 0 || vm_serial(vm, err) < 0 ||
	    vm_machine(vm, image, err) < 0 || vm_devices(vm, err) < 0 ||
	    memory_attach(&vm->memory, vm->machine.vm_fd, err) < 0 ||
	    vm_load_sections(vm, image, err) < 0) {
		vm_destroy(vm);
		return NULL;
	}
	vm_debugger(vm);
	return vm;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void vm_destroy(struct vm *vm)
{
	if (!vm)
		return;
	vm_stop(vm);
	debug_finish(&vm->debugger.debug);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		vcpu_finish(&vm->vcpus[i]);
	streams_forget(vm->streams);
	if (vm->ended_source.fd >= 0)
		loop_remove(vm->loop, &vm->ended_source);
	close_fd(vm->ended_source.fd);
	watchdog_finish(&vm->watchdog);
	close_fd(vm->serial_fd);
	uart_finish(&vm->uart);
	virtio_console_finish(&vm->console);
	if (vm->vsock)
		virtio_vsock_finish(vm->vsock);
	free(vm->vsock);
	close_fd(vm->machine.irqchip_fd);
	close_fd(vm->machine.vm_fd);
	kvm_finish(&vm->kvm);
	memory_finish(&vm->memory);
	vm_undo_finish(vm->undo);
	pthread_mutex_destroy(&vm->lock);
	free(vm);
}

int vm_start(struct vm *vm, struct error *err)
{
	int result = vcpu_signal_init(err);

	if (vm->restored)
		streams_release(vm->streams);
	vm->restored = false;
	vm_tell_clock(vm);
	if (result == 0)
		result = debugger_start(&vm->debugger, err);
	for (unsigned int i = 0; result == 0 && i < vm->vcpu_count; i++)
		result = vcpu_start(&vm->vcpus[i], err);
	virtio_vsock_release(vm->vsock);
	if (result == 0)
		watchdog_start(&vm->watchdog);
	return result;
}

void vm_pause(struct vm *vm)
{
	debugger_devices(&vm->debugger, &vm->debugger.paused, true);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i].started)
			vcpu_ask(&vm->vcpus[i], VCPU_PAUSE);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i].started)
			vcpu_wait_parked(&vm->vcpus[i]);
	vm_moment_take(&vm->paused);
}

void vm_resume(struct vm *vm)
{
	vm->restored = false;
	vm_tell_clock(vm);
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		if (vm->vcpus[i].started)
			vcpu_ask(&vm->vcpus[i], VCPU_RUN);
	debugger_devices(&vm->debugger, &vm->debugger.paused, false);
}

bool vm_booted(const struct vm *vm)
{
	return control_page_booted(&vm->control);
}

void vm_complaint(const struct vm *vm, char *text, size_t size)
{
	watchdog_reason(&vm->watchdog, text, size);
}

void vm_metrics(const struct vm *vm, struct metrics *metrics)
{
	for (unsigned int i = 0; i < vm->vcpu_count; i++)
		vcpu_metrics(&vm->vcpus[i], metrics);
	control_page_metrics(&vm->control, metrics);
	watchdog_metrics(&vm->watchdog, metrics);
	metrics_add(metrics, METRIC_GUEST_RESIDENT, memory_resident(&vm->memory), NULL, NULL);
}

int vm_inspect(struct vm *vm, struct error *err)
{
	int result = 0;

	for (unsigned int i = 0; result == 0 && i < vm->vcpu_count; i++)
		result = vcpu_inspect(&vm->vcpus[i], err);
	return result;
}

unsigned int vm_vcpu_count(const struct vm *vm)
{
	return vm->vcpu_count;
}

void vm_registers(const struct vm *vm, unsigned int index,
		  void (*visit)(void *context, const struct reg_view *view), void *context)
{
	regs_view(&vm->vcpus[index].regs, &vm->vcpus[index].marks, visit, context);
}

void vm_signal(struct vm *vm, int signal)
{
	control_page_signal(&vm->control, signal);
}
