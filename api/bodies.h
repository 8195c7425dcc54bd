/* SPDX-License-Identifier: Apache-2.0 */
/* The request bodies of the API as tables of fields, and the way from text to a
 * struct request. The configuration file has the same sections. Carries nothing out. */
#ifndef MOTE_API_BODIES_H
#define MOTE_API_BODIES_H

#include "api/fields.h"
#include "vmm/control.h"

/* Offsets are into struct request. */
extern const struct field machine_config_body[];
extern const struct field boot_source_body[];
extern const struct field application_body[];
extern const struct field signal_body[];
extern const struct field action_body[]; /* sets the operation */
extern const struct field vm_body[]; /* sets the operation */
extern const struct field machine_config_patch_body[];
extern const struct field logger_body[];
extern const struct field metrics_body[];
extern const struct field serial_body[];
extern const struct field debug_body[];
extern const struct field core_body[];
extern const struct field watchdog_body[], vsock_body[];
extern const struct field snapshot_create_body[];
extern const struct field snapshot_load_body[];
extern const struct field snapshot_reset_body[];

/* An empty request for a body: what its fields are when they are left out. */
struct request request_empty(enum operation operation);

/* Decodes untrusted bytes into request, emptied here. The operation is the caller's, unless
 * the body's table sets it.
 * Fails with -errno and a message. The caller calls request_finish() in any case. */
int body_decode(const struct field *body, enum operation operation, const char *data, size_t length,
		struct request *request, struct error *err);

/* Frees what a request (still) owns. */
void request_finish(struct request *request);

#endif
