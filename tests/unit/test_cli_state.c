/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of microVMs: one owner at a time, names that can't leave the place. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "api/cli/state.h"

static void claims_are_exclusive(void **state)
{
	struct state first, second;
	struct error why;
	char name[32], base[128], path[256];

	(void)state;
	snprintf(name, sizeof(name), "claim-%d", (int)getpid());
	setenv("XDG_RUNTIME_DIR", scratch_path, 1);
	assert_ok(state_base(base, sizeof(base), &why), why);
	assert_ok(state_claim(&first, base, name, &why), why);
	assert_int_equal(state_claim(&second, base, name, &why), -EEXIST);
	assert_contains(why.message, "in use");
	assert_ok(state_write_pid(&first, 1234, &why), why);
	assert_int_equal(state_read_pid(&first), 1234);
	state_release(&first);
	assert_ok(state_claim(&second, base, name, &why), why); /* was stale */
	/* What a monitor that was killed while it opened its socket leaves. */
	snprintf(path, sizeof(path), "%s/%s/.1f3", base, name);
	write_file(path, "", 0);
	state_remove(&second);
	snprintf(path, sizeof(path), "%s/%s", base, name);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(state_id_is_good("a-Z_9"));
	assert_false(state_id_is_good(""));
	assert_false(state_id_is_good(".."));
	assert_false(state_id_is_good("a b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_are_exclusive),
	};

	return cmocka_run_group_tests_name("cli_state", tests, scratch_setup, scratch_teardown);
}
