/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP client on a microVM's Unix socket: one connection, one request at a time. */
#ifndef MOTE_CLI_CLIENT_H
#define MOTE_CLI_CLIENT_H

#include <jansson.h>
#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "vmm/error.h"

#define CLIENT_BODY_MAX (1024 * 1024)

struct client {
	int fd; /* -1: not connected */
	llhttp_t parser;
	bool complete; /* the answer is there */
	bool overflow; /* of the body, or no memory for it */
	char *body; /* on the heap, or NULL */
	size_t length;
};

/* Connects; -ENOENT or -ECONNREFUSED: nobody listens (yet, or any more). */
int client_open(struct client *client, const char *socket_path, struct error *err);

/* Fine on a client that was never opened but has fd -1. */
void client_close(struct client *client);

/* The process that listens at the other end. */
pid_t client_peer(const struct client *client);

/* Sends a request; body may be NULL, as may header (one line without its end). Drops the
 * reference to body. */
int client_send(struct client *client, const char *method, const char *path, const char *header,
		json_t *body, struct error *err);

/* Reads what has come, waiting for it only if it must: 1 when the answer is complete, 0 when
 * more is to come, or -errno. */
int client_receive(struct client *client, struct error *err);

/* Judges a complete answer: its JSON in *reply (NULL if it has no body; the caller drops the
 * reference), -EPROTO with the monitor's message, or -ENOMEM. reply may be NULL. */
int client_reply(const struct client *client, json_t **reply, struct error *err);

/* All three, in at most 10 seconds. */
int client_call(struct client *client, const char *method, const char *path, json_t *body,
		json_t **reply, struct error *err);

/* The parser alone, for tests: as client_receive(), with the bytes given. */
int client_take(struct client *client, const char *data, size_t length, struct error *err);
void client_init(struct client *client, int fd);

#endif
