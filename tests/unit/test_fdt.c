/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <libfdt.h>

#include "arch/arm64/layout.h"
#include "vmm/dev/control_abi.h"
#include "vmm/fdt.h"

static struct machine machine;
static struct vm_config config;
static struct initrd initrd;
static struct fdt_contents contents;
static struct error err;
static void *tree;
static size_t tree_size;

static int setup(void **state)
{
	(void)state;
	vm_config_init(&config);
	machine = (struct machine){.vcpu_count = 1, .virtio_count = 1, .irqchip = ARM64_GIC_V3};
	initrd = (struct initrd){0};
	contents = (struct fdt_contents){.machine = &machine,
					 .config = &config,
					 .initrd = &initrd,
					 .memory_size = 0x7ff0000,
					 .control_page = 0x47ff0000};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(tree);
	tree = NULL;
	return 0;
}

/* The buffer has exactly the size that was promised: an overrun is seen. */
static void build(void)
{
	free(tree);
	tree_size = fdt_size(&contents);
	tree = malloc(tree_size);
	memset(tree, 0xee, tree_size);
	assert_ok(fdt_build(&contents, tree, tree_size, &err), err);
	assert_int_equal(fdt_check_full(tree, tree_size), 0);
}

static const void *property(const char *path, const char *name, int size)
{
	int length, node = fdt_path_offset(tree, path);
	const void *value = node < 0 ? NULL : fdt_getprop(tree, node, name, &length);

	if (!value)
		fail_msg("%s has no %s", path, name);
	if (size >= 0)
		assert_int_equal(length, size);
	return value;
}

static void assert_no_property(const char *path, const char *name)
{
	int node = fdt_path_offset(tree, path);

	assert_true(node >= 0);
	assert_null(fdt_getprop(tree, node, name, NULL));
}

static void assert_string(const char *path, const char *name, const char *value)
{
	assert_string_equal(property(path, name, (int)strlen(value) + 1), value);
}

static void assert_cells(const char *path, const char *name, int count, const uint32_t *cells)
{
	const fdt32_t *value = property(path, name, 4 * count);

	for (int i = 0; i < count; i++)
		if (fdt32_ld(&value[i]) != cells[i])
			fail_msg("%s %s cell %d: 0x%x, not 0x%x", path, name, i,
				 fdt32_ld(&value[i]), cells[i]);
}
#define CELLS(path, name, ...)                                                                     \
	assert_cells(path, name, sizeof((uint32_t[]){__VA_ARGS__}) / 4, (uint32_t[]){__VA_ARGS__})

static void test_root_and_memory(void **state)
{
	(void)state;
	build();
	CELLS("/", "#address-cells", 2);
	CELLS("/", "#size-cells", 2);
	CELLS("/", "interrupt-parent", ARCH_FDT_INTC_PHANDLE);
	assert_string("/memory@40000000", "device_type", "memory");
	CELLS("/memory@40000000", "reg", 0, 0x40000000, 0, 0x7ff0000);
}

static void test_devices_have_addresses_and_edge_interrupts(void **state)
{
	(void)state;
	machine.virtio_count = 3;
	contents.control_page = 0x1234567890000;
	build();
	assert_string("/uart@9000000", "compatible", "ns16550a");
	CELLS("/uart@9000000", "reg", 0, 0x9000000, 0, 0x1000);
	CELLS("/uart@9000000", "interrupts", 0, ARM64_SPI_UART, 1);
	assert_string("/control@9010000", "compatible", CONTROL_COMPATIBLE);
	CELLS("/control@9010000", "reg", 0, 0x9010000, 0, 0x1000, 0x12345, 0x67890000, 0,
	      CONTROL_PAGE_SIZE);
	CELLS("/control@9010000", "interrupts", 0, ARM64_SPI_CONTROL, 1);
	assert_string("/virtio_mmio@a000000", "compatible", "virtio,mmio");
	CELLS("/virtio_mmio@a002000", "reg", 0, 0xa002000, 0, 0x1000);
	CELLS("/virtio_mmio@a002000", "interrupts", 0, ARM64_SPI_VIRTIO + 2, 1);
	assert_int_equal(fdt_path_offset(tree, "/virtio_mmio@a003000"), -FDT_ERR_NOTFOUND);
	assert_string("/chosen", "stdout-path", "/uart@9000000");
	assert_true(fdt_path_offset(tree, "/uart@9000000") >= 0);
}

static void test_interrupt_controllers(void **state)
{
	(void)state;
	machine.vcpu_count = 4;
	build();
	assert_string("/intc@8000000", "compatible", "arm,gic-v3");
	CELLS("/intc@8000000", "reg", 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0x80000);
	CELLS("/intc@8000000", "phandle", ARCH_FDT_INTC_PHANDLE);
	CELLS("/intc@8000000", "#interrupt-cells", 3);
	property("/intc@8000000", "interrupt-controller", 0);
	machine.irqchip = ARM64_GIC_V2;
	build();
	assert_string("/intc@8000000", "compatible", "arm,cortex-a15-gic");
	CELLS("/intc@8000000", "reg", 0, 0x8000000, 0, 0x10000, 0, 0x8010000, 0, 0x10000);
}

static void test_timer_and_psci(void **state)
{
	(void)state;
	build();
	CELLS("/timer", "interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4);
	assert_string("/timer", "compatible", "arm,armv8-timer");
	property("/timer", "always-on", 0);
	assert_string("/psci", "method", "hvc");
	assert_int_equal(fdt_stringlist_search(tree, fdt_path_offset(tree, "/psci"), "compatible",
					       "arm,psci-0.2"),
			 1);
}

static void test_every_vcpu_has_its_node(void **state)
{
	(void)state;
	for (uint32_t count = 1; count <= CONFIG_VCPUS_MAX; count++) {
		machine.vcpu_count = count;
		build();
		for (uint32_t i = 0; i < CONFIG_VCPUS_MAX; i++) {
			char path[32];

			snprintf(path, sizeof(path), "/cpus/cpu@%x", i % 16 + i / 16 * 0x100);
			if (i >= count) {
				assert_int_equal(fdt_path_offset(tree, path), -FDT_ERR_NOTFOUND);
				continue;
			}
			CELLS(path, "reg", i % 16 + i / 16 * 0x100);
			assert_string(path, "device_type", "cpu");
			assert_string(path, "enable-method", "psci");
		}
	}
}

static void test_boot_source(void **state)
{
	(void)state;
	build();
	assert_no_property("/chosen", "bootargs");
	assert_no_property("/chosen", "linux,initrd-start");
	assert_no_property("/chosen", "mote,program");
	config.boot.kernel_image_path = "Image";
	config.boot.boot_args = "quiet panic=0";
	initrd.start = 0x140000000;
	initrd.end = 0x140001234;
	build();
	assert_string("/chosen", "bootargs", "panic=1 quiet panic=0");
	CELLS("/chosen", "linux,initrd-start", 1, 0x40000000);
	CELLS("/chosen", "linux,initrd-end", 1, 0x40001234);
	config.boot.boot_args = "console=ttyS0 quiet";
	build();
	assert_string("/chosen", "bootargs", "panic=1 console=ttyS0 quiet earlycon");
	config.boot.boot_args = "";
	build();
	assert_string("/chosen", "bootargs", "panic=1");
}

static void test_seeds_differ(void **state)
{
	uint8_t first[32];

	(void)state;
	build();
	memcpy(first, property("/chosen", "rng-seed", 32), 32);
	build();
	assert_memory_not_equal(first, property("/chosen", "rng-seed", 32), 32);
}

static void assert_list(const char *name, char *const *list, int count)
{
	int chosen = fdt_path_offset(tree, "/chosen");

	assert_int_equal(fdt_stringlist_count(tree, chosen, name), count);
	for (int i = 0; i < count; i++)
		assert_string_equal(fdt_stringlist_get(tree, chosen, name, i, NULL), list[i]);
}

static void test_arguments_arrive_unchanged(void **state)
{
	char *argv[] = {"/bin/app", "a b", "",  "ünïcödé \xf0\x9f\x8c\x8d", "-x", "\"'$\\", "\n\t",
			"\x01\xff", "",    NULL};
	char *envp[] = {"EMPTY=", "PATH=/bin:/usr/bin", "=", "no equals sign", NULL};

	(void)state;
	config.application = (struct application){.path = argv[0], .args = argv + 1, .env = envp};
	strcpy(initrd.program, "/app");
	build();
	assert_list("mote,argv", argv, 9);
	assert_list("mote,envp", envp, 4);
	assert_string("/chosen", "mote,program", "/app");
}

static void test_no_arguments_and_empty_lists(void **state)
{
	char *none[] = {NULL}, *argv[] = {"app", NULL}, *empty[] = {"", NULL};

	(void)state;
	config.application = (struct application){.path = argv[0]};
	build();
	assert_list("mote,argv", argv, 1);
	assert_no_property("/chosen", "mote,envp");
	config.application.args = config.application.env = none;
	build();
	assert_list("mote,argv", argv, 1);
	assert_no_property("/chosen", "mote,envp");
	config.application.env = empty;
	build();
	assert_list("mote,envp", empty, 1);
}

static void test_large_arguments_fit(void **state)
{
	char *argv[65], *text = malloc(2000);

	(void)state;
	memset(text, 'a', 1999);
	text[1999] = '\0';
	for (int i = 0; i < 64; i++)
		argv[i] = text;
	argv[64] = NULL;
	config.application = (struct application){.path = text, .args = argv, .env = argv};
	memcpy(initrd.program, text, 2000);
	machine.vcpu_count = CONFIG_VCPUS_MAX;
	machine.virtio_count = 4;
	build();
	assert_list("mote,envp", argv, 64);
	free(text);
}

static void test_buffer_that_is_too_small_is_an_error(void **state)
{
	char buffer[64];

	(void)state;
	assert_error(fdt_build(&contents, buffer, sizeof(buffer), &err), err, EINVAL,
		     "device tree:");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_root_and_memory),
		TEST(test_devices_have_addresses_and_edge_interrupts),
		TEST(test_interrupt_controllers),
		TEST(test_timer_and_psci),
		TEST(test_every_vcpu_has_its_node),
		TEST(test_boot_source),
		TEST(test_seeds_differ),
		TEST(test_arguments_arrive_unchanged),
		TEST(test_no_arguments_and_empty_lists),
		TEST(test_large_arguments_fit),
		TEST(test_buffer_that_is_too_small_is_an_error),
	};

	return cmocka_run_group_tests_name("fdt", tests, NULL, NULL);
}
