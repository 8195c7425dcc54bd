/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fake/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm/bytes.h"

enum { VCPUS_MAX = 64, RUN_SIZE = 0x3000 };

struct fake_vcpu {
	int fd;
	struct kvm_run *run;
	struct fake_run script[FAKE_RUNS_MAX];
	unsigned int length, next;
	const void *answer; /* to the last exit, or NULL */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards everything here */
static struct fake_call calls[FAKE_CALLS_MAX];
static unsigned int call_count; /* atomic */
static struct fake_vcpu vcpus[VCPUS_MAX];

struct fake_kvm fake_kvm;
const struct fake_call *const fake_calls = calls;

void fake_kvm_reset(void)
{
	memset(&fake_kvm, 0, sizeof(fake_kvm));
	memset(vcpus, 0, sizeof(vcpus));
	for (int i = 0; i < VCPUS_MAX; i++)
		vcpus[i].fd = -1;
	fake_kvm.fail_at = -1;
	call_count = 0;
	fake_kvm_set_capability(KVM_CAP_MAX_VCPUS, VCPUS_MAX);
}

unsigned int fake_kvm_calls(void)
{
	return __atomic_load_n(&call_count, __ATOMIC_ACQUIRE);
}

void fake_kvm_clear_log(void)
{
	__atomic_store_n(&call_count, 0, __ATOMIC_RELEASE);
}

const struct fake_call *fake_kvm_call(unsigned long request, unsigned int nth)
{
	const struct fake_call *found = NULL;

	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < call_count && !found; i++)
		if (calls[i].request == request && nth-- == 0)
			found = &calls[i];
	pthread_mutex_unlock(&lock);
	return found;
}

unsigned int fake_kvm_count(unsigned long request)
{
	unsigned int count = 0;

	while (fake_kvm_call(request, count))
		count++;
	return count;
}

void fake_kvm_fail(unsigned int call, int code)
{
	fake_kvm.fail_at = call;
	fake_kvm.fail_code = code;
}

void fake_kvm_refuse(unsigned long request, uint64_t id, int code)
{
	unsigned int i = fake_kvm.refusal_count++;

	if (i >= FAKE_REFUSALS_MAX)
		abort();
	fake_kvm.refusals[i].request = request;
	fake_kvm.refusals[i].id = id;
	fake_kvm.refusals[i].code = code;
}

void fake_kvm_set_capability(unsigned int capability, int value)
{
	unsigned int i = fake_kvm.capability_count++;

	if (i >= FAKE_CAPABILITIES_MAX)
		abort();
	fake_kvm.capabilities[i].capability = capability;
	fake_kvm.capabilities[i].value = value;
}

struct fake_reg *fake_kvm_reg(int vcpu_fd, uint64_t id)
{
	unsigned int i = 0;

	while (i < fake_kvm.reg_count &&
	       (fake_kvm.regs[i].fd != vcpu_fd || fake_kvm.regs[i].id != id))
		i++;
	if (i >= FAKE_REGS_MAX)
		abort();
	if (i == fake_kvm.reg_count) {
		fake_kvm.reg_count++;
		fake_kvm.regs[i].fd = vcpu_fd;
		fake_kvm.regs[i].id = id;
	}
	return &fake_kvm.regs[i];
}

uint64_t fake_kvm_get(int vcpu_fd, uint64_t id)
{
	return bytes_load_le(fake_kvm_reg(vcpu_fd, id)->value, 8);
}

void fake_kvm_set(int vcpu_fd, uint64_t id, uint64_t value)
{
	bytes_store_le(fake_kvm_reg(vcpu_fd, id)->value, 8, value);
}

void fake_kvm_tick(void)
{
	for (struct fake_reg *reg = fake_kvm.regs; reg < fake_kvm.regs + fake_kvm.reg_count; reg++)
		bytes_store_le(reg->value, 8, bytes_load_le(reg->value, 8) + reg->tick);
}

void fake_kvm_run(unsigned int index, const struct fake_run *run)
{
	struct fake_vcpu *vcpu = &vcpus[index];

	if (vcpu->length >= FAKE_RUNS_MAX)
		abort();
	vcpu->script[vcpu->length++] = *run;
}

/* ---- answers; lock held ---- */

static int refusal(const struct fake_call *call)
{
	if (fake_kvm.fail_at >= 0 && fake_kvm.fail_at == (long)(call - calls))
		return -fake_kvm.fail_code;
	for (unsigned int i = 0; i < fake_kvm.refusal_count; i++)
		if (fake_kvm.refusals[i].request == call->request &&
		    (fake_kvm.refusals[i].id == FAKE_ANY || fake_kvm.refusals[i].id == call->id))
			return -fake_kvm.refusals[i].code;
	return 0;
}

static struct fake_call *log_call(int fd, unsigned long request, uint64_t id)
{
	struct fake_call *call;

	if (call_count >= FAKE_CALLS_MAX)
		abort();
	call = &calls[__atomic_fetch_add(&call_count, 1, __ATOMIC_ACQ_REL)];
	*call = (struct fake_call){.request = request, .fd = fd, .id = id};
	call->result = refusal(call);
	return call;
}

static int descriptor(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static struct fake_vcpu *vcpu_of(int fd)
{
	for (int i = 0; i < VCPUS_MAX; i++)
		if (vcpus[i].fd == fd)
			return &vcpus[i];
	abort();
}

static unsigned int reg_size(uint64_t id)
{
	unsigned int size = 1u << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);

	if (size > FAKE_REG_BYTES)
		abort();
	return size;
}

static int reg_get_one(struct fake_call *call, void *to)
{
	const struct fake_reg *reg = fake_kvm_reg(call->fd, call->id);
	unsigned int size = reg_size(call->id);

	if (reg->refuse_get)
		return -reg->refuse_get;
	memcpy(to, reg->value, size);
	call->value = bytes_load_le(reg->value, 8);
	return 0;
}

static int reg_set_one(struct fake_call *call, const void *from)
{
	struct fake_reg *reg = fake_kvm_reg(call->fd, call->id);
	unsigned int size = reg_size(call->id);
	uint64_t old = bytes_load_le(reg->value, 8);

	call->value = bytes_load_le(from, size < 8 ? size : 8);
	if (reg->refuse_set)
		return -reg->refuse_set;
	if (fake_kvm.set_one && fake_kvm.set_one(call, from))
		return call->result;
	memset(reg->value, 0, sizeof(reg->value));
	memcpy(reg->value, from, size);
	bytes_store_le(reg->value, 8,
		       (old & reg->fixed) | (bytes_load_le(reg->value, 8) & ~reg->fixed));
	return 0;
}

static int reg_list(int fd, struct kvm_reg_list *list)
{
	uint64_t room = list->n;

	list->n = 0;
	for (const uint64_t *id = fake_kvm.list; id && *id; id++)
		list->reg[list->n++] = *id;
	if (fake_kvm.list)
		return 0;
	for (unsigned int i = 0; i < fake_kvm.reg_count; i++) {
		if (fake_kvm.regs[i].fd != fd)
			continue;
		if (list->n < room)
			list->reg[list->n] = fake_kvm.regs[i].id;
		list->n++;
	}
	return list->n > room ? -E2BIG : 0;
}

static int capability_value(unsigned int which)
{
	for (unsigned int i = fake_kvm.capability_count; i-- > 0;)
		if (fake_kvm.capabilities[i].capability == which)
			return fake_kvm.capabilities[i].value;
	return 0;
}

static int create_device(struct fake_call *call, struct kvm_create_device *device)
{
	int fd = descriptor();

	if (fd < 0)
		return fd;
	call->value = device->fd = (uint32_t)fd;
	return 0;
}

static uint64_t attribute_value(const struct kvm_device_attr *attr)
{
	const void *from = (const void *)(uintptr_t)attr->addr;

	return from ? bytes_load_le(from, fake_kvm.wide_groups >> attr->group & 1 ? 8 : 4) : 0;
}

/* Where the monitor puts an answer; NULL: it has none to give. */
static const void *run_fill(struct kvm_run *run, const struct fake_run *from)
{
	run->exit_reason = from->reason;
	switch (from->reason) {
	case KVM_EXIT_MMIO:
		run->mmio.phys_addr = from->address;
		run->mmio.len = from->size;
		run->mmio.is_write = from->write;
		bytes_store_le(run->mmio.data, 8, from->write ? from->data : 0);
		return from->write ? NULL : run->mmio.data;
	case KVM_EXIT_DEBUG:
		memcpy(&run->debug.arch, &from->data, sizeof(uint32_t));
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		run->system_event.type = (uint32_t)from->data;
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		run->internal.suberror = (uint32_t)from->data;
		break;
	case KVM_EXIT_FAIL_ENTRY:
		run->fail_entry.hardware_entry_failure_reason = from->data;
		break;
	case KVM_EXIT_PAPR_HCALL:
		run->papr_hcall.nr = from->data;
		memcpy(run->papr_hcall.args, from->args, sizeof(from->args));
		return &run->papr_hcall.ret;
	case KVM_EXIT_ARM_NISV:
		run->arm_nisv.fault_ipa = from->address;
		run->arm_nisv.esr_iss = from->data;
	}
	return NULL;
}

/* Like the kernel: a signal that comes between the look and the wait is not lost. */
static int wait_for_kick(const struct kvm_run *run)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (!__atomic_load_n(&run->immediate_exit, __ATOMIC_ACQUIRE))
		ppoll(NULL, 0, NULL, &old);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -EINTR;
}

static int run_vcpu(int fd)
{
	struct fake_call *call;
	struct fake_vcpu *vcpu;
	const struct fake_run *step;
	int result;

	pthread_mutex_lock(&lock);
	vcpu = vcpu_of(fd);
	call = log_call(fd, KVM_RUN, (uint64_t)(vcpu - vcpus));
	call->value = vcpu->answer ? bytes_load_le(vcpu->answer, 8) : 0;
	vcpu->answer = NULL;
	step = vcpu->next < vcpu->length ? &vcpu->script[vcpu->next] : NULL;
	result = call->result;
	if (result == 0 && __atomic_load_n(&vcpu->run->immediate_exit, __ATOMIC_ACQUIRE))
		result = -EINTR;
	if (result == 0 && step) {
		vcpu->next++;
		if (step->enter) {
			pthread_mutex_unlock(&lock);
			step->enter(fd);
			pthread_mutex_lock(&lock);
		}
		vcpu->answer = run_fill(vcpu->run, step);
		result = step->result;
	}
	call->result = result;
	pthread_mutex_unlock(&lock);
	return result == 0 && !step ? wait_for_kick(vcpu->run) : result;
}

static int answer(struct fake_call *call, int fd, unsigned long request, void *argument)
{
	struct kvm_one_reg *one = argument;
	struct kvm_irq_level *irq = argument;
	struct kvm_device_attr *attr = argument;
	struct kvm_userspace_memory_region *region = argument;

	if (call->result < 0)
		return call->result;
	switch (request) {
	case KVM_GET_ONE_REG:
		return reg_get_one(call, (void *)(uintptr_t)one->addr);
	case KVM_SET_ONE_REG:
		return reg_set_one(call, (const void *)(uintptr_t)one->addr);
	case KVM_GET_REG_LIST:
		return reg_list(fd, argument);
	case KVM_IRQ_LINE:
		call->value = irq->level;
		return 0;
	case KVM_SET_USER_MEMORY_REGION:
		call->value = region->userspace_addr;
		return 0;
	case KVM_CREATE_DEVICE:
		return create_device(call, argument);
	case KVM_SET_DEVICE_ATTR:
		call->group = attr->group;
		call->value = attribute_value(attr);
		return 0;
	default:
		return fake_kvm.other ? fake_kvm.other(fd, request, argument) : 0;
	}
}

static uint64_t id_of(unsigned long request, const void *argument)
{
	switch (request) {
	case KVM_GET_ONE_REG:
	case KVM_SET_ONE_REG:
		return ((const struct kvm_one_reg *)argument)->id;
	case KVM_IRQ_LINE:
		return ((const struct kvm_irq_level *)argument)->irq;
	case KVM_SET_USER_MEMORY_REGION:
		return ((const struct kvm_userspace_memory_region *)argument)->guest_phys_addr;
	case KVM_CREATE_DEVICE:
		return ((const struct kvm_create_device *)argument)->type;
	case KVM_SET_DEVICE_ATTR:
		return ((const struct kvm_device_attr *)argument)->attr;
	default:
		return 0;
	}
}

/* ---- what vmm/kvm.h promises ---- */

int kvm_ioctl(int fd, unsigned long request, void *argument)
{
	struct fake_call *call;
	int result;

	pthread_mutex_lock(&lock);
	call = log_call(fd, request, id_of(request, argument));
	result = call->result = answer(call, fd, request, argument);
	pthread_mutex_unlock(&lock);
	return result;
}

int kvm_ioctl_value(int fd, unsigned long request, unsigned long argument)
{
	struct fake_call *call;
	int result;

	if (request == KVM_RUN)
		return run_vcpu(fd);
	pthread_mutex_lock(&lock);
	call = log_call(fd, request, argument);
	if (call->result == 0 && request == KVM_CHECK_EXTENSION)
		call->result = capability_value((unsigned int)argument);
	else if (call->result == 0 && (request == KVM_CREATE_VM || request == KVM_CREATE_VCPU))
		call->result = descriptor();
	else if (call->result == 0 && request == KVM_GET_STATS_FD)
		call->result = fake_kvm.stats ? dup(fake_kvm.stats) : -ENOTTY;
	else if (call->result == 0 && fake_kvm.other)
		call->result = fake_kvm.other(fd, request, NULL);
	result = call->result;
	pthread_mutex_unlock(&lock);
	return result;
}

int kvm_init(struct kvm *kvm, struct error *err)
{
	int result = log_call(-1, FAKE_OPEN, 0)->result;

	*kvm = (struct kvm){.fd = result < 0 ? -1 : descriptor(), .run_size = RUN_SIZE};
	return result < 0 ? error_set(err, -result, "/dev/kvm: %s", strerror(-result)) : 0;
}

void kvm_finish(struct kvm *kvm)
{
	if (kvm->fd >= 0)
		close(kvm->fd);
	kvm->fd = -1;
}

/* A second VM's vCPU of that number stands elsewhere. */
static unsigned int free_slot(unsigned int index)
{
	for (unsigned int i = VCPUS_MAX; vcpus[index].fd >= 0 && i-- > 0;)
		if (vcpus[i].fd < 0)
			return i;
	return index;
}

int kvm_create_vcpu(int vm_fd, unsigned int index, struct error *err)
{
	int fd = kvm_ioctl_value(vm_fd, KVM_CREATE_VCPU, index);

	if (fd < 0)
		return error_set(err, -fd, "KVM_CREATE_VCPU %u: %s", index, strerror(-fd));
	vcpus[free_slot(index)].fd = fd;
	return fd;
}

struct kvm_run *kvm_map_run(const struct kvm *kvm, int vcpu_fd, struct error *err)
{
	int result = log_call(vcpu_fd, FAKE_MAP_RUN, 0)->result;
	struct fake_vcpu *vcpu = vcpu_of(vcpu_fd);

	if (result < 0) {
		error_set(err, -result, "mapping a vCPU's kvm_run: %s", strerror(-result));
		return NULL;
	}
	vcpu->run = calloc(1, kvm->run_size);
	if (!vcpu->run)
		error_set(err, ENOMEM, "mapping a vCPU's kvm_run: out of memory");
	return vcpu->run;
}

void kvm_unmap_run(const struct kvm *kvm, struct kvm_run *run)
{
	(void)kvm;
	for (int i = 0; run && i < VCPUS_MAX; i++)
		if (vcpus[i].run == run)
			vcpus[i] = (struct fake_vcpu){.fd = -1};
	free(run);
}
