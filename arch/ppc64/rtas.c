/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/ppc64/rtas.h"

#include <endian.h>
#include <errno.h>
#include <stddef.h>

#include "arch/ppc64/hcall.h"
#include "arch/ppc64/layout.h"
#include "vmm/arch.h"

/* The buffer: words of 32 bits, big-endian: token, number of arguments, number of results, then
 * these. */
enum { HEAD_WORDS = 3, VALUES_MAX = 16 };

static enum exit_action power_off(struct exit *exit, const uint32_t *args, int *status,
				  struct error *err)
{
	(void)exit, (void)args, (void)status;
	error_set(err, ECANCELED, "guest powered off");
	return EXIT_SHUTDOWN;
}

static enum exit_action system_reboot(struct exit *exit, const uint32_t *args, int *status,
				      struct error *err)
{
	(void)exit, (void)args, (void)status;
	error_set(err, ECANCELED, "guest asked for a reset");
	return EXIT_SHUTDOWN;
}

/* (vCPU, first instruction, r3) */
static enum exit_action start_cpu(struct exit *exit, const uint32_t *args, int *status,
				  struct error *err)
{
	const struct machine_vcpus *vcpus = &exit->machine->vcpus;
	int result = vcpus->start(vcpus->context, args[0], args[1], args[2]);

	(void)err;
	if (result < 0)
		*status = result == -ENOENT ? RTAS_PARAMETER : RTAS_ERROR;
	return EXIT_ENTER;
}

static enum exit_action stop_self(struct exit *exit, const uint32_t *args, int *status,
				  struct error *err)
{
	(void)exit, (void)args, (void)status, (void)err;
	return EXIT_OFF;
}

/* By token. What is to switch the power on again, the arguments of power-off, means nothing. */
static const struct {
	const char *name;
	uint32_t arguments;
	enum exit_action (*handle)(struct exit *exit, const uint32_t *args, int *status,
				   struct error *err);
} calls[] = {
	[PPC64_RTAS_POWER_OFF] = {"power-off", 0, power_off},
	[PPC64_RTAS_SYSTEM_REBOOT] = {"system-reboot", 0, system_reboot},
	[PPC64_RTAS_START_CPU] = {"start-cpu", 3, start_cpu},
	[PPC64_RTAS_STOP_SELF] = {"stop-self", 0, stop_self},
};

const char *rtas_name(uint32_t token)
{
	return token < sizeof(calls) / sizeof(calls[0]) ? calls[token].name : NULL;
}

/* The words of a buffer that lies in memory as a whole, results included. */
static bool buffer_read(const struct memory *memory, uint64_t at, uint32_t *head, uint32_t *args)
{
	if (memory_read(memory, at, head, HEAD_WORDS * sizeof(head[0])) < 0)
		return false;
	for (unsigned int i = 0; i < HEAD_WORDS; i++)
		head[i] = be32toh(head[i]);
	if (head[1] > VALUES_MAX || head[2] > VALUES_MAX - head[1] ||
	    !memory_contains(memory, at, (HEAD_WORDS + head[1] + head[2]) * sizeof(head[0])))
		return false;
	memory_read(memory, at + HEAD_WORDS * sizeof(head[0]), args, head[1] * sizeof(args[0]));
	for (unsigned int i = 0; i < head[1]; i++)
		args[i] = be32toh(args[i]);
	return true;
}

static enum exit_action call(struct exit *exit, const uint32_t *head, const uint32_t *args,
			     int *status, struct error *err)
{
	uint32_t token = head[0];

	*status = RTAS_SUCCESS;
	if (!rtas_name(token)) {
		exit->unknown_call = true;
		*status = RTAS_ERROR;
		return EXIT_ENTER;
	}
	if (head[1] < calls[token].arguments) {
		*status = RTAS_PARAMETER;
		return EXIT_ENTER;
	}
	return calls[token].handle(exit, args, status, err);
}

enum exit_action rtas(struct exit *exit, struct error *err)
{
	const struct memory *memory = exit->machine->memory;
	uint64_t at = exit->run->papr_hcall.args[0];
	uint32_t head[HEAD_WORDS], args[VALUES_MAX] = {0}, result;
	enum exit_action action;
	int status;

	if (!buffer_read(memory, at, head, args))
		return hcall_answer(exit, H_PARAMETER);
	action = call(exit, head, args, &status, err);
	result = htobe32((uint32_t)status);
	if (head[2])
		memory_write(memory, at + (HEAD_WORDS + head[1]) * sizeof(result), &result,
			     sizeof(result));
	hcall_answer(exit, H_SUCCESS);
	return action;
}
