/* SPDX-License-Identifier: Apache-2.0 */
/* What the VM answers, as JSON. Each encoder gives a new reference, NULL when out of
 * memory. Asks nothing of the VM itself. */
#ifndef MOTE_API_ENCODE_H
#define MOTE_API_ENCODE_H

#include <jansson.h>

#include "vmm/control.h"

typedef json_t *encoder(const struct control *control, const struct reply *reply);

encoder encode_instance; /* GET / */
encoder encode_version; /* GET /version */
encoder encode_vm_config; /* GET /vm/config: the sections that are set */
encoder encode_machine_config; /* GET /machine-config */
encoder encode_registers; /* GET /registers */
encoder encode_application; /* GET /application */
encoder encode_reset; /* PUT /snapshot/reset, when it cost as much as a load */

#endif
