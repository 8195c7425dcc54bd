/* SPDX-License-Identifier: Apache-2.0 */
/* The process's own messages, one line each, to standard error or --log-path.
 * Any thread. Not the guest's console. */
#ifndef MOTE_LOG_H
#define MOTE_LOG_H

#include <stdbool.h>

#include "vmm/error.h"

enum log_level { LOG_OFF, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* path NULL: where it went before, at first standard error. level -1: as before. Before
 * threads start. */
int log_open(const char *path, int level, struct error *err);

/* Whether lines name their level, as they do unless told otherwise. Before threads start. */
void log_show_level(bool show);

/* "Error", "Warning", "Info", "Debug", "Off" in any case; -1 for anything else. */
int log_level_parse(const char *name);
const char *log_level_name(int level); /* of LOG_OFF … LOG_DEBUG */

void log_message(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_error(...) log_message(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_DEBUG, __VA_ARGS__)

#endif
