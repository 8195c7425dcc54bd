/* SPDX-License-Identifier: Apache-2.0 */
/* Character devices of the file system. */
#ifndef GUEST_DEVICES_H
#define GUEST_DEVICES_H

#include <stdint.h>

struct file_operations;
struct node;

struct device {
	const char *name;
	unsigned major, minor;
	const struct file_operations *operations;
};

/* As st_rdev and st_dev encode it; 0 for what is no device. */
uint64_t device_number(const struct node *node);
/* A directory of the fixed tree, made if it isn't there; borrowed, 0 if it can't be. */
struct node *directory_open(struct node *parent, const char *name, uint32_t mode);
#endif
