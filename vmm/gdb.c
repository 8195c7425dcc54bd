/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/gdb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- answers ---- */

static void send(struct gdb *gdb)
{
	gdb_writer_end(&gdb->out);
	gdb->target->send(gdb->context, gdb->out.data, gdb->out.length);
}

void gdb_fail(struct gdb *gdb, int code)
{
	gdb_writer_begin(&gdb->out);
	gdb_print(&gdb->out, "E%02x", (unsigned int)-code & 0xff);
}

void gdb_done(struct gdb *gdb, int result)
{
	if (result < 0)
		gdb_fail(gdb, result);
	else
		gdb_print(&gdb->out, "OK");
}

/* ---- threads ---- */

enum { ANY_THREAD = GDB_THREADS_MAX };

/* "0" is any, "-1" is all, others are numbers from 1 on. */
static bool take_thread(const struct gdb *gdb, const char **at, unsigned int *thread)
{
	uint64_t id;

	if (gdb_take_char(at, '-')) {
		*thread = ANY_THREAD;
		return gdb_take_number(at, &id) && id == 1;
	}
	if (!gdb_take_number(at, &id) || id > gdb->target->threads(gdb->context))
		return false;
	*thread = id ? (unsigned int)id - 1 : ANY_THREAD;
	return true;
}

static void set_thread(struct gdb *gdb, const char *text)
{
	char use = *text;
	unsigned int thread;

	if (use)
		text++;
	if ((use != 'g' && use != 'c') || !take_thread(gdb, &text, &thread) || *text) {
		gdb_fail(gdb, -EINVAL);
		return;
	}
	if (use == 'g' && thread != ANY_THREAD)
		gdb->thread = thread;
	if (use == 'c') {
		gdb->resume_all = thread == ANY_THREAD;
		gdb->resume_thread = thread;
	}
	gdb_done(gdb, 0);
}

static void is_alive(struct gdb *gdb, const char *text)
{
	unsigned int thread;

	gdb_done(gdb, take_thread(gdb, &text, &thread) && !*text ? 0 : -EINVAL);
}

/* ---- stops ---- */

static void tell_values(struct gdb *gdb, unsigned int reg, unsigned int end, const uint8_t *value)
{
	for (; reg < end; reg++) {
		unsigned int size = gdb->target->reg_size(gdb->context, reg);

		gdb_print(&gdb->out, "%x:", reg);
		gdb_put_hex(&gdb->out, value, size);
		gdb_print(&gdb->out, ";");
		value += size;
	}
}

/* Those that gdb would ask for at once, in as few reads as there are runs of them. */
static void tell_registers(struct gdb *gdb, unsigned int thread)
{
	uint8_t values[GDB_GENERAL_MAX];
	unsigned int end;

	for (unsigned int reg = 0; reg < gdb->target->general(gdb->context); reg = end + 1) {
		for (end = reg; gdb->target->reg_eager(gdb->context, end); end++)
			;
		if (end > reg &&
		    gdb->target->reg_read(gdb->context, thread, reg, end - reg, values) == 0)
			tell_values(gdb, reg, end, values);
	}
}

static void tell_stop(struct gdb *gdb, const struct gdb_stop *stop)
{
	static const char *const reasons[] = {
		[GDB_SWBREAK] = "swbreak", [GDB_HWBREAK] = "hwbreak", [GDB_WATCH] = "watch",
		[GDB_RWATCH] = "rwatch",   [GDB_AWATCH] = "awatch",
	};

	gdb->thread = stop->thread;
	gdb_print(&gdb->out, "T%02xthread:%x;", (unsigned int)stop->signal & 0xff,
		  stop->thread + 1);
	if (stop->reason >= GDB_WATCH)
		gdb_print(&gdb->out, "%s:%llx;", reasons[stop->reason],
			  (unsigned long long)stop->address);
	else if (stop->reason != GDB_PLAIN)
		gdb_print(&gdb->out, "%s:;", reasons[stop->reason]);
	tell_registers(gdb, stop->thread);
}

static void why(struct gdb *gdb, const char *text)
{
	struct gdb_stop stop;

	(void)text;
	if (gdb->target->stopped(gdb->context, &stop))
		tell_stop(gdb, &stop);
	else
		gdb_fail(gdb, -EBUSY);
}

void gdb_tell_stop(struct gdb *gdb)
{
	struct gdb_stop stop;

	if (!gdb->running || !gdb->target->stopped(gdb->context, &stop))
		return;
	gdb->running = false;
	gdb_writer_begin(&gdb->out);
	tell_stop(gdb, &stop);
	send(gdb);
}

void gdb_tell_end(struct gdb *gdb, bool by_signal, int number)
{
	gdb->gone = true;
	if (!gdb->running)
		return;
	gdb->running = false;
	gdb_writer_begin(&gdb->out);
	gdb_print(&gdb->out, "%c%02x", by_signal ? 'X' : 'W', (unsigned int)number & 0xff);
	send(gdb);
}

/* ---- going on ---- */

static void resume(struct gdb *gdb, const struct gdb_resume *by_thread)
{
	gdb->running = true;
	gdb->target->resume(gdb->context, by_thread);
}

/* c, C, s and S of old: one thread by Hc, the others go on with it. An address is refused: where
 * to go on is what the PC says. */
static void resume_old(struct gdb *gdb, const char *text, enum gdb_action action, bool has_signal)
{
	struct gdb_resume by_thread[GDB_THREADS_MAX];
	unsigned int one = gdb->resume_all ? gdb->thread : gdb->resume_thread;
	uint64_t signal = 0;

	if ((has_signal && !gdb_take_number(&text, &signal)) || *text) {
		gdb_fail(gdb, -EINVAL);
		return;
	}
	for (unsigned int i = 0; i < GDB_THREADS_MAX; i++)
		by_thread[i] = (struct gdb_resume){.action = GDB_CONTINUE};
	by_thread[one] = (struct gdb_resume){.action = action, .signal = (int)(signal & 0xff)};
	resume(gdb, by_thread);
}

static void old_continue(struct gdb *gdb, const char *text)
{
	resume_old(gdb, text, GDB_CONTINUE, false);
}

static void old_continue_signal(struct gdb *gdb, const char *text)
{
	resume_old(gdb, text, GDB_CONTINUE, true);
}

static void old_step(struct gdb *gdb, const char *text)
{
	resume_old(gdb, text, GDB_STEP, false);
}

static void old_step_signal(struct gdb *gdb, const char *text)
{
	resume_old(gdb, text, GDB_STEP, true);
}

static bool take_action(const char **at, struct gdb_resume *action)
{
	uint64_t signal = 0;
	char what = **at;

	if (!what)
		return false;
	(*at)++;
	*action = (struct gdb_resume){.action = what == 'c' || what == 'C' ? GDB_CONTINUE
						: what == 't'              ? GDB_HOLD
									   : GDB_STEP};
	if (what == 'C' || what == 'S') {
		if (!gdb_take_number(at, &signal))
			return false;
		action->signal = (int)(signal & 0xff);
	}
	if (what == 'r')
		return gdb_take_number(at, &action->start) && gdb_take_char(at, ',') &&
		       gdb_take_number(at, &action->end);
	return strchr("cCsSt", what);
}

/* ";action[:thread]" and so on; the first that names a thread is that thread's. */
static bool take_actions(struct gdb *gdb, const char *text, struct gdb_resume *by_thread)
{
	bool taken[GDB_THREADS_MAX] = {0};

	while (*text) {
		struct gdb_resume action;
		unsigned int thread = ANY_THREAD;

		if (!gdb_take_char(&text, ';') || !take_action(&text, &action))
			return false;
		if (gdb_take_char(&text, ':') && !take_thread(gdb, &text, &thread))
			return false;
		for (unsigned int i = 0; i < GDB_THREADS_MAX; i++) {
			if (taken[i] || (thread != ANY_THREAD && i != thread))
				continue;
			by_thread[i] = action;
			taken[i] = true;
		}
	}
	return true;
}

static void vcont(struct gdb *gdb, const char *text)
{
	struct gdb_resume by_thread[GDB_THREADS_MAX] = {0};
	bool any = false;

	if (!strcmp(text, "?")) {
		gdb_print(&gdb->out, "vCont;c;C;s;S;t;r");
		return;
	}
	if (!take_actions(gdb, text, by_thread)) {
		gdb_fail(gdb, -EINVAL);
		return;
	}
	for (unsigned int i = 0; i < gdb->target->threads(gdb->context); i++)
		any = any || by_thread[i].action != GDB_HOLD;
	if (any)
		resume(gdb, by_thread);
	else
		gdb_fail(gdb, -EINVAL);
}

/* ---- the end ---- */

static void detach(struct gdb *gdb, const char *text)
{
	(void)text;
	gdb_done(gdb, 0);
	gdb->gone = true;
	gdb->target->detach(gdb->context);
}

static void kill(struct gdb *gdb, const char *text)
{
	(void)text;
	gdb_done(gdb, 0);
	gdb->gone = true;
	gdb->target->kill(gdb->context);
}

/* ---- the table ---- */

/* The first row whose name a packet begins with. */
static const struct command {
	const char *name;
	void (*run)(struct gdb *gdb, const char *text);
} commands[] = {
	{"?", why},
	{"vCont", vcont},
	{"vKill;", kill},
	{"c", old_continue},
	{"C", old_continue_signal},
	{"s", old_step},
	{"S", old_step_signal},
	{"g", gdb_read_general},
	{"G", gdb_write_general},
	{"p", gdb_read_register},
	{"P", gdb_write_register},
	{"m", gdb_read_memory},
	{"M", gdb_write_memory},
	{"X", gdb_write_binary},
	{"Z", gdb_insert_point},
	{"z", gdb_remove_point},
	{"H", set_thread},
	{"T", is_alive},
	{"q", gdb_query},
	{"Q", gdb_query_set},
	{"D", detach},
	{"k", kill},
};

static void command(struct gdb *gdb)
{
	const char *text = gdb->in.data;

	gdb_writer_begin(&gdb->out);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		size_t length = strlen(commands[i].name);

		if (strncmp(text, commands[i].name, length))
			continue;
		commands[i].run(gdb, text + length);
		break;
	}
	if (gdb->running && gdb->out.length <= 1)
		return; /* the stop is the answer */
	if (gdb->out.full)
		gdb_fail(gdb, -EMSGSIZE);
	send(gdb);
}

static void acknowledge(struct gdb *gdb, char sign)
{
	if (!gdb->no_ack)
		gdb->target->send(gdb->context, &sign, 1);
}

static void take(struct gdb *gdb, enum gdb_event event)
{
	switch (event) {
	case GDB_PACKET:
		acknowledge(gdb, '+');
		if (!gdb->running) /* who runs is only asked to stop */
			command(gdb);
		break;
	case GDB_BAD:
		acknowledge(gdb, '-');
		break;
	case GDB_NAK:
		if (!gdb->no_ack && gdb->out.length && !gdb->running)
			gdb->target->send(gdb->context, gdb->out.data, gdb->out.length);
		break;
	case GDB_INTERRUPT:
		if (gdb->running)
			gdb->target->interrupt(gdb->context);
		break;
	default:
		break;
	}
}

void gdb_take(struct gdb *gdb, const void *bytes, size_t length)
{
	const uint8_t *from = bytes;

	for (size_t i = 0; i < length && !gdb->gone; i++)
		take(gdb, gdb_reader_take(&gdb->in, from[i]));
}

void gdb_init(struct gdb *gdb, const struct gdb_target *target, void *context)
{
	*gdb = (struct gdb){.target = target, .context = context, .resume_all = true};
}
