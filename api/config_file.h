/* SPDX-License-Identifier: Apache-2.0 */
/* --config-file: a JSON object whose sections are the bodies of the API's PUT requests,
 * under Firecracker's keys. Configures only; starting is the caller's. */
#ifndef MOTE_API_CONFIG_FILE_H
#define MOTE_API_CONFIG_FILE_H

#include <stddef.h>

#include "vmm/control.h"

#define CONFIG_FILE_MAX (1024 * 1024) /* bytes */

/* Applies logger, machine-config, boot-source, application, metrics, serial and watchdog, in
 * this order whatever the file's is. err names the file, the key and, where one is at fault,
 * the line. */
int config_file_apply(const char *path, struct control *control, struct error *err);

/* The same for bytes that are there already; name stands for the file in messages. */
int config_file_apply_bytes(const char *name, const char *data, size_t length,
			    struct control *control, struct error *err);

#endif
