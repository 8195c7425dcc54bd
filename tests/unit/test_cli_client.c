/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client's side of the parser: complete answers, refusals, nonsense. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "api/cli/client.h"

static void judges_answers(void **state)
{
	static const char *const bad[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
		"garbage\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nxx",
	};
	struct client client;
	struct error why;

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		int result;

		client_init(&client, -1);
		result = client_take(&client, bad[i], strlen(bad[i]), &why);
		if (result == 1)
			result = client_reply(&client, NULL, &why);
		assert_int_equal(result, -EPROTO);
		free(client.body);
	}
	client_init(&client, -1);
	for (const char *at = "HTTP/1.1 400 Bad\r\nContent-Length: 21\r\n\r\n"
			      "{\"fault_message\":\"x\"} ";
	     *at; at++) {
		if (client_take(&client, at, 1, &why) == 1)
			break;
	}
	assert_true(client.complete);
	assert_int_equal(client_reply(&client, NULL, &why), -EPROTO);
	assert_string_equal(why.message, "x");
	free(client.body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_answers),
	};

	return cmocka_run_group_tests_name("cli_client", tests, NULL, NULL);
}
