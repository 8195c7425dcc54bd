/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of HTTP bytes. However it is cut into pieces, the same requests come out, each
 * within its limits. The first byte says how it is cut. */
#include "api/http.h"
#include "tests/fuzz/support/input.h"

enum { REQUESTS_MAX = 8 };

struct outcome {
	int requests;
	enum http_progress end;
	int status;
	struct {
		llhttp_method_t method;
		char target[256];
		size_t body_length;
		unsigned wait_s;
		bool keep_alive;
	} request[REQUESTS_MAX];
};

static void note(struct outcome *outcome, const struct http_request *request)
{
	check(strnlen(request->target, sizeof(request->target)) < sizeof(request->target));
	for (const char *c = request->target; *c; c++)
		check(*c >= ' ' && *c < 0x7f);
	check(request->body_length <= HTTP_BODY_MAX);
	check(!request->body_length || request->body);
	check(request->wait_s <= HTTP_WAIT_MAX_S);
	if (outcome->requests >= REQUESTS_MAX)
		return;
	outcome->request[outcome->requests].method = request->method;
	memcpy(outcome->request[outcome->requests].target, request->target,
	       sizeof(request->target));
	outcome->request[outcome->requests].body_length = request->body_length;
	outcome->request[outcome->requests].wait_s = request->wait_s;
	outcome->request[outcome->requests].keep_alive = request->keep_alive;
}

static size_t next_piece(size_t left, unsigned int cut, unsigned int *state)
{
	size_t piece;

	if (!cut)
		return left;
	*state = *state * 1103515245 + 12345;
	piece = 1 + (*state >> 16) % cut;
	return piece < left ? piece : left;
}

/* Like a connection: one request after the other until it fails or wants to close. */
static void read_all(struct outcome *outcome, const uint8_t *data, size_t size, unsigned int cut)
{
	struct http_reader reader;
	enum http_progress progress = HTTP_MORE;
	unsigned int state = cut;

	memset(outcome, 0, sizeof(*outcome));
	http_reader_init(&reader);
	while (size && progress != HTTP_FAILED) {
		size_t piece = next_piece(size, cut, &state), used;
		char *copy = malloc(piece);

		memcpy(copy, data, piece);
		progress = http_reader_feed(&reader, copy, piece, &used);
		free(copy);
		check(used <= piece);
		check(progress != HTTP_MORE || used == piece);
		data += used;
		size -= used;
		if (progress == HTTP_FAILED) {
			check_message(reader.fault);
			outcome->status = reader.fault_status;
		}
		if (progress == HTTP_COMPLETE) {
			bool keep_alive = reader.request.keep_alive;

			note(outcome, &reader.request);
			outcome->requests++;
			http_reader_next(&reader);
			if (!keep_alive)
				break;
		}
	}
	outcome->end = progress;
	http_reader_finish(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct outcome whole, cut;
	struct input input = {data, size};
	unsigned int width = input_u8(&input);

	read_all(&whole, input.data, input.size, 0);
	read_all(&cut, input.data, input.size, 1 + width);
	check(!memcmp(&whole, &cut, sizeof(whole)));
	return 0;
}
