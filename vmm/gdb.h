/* SPDX-License-Identifier: Apache-2.0 */
/* gdb's remote protocol over a small target: packets in a table, threads that stop and go on
 * together ("all-stop"). Knows neither sockets nor virtual machines: bytes come in by gdb_take(),
 * leave by `send`, and what is to be done is asked of the target. Every byte is untrusted.
 * Source: GDB manual, appendix E. Loop thread only. */
#ifndef MOTE_GDB_H
#define MOTE_GDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/gdb_packet.h"

enum {
	GDB_THREADS_MAX = 32,
	GDB_REGISTER_MAX = 256, /* bytes of one register */
	GDB_GENERAL_MAX = 2048, /* of all those of a g packet */
};

/* Why everything stands: one thread, counted from 0, met something. */
struct gdb_stop {
	unsigned int thread;
	int signal; /* Linux's number, as which gdb shows it */
	enum gdb_reason {
		GDB_PLAIN,
		GDB_SWBREAK,
		GDB_HWBREAK,
		GDB_WATCH,
		GDB_RWATCH,
		GDB_AWATCH
	} reason;
	uint64_t address; /* of the data, for the last three */
};

/* What one thread does when the others go on. */
struct gdb_resume {
	enum gdb_action { GDB_HOLD, GDB_CONTINUE, GDB_STEP } action;
	int signal; /* passed on to it, 0: none */
	uint64_t start, end; /* GDB_STEP: goes on as long as the PC is in there; equal: once */
};

/* As Z and z packets number them. */
enum gdb_point { GDB_POINT_SW, GDB_POINT_HW, GDB_POINT_WRITE, GDB_POINT_READ, GDB_POINT_ACCESS };

/* What gdb asks of what it debugs. Results are 0 (or a count) or -errno; buffers are theirs. */
struct gdb_target {
	unsigned int (*threads)(void *context);
	const char *(*thread_name)(void *context, unsigned int thread);
	/* Registers as the description numbers them. The first `general()` are those of a g packet.
	 */
	unsigned int (*general)(void *context);
	unsigned int (*reg_size)(void *context, unsigned int reg); /* bytes, 0: there is none */
	bool (*reg_eager)(void *context, unsigned int reg); /* told with every stop */
	/* `count` in a row, one value behind the other. */
	int (*reg_read)(void *context, unsigned int thread, unsigned int reg, unsigned int count,
			void *values);
	int (*reg_write)(void *context, unsigned int thread, unsigned int reg, const void *value);
	/* By virtual address, as the thread sees it: how many bytes, or -EFAULT for none. */
	long (*read)(void *context, unsigned int thread, uint64_t address, void *to, size_t length);
	long (*write)(void *context, unsigned int thread, uint64_t address, const void *from,
		      size_t length);
	/* -ENOSPC: the host has no more of these; -ENOTSUP: it has none. */
	int (*point)(void *context, unsigned int thread, bool set, enum gdb_point type,
		     uint64_t address, uint64_t length);
	/* An object of qXfer: its text, on the heap; NULL: there is no such thing. */
	char *(*document)(void *context, const char *object, const char *annex);
	void (*resume)(void *context, const struct gdb_resume *by_thread);
	void (*interrupt)(void *context); /* everything is to stop */
	bool (*stopped)(void *context, struct gdb_stop *stop); /* false: it runs */
	uint64_t (*bias)(void *context); /* what the program's addresses are moved by */
	void (*detach)(void *context);
	void (*kill)(void *context);
	void (*send)(void *context, const void *bytes, size_t length);
};

struct gdb {
	const struct gdb_target *target;
	void *context;
	bool no_ack;
	bool running; /* an answer to a resumption is still owed */
	bool gone; /* detached or killed: the connection is over */
	unsigned int thread; /* of Hg */
	unsigned int resume_thread; /* of Hc */
	bool resume_all;
	unsigned int listed; /* threads that were told */
	struct gdb_reader in;
	struct gdb_writer out;
};

void gdb_init(struct gdb *gdb, const struct gdb_target *target, void *context);

/* Bytes of gdb's. */
void gdb_take(struct gdb *gdb, const void *bytes, size_t length);

/* Tells that everything stands, or that the guest is no more: by its exit code, or by a signal.
 * Says nothing to who has not asked. */
void gdb_tell_stop(struct gdb *gdb);
void gdb_tell_end(struct gdb *gdb, bool by_signal, int number);

/* Between gdb.c and the packets of the other files; `text` is what follows a packet's name. */
typedef void gdb_command(struct gdb *gdb, const char *text);
gdb_command gdb_read_general, gdb_write_general, gdb_read_register, gdb_write_register;
gdb_command gdb_read_memory, gdb_write_memory, gdb_write_binary;
gdb_command gdb_insert_point, gdb_remove_point;
gdb_command gdb_query, gdb_query_set;
void gdb_fail(struct gdb *gdb, int code); /* code: -errno */
void gdb_done(struct gdb *gdb, int result); /* OK, or that it failed */

#endif
