/* SPDX-License-Identifier: Apache-2.0 */
/* The tree as a whole: what is in it at the start, and lookups of paths. */
#ifndef GUEST_FILESYSTEM_H
#define GUEST_FILESYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node.h"

struct machine;
struct text;

/* Makes the tree from the initrd and finds the program: 0, or -errno and the reason. */
int filesystem_create(const struct machine *machine, struct text *reason);
/* /dev and /proc appear at the first lookup by the application: devices.c, proc.c. */
int devices_create(struct node *root);
int proc_create(struct node *root);
struct node *filesystem_root(void);
struct node *filesystem_cwd(void);
void filesystem_set_cwd(struct node *directory);

enum {
	LOOKUP_FOLLOW = 1, /* a symbolic link at the end is followed */
	LOOKUP_CREATE = 2, /* the last component may be missing: node is 0 then */
	LOOKUP_STOP_AT_FILE = 8, /* a link that stands for an open file is the result */
	LOOKUP_STAY = 16, /* not even followed where a slash stands behind it */
	LOOKUP_EMPTY = 4, /* an empty path is the directory's descriptor itself */
};

struct lookup {
	struct node *node; /* one reference; 0 if missing */
	struct node *directory; /* that the last component is in; one reference, may be 0 */
	char name[NAME_LENGTH_MAX + 1]; /* the last component; "" for the root, ".", ".." */
	size_t length;
	bool must_be_directory; /* a slash stood behind it */
};

/* Looks a user's path up: 0 or -errno. lookup_finish also after an error. */
int lookup_user(struct lookup *lookup, uint64_t directory_descriptor, uint64_t path,
		unsigned flags);
/* As lookup_user, but stops at the /proc/self/fd link that a path ends up at. */
int lookup_user_link(struct lookup *lookup, uint64_t directory_descriptor, uint64_t path);
int lookup_kernel(struct lookup *lookup, const char *path, unsigned flags);
void lookup_finish(struct lookup *lookup);
#endif
