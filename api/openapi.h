/* SPDX-License-Identifier: Apache-2.0 */
/* api/openapi.yaml, carried inside the program. */
#ifndef MOTE_API_OPENAPI_H
#define MOTE_API_OPENAPI_H

#include <stdint.h>

extern const char openapi_yaml[]; /* not terminated */
extern const uint64_t openapi_yaml_length;

#endif
