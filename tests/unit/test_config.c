/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>

#include "vmm/config.h"

static void test_defaults_are_firecrackers(void **state)
{
	struct vm_config config;
	struct error err = {0};

	(void)state;
	vm_config_init(&config);
	assert_int_equal(config.machine.vcpu_count, 1);
	assert_int_equal(config.machine.mem_size_mib, 128);
	assert_ok(machine_config_check(&config.machine, &err), err);
	assert_null(config.boot.kernel_image_path);
	assert_null(config.application.path);
	vm_config_finish(&config);
}

static void test_machine_limits_name_the_field(void **state)
{
	static const struct {
		struct machine_config machine;
		const char *field; /* NULL: taken */
	} rows[] = {
		{{.vcpu_count = 1, .mem_size_mib = 1}, NULL},
		{{.vcpu_count = 32, .mem_size_mib = 500 << 10}, NULL},
		{{.vcpu_count = 0, .mem_size_mib = 128}, "vcpu_count"},
		{{.vcpu_count = 33, .mem_size_mib = 128}, "vcpu_count"},
		{{.vcpu_count = UINT32_MAX, .mem_size_mib = 128}, "vcpu_count"},
		{{.vcpu_count = 1, .mem_size_mib = 0}, "mem_size_mib"},
		{{.vcpu_count = 1, .mem_size_mib = (500 << 10) + 1}, "mem_size_mib"},
		{{.vcpu_count = 1, .mem_size_mib = UINT32_MAX}, "mem_size_mib"},
		{{.vcpu_count = 1, .mem_size_mib = 128, .smt = true}, "smt"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct error err = {0};
		int result = machine_config_check(&rows[i].machine, &err);

		if (rows[i].field)
			assert_error(result, err, EINVAL, rows[i].field);
		else
			assert_ok(result, err);
	}
}

static char **strings(const char *first)
{
	char **list = calloc(2, sizeof(*list));

	list[0] = strdup(first);
	return list;
}

/* The leak check sees a string that is dropped, the sanitizer one that is freed twice. */
static void test_move_empties_the_source_and_frees_the_target(void **state)
{
	struct application from = {strdup("/app"), strings("-x"), strings("A=1"), strdup("/root")};
	struct application to = {strdup("/old"), strings("-y"), NULL, NULL};
	struct boot_source boot_from = {strdup("/Image"), strdup("/initrd"), strdup("quiet")};
	struct boot_source boot_to = {strdup("/old"), NULL, NULL};

	(void)state;
	application_move(&to, &from);
	assert_string_equal(to.path, "/app");
	assert_string_equal(to.args[0], "-x");
	assert_null(from.path);
	assert_null(from.args);
	application_finish(&to);
	application_finish(&from);
	boot_source_move(&boot_to, &boot_from);
	assert_string_equal(boot_to.boot_args, "quiet");
	assert_null(boot_from.kernel_image_path);
	boot_source_finish(&boot_to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_firecrackers),
		cmocka_unit_test(test_machine_limits_name_the_field),
		cmocka_unit_test(test_move_empties_the_source_and_frees_the_target),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
