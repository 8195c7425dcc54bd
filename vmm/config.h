/* SPDX-License-Identifier: Apache-2.0 */
/* What a microVM is made of, as plain data. The API and the configuration file
 * fill it, the VM is built from it. Field names and limits are Firecracker's
 * where it has the thing. Strings are owned by the structure that holds them. */
#ifndef MOTE_CONFIG_H
#define MOTE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/error.h"

#define CONFIG_VCPUS_MAX 32 /* Firecracker's bound; the host may allow fewer */
#define CONFIG_MEM_DEFAULT_MIB 128
#define CONFIG_CID_MIN 3
#define CONFIG_CID_MAX 0xfffffffe /* above it is the one that stands for any */
#define CONFIG_WATCHDOG_MIN_MS 10
#define CONFIG_WATCHDOG_MAX_MS 3600000

struct machine_config {
	uint32_t vcpu_count; /* 1 … CONFIG_VCPUS_MAX */
	uint32_t mem_size_mib; /* at least 1 */
	bool smt; /* must be false on these hosts */
	bool track_dirty_pages;
};

struct boot_source {
	char *kernel_image_path; /* never NULL once set */
	char *initrd_path; /* or NULL */
	char *boot_args; /* or NULL */
};

struct application {
	char *path; /* on the host; never NULL once set */
	char **args; /* NULL-terminated, without argv[0]; or NULL */
	char **env; /* NULL-terminated "K=V" strings; or NULL */
	char *root; /* host directory whose copy is the program's /; or NULL */
};

struct logger_config {
	char *path; /* or NULL: standard error, or where --log-path says */
	int level; /* enum log_level; -1: not set */
	bool show_level;
};

/* A virtio socket device and the Unix sockets behind it. */
struct vsock_config {
	char *id; /* means nothing; or NULL */
	uint32_t guest_cid; /* at least CONFIG_CID_MIN */
	char *uds_path; /* NULL: no device */
};

enum watchdog_action { WATCHDOG_REPORT, WATCHDOG_STOP };

struct watchdog_config {
	uint32_t timeout_ms; /* CONFIG_WATCHDOG_MIN_MS … CONFIG_WATCHDOG_MAX_MS */
	int action; /* enum watchdog_action */
};

/* What a guest's clocks show after it stood still: that the time has passed, or that it has not. */
enum resume_clock { CLOCK_UNSET, CLOCK_WALL, CLOCK_GUEST };

struct vm_config {
	struct machine_config machine;
	bool configured; /* something was set that a new VM is made of */
	bool logger_set;
	struct logger_config logger;
	char *metrics_path; /* NULL: not set */
	char *serial_path; /* where the UART's output goes; NULL: standard output */
	struct watchdog_config watchdog; /* timeout_ms 0: not set */
	struct vsock_config vsock; /* uds_path NULL: not set */
	char *debug_socket; /* gdb's, that the guest waits for at its start; NULL: not set */
	char *core_path; /* a core file of an application that crashes; NULL: not set */
	struct boot_source boot; /* kernel_image_path NULL: not set */
	struct application application; /* path NULL: not set */
};

/* 1 vCPU, 128 MiB, nothing to boot. */
void vm_config_init(struct vm_config *config);
void vm_config_finish(struct vm_config *config);

/* Judge values; the message names the field. */
int machine_config_check(const struct machine_config *machine, struct error *err);

/* Take what src holds (src is left empty); what dst held is freed. */
void boot_source_move(struct boot_source *dst, struct boot_source *src);
void application_move(struct application *dst, struct application *src);
void vsock_config_move(struct vsock_config *dst, struct vsock_config *src);
void string_move(char **dst, char **src);
void boot_source_finish(struct boot_source *boot);
void application_finish(struct application *application);
void vsock_config_finish(struct vsock_config *vsock);

#endif
