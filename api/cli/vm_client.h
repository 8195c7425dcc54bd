/* SPDX-License-Identifier: Apache-2.0 */
/* A microVM that another mote started, found by its ID. */
#ifndef MOTE_CLI_VM_CLIENT_H
#define MOTE_CLI_VM_CLIENT_H

#include <jansson.h>

#include "api/cli/client.h"
#include "api/cli/state.h"

/* The state of an existing microVM, running or not; -ENOENT: there is none. */
int vm_client_find(struct state *state, const char *id, struct error *err);

/* Finds it and connects to its monitor. */
int vm_client_open(struct state *state, struct client *client, const char *id, struct error *err);

/* GET path; the caller drops the reference. */
int vm_client_get(struct client *client, const char *path, json_t **reply, struct error *err);

#endif
