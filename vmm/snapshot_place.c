/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/snapshot_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int snapshot_place(char directory[PATH_MAX], const char *name, struct error *err)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int length;

	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return error_set(err, EINVAL, "'%s' is not the name of a snapshot", name);
	if (strchr(name, '/'))
		length = snprintf(directory, PATH_MAX, "%s", name);
	else if (geteuid() == 0)
		length = snprintf(directory, PATH_MAX, "/var/lib/mote/snapshots/%s", name);
	else if (state && *state == '/')
		length = snprintf(directory, PATH_MAX, "%s/mote/snapshots/%s", state, name);
	else if (home && *home == '/')
		length = snprintf(directory, PATH_MAX, "%s/.local/state/mote/snapshots/%s", home,
				  name);
	else
		return error_set(err, ENOENT, "snapshot '%.64s': neither XDG_STATE_HOME nor HOME",
				 name);
	if (length < 0 || length >= PATH_MAX - 16) /* room for a file's name */
		return error_set(err, ENAMETOOLONG, "snapshot '%.64s…': the path is too long",
				 name);
	return 0;
}
