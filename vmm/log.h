/* SPDX-License-Identifier: Apache-2.0 */
/* The process's own messages, one line each, to standard error or --log-path.
 * Any thread. Not the guest's console. */
#ifndef MOTE_LOG_H
#define MOTE_LOG_H

#include "vmm/error.h"

enum log_level { LOG_OFF, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* path NULL: standard error. Before threads start, or under the API from the loop's thread. */
int log_open(const char *path, enum log_level level, struct error *err);

/* "Error", "Warning", "Info", "Debug", "Off" in any case; -1 for anything else. */
int log_level_parse(const char *name);

void log_message(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_error(...) log_message(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_DEBUG, __VA_ARGS__)

#endif
