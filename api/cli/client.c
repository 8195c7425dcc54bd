/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client: requests are formatted here, answers are parsed by llhttp. */
#include "api/cli/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/document.h"

#define CALL_TIMEOUT_S 10

static int on_body(llhttp_t *parser, const char *at, size_t length)
{
	struct client *client = parser->data;
	char *body = NULL;

	if (length <= CLIENT_BODY_MAX - client->length)
		body = realloc(client->body, client->length + length);
	if (!body) {
		client->overflow = true;
		return HPE_USER;
	}
	client->body = body;
	memcpy(body + client->length, at, length);
	client->length += length;
	return 0;
}

static int on_message_complete(llhttp_t *parser)
{
	struct client *client = parser->data;

	client->complete = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

/* Ready for the next answer on the same connection. */
static void forget_answer(struct client *client)
{
	free(client->body);
	client_init(client, client->fd);
}

void client_init(struct client *client, int fd)
{
	*client = (struct client){.fd = fd};
	llhttp_init(&client->parser, HTTP_RESPONSE, &settings);
	client->parser.data = client;
}

int client_open(struct client *client, const char *socket_path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval timeout = {.tv_sec = CALL_TIMEOUT_S};
	int fd, result;

	client->fd = -1;
	if (strlen(socket_path) >= sizeof(address.sun_path))
		return error_set(err, ENAMETOOLONG, "%s: the path is too long", socket_path);
	strcpy(address.sun_path, socket_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(err, "socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		result = error_errno(err, "%s", socket_path);
		close(fd);
		return result;
	}
	client_init(client, fd);
	return 0;
}

void client_close(struct client *client)
{
	if (client->fd < 0)
		return;
	close(client->fd);
	free(client->body);
	client->body = NULL;
	client->fd = -1;
}

pid_t client_peer(const struct client *client)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);

	getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	return peer.pid;
}

static int send_all(int fd, const char *data, size_t length, struct error *err)
{
	while (length) {
		ssize_t count = send(fd, data, length, MSG_NOSIGNAL);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_errno(err, "sending a request to the monitor");
		data += count;
		length -= (size_t)count;
	}
	return 0;
}

int client_send(struct client *client, const char *method, const char *path, const char *header,
		json_t *body, struct error *err)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	char *request = NULL;
	bool failed = body && !text;
	int length, result;

	json_decref(body);
	forget_answer(client);
	length =
		failed ? -1
		       : asprintf(
				 &request,
				 "%s %s HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
				 "%s%sContent-Length: %zu\r\n\r\n%s",
				 method, path, header ? header : "", header ? "\r\n" : "",
				 text ? strlen(text) : 0, text ? text : "");
	free(text);
	if (length < 0)
		return error_set(err, ENOMEM, "out of memory");
	result = send_all(client->fd, request, (size_t)length, err);
	free(request);
	return result;
}

int client_take(struct client *client, const char *data, size_t length, struct error *err)
{
	llhttp_errno_t error = llhttp_execute(&client->parser, data, length);

	if (client->complete)
		return 1;
	if (client->overflow)
		return error_set(err, EMSGSIZE, "the monitor's answer is too large");
	if (error != HPE_OK)
		return error_set(err, EPROTO, "the monitor's answer is not HTTP");
	return 0;
}

int client_receive(struct client *client, struct error *err)
{
	char buffer[4096];
	ssize_t count = recv(client->fd, buffer, sizeof(buffer), 0);

	if (count < 0 && errno == EINTR)
		return 0;
	if (count < 0 && errno == EAGAIN)
		return error_set(err, ETIMEDOUT, "the monitor does not answer");
	if (count < 0)
		return error_errno(err, "reading the monitor's answer");
	if (!count)
		return error_set(err, ECONNRESET, "the monitor closed the connection");
	return client_take(client, buffer, (size_t)count, err);
}

int client_reply(const struct client *client, json_t **reply, struct error *err)
{
	struct document document = {0};
	const char *fault;
	int result = 0;

	if (client->length && document_parse(&document, client->body, client->length, err))
		return err->code == ENOMEM
			       ? -ENOMEM
			       : error_set(err, EPROTO, "the monitor's answer is not JSON");
	fault = json_string_value(json_object_get(document.root, "fault_message"));
	if (client->parser.status_code / 100 != 2)
		result = error_set(err, EPROTO, "%s", fault ? fault : "the monitor refused");
	else if (reply) {
		*reply = json_deep_copy(document.root);
		if (document.root && !*reply)
			result = error_set(err, ENOMEM, "out of memory");
	}
	document_free(&document);
	return result;
}

int client_call(struct client *client, const char *method, const char *path, json_t *body,
		json_t **reply, struct error *err)
{
	int result = client_send(client, method, path, NULL, body, err);

	while (!result)
		result = client_receive(client, err);
	return result < 0 ? result : client_reply(client, reply, err);
}
