/* SPDX-License-Identifier: Apache-2.0 */
/* What gdb is told in documents. Source: GDB manual, E.5 "General Query Packets", qXfer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/debug.h"

static char *threads_xml(const struct debug *debug)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	fputs("<?xml version=\"1.0\"?>\n<threads>\n", to);
	for (unsigned int i = 0; i < debug->vcpu_count; i++)
		fprintf(to, "<thread id=\"%x\" core=\"%u\" name=\"vCPU %u\"/>\n", i + 1, i, i);
	fputs("</threads>\n", to);
	fclose(to);
	return text;
}

/* Addresses are virtual: any may be memory. */
static char *memory_xml(const struct debug *debug)
{
	(void)debug;
	return strdup("<?xml version=\"1.0\"?>\n<memory-map>\n<memory type=\"ram\" start=\"0x0\" "
		      "length=\"0xffffffffffffffff\"/>\n</memory-map>\n");
}

static char *exec_file(const struct debug *debug)
{
	return debug->owner.program ? realpath(debug->owner.program, NULL) : NULL;
}

static char *target_xml(const struct debug *debug)
{
	return debug_regs_xml(&debug->regs);
}

static const struct {
	const char *object, *annex; /* annex NULL: any */
	char *(*make)(const struct debug *debug);
} documents[] = {
	{"features", "target.xml", target_xml},
	{"memory-map", "", memory_xml},
	{"exec-file", NULL, exec_file},
	{"threads", "", threads_xml},
};

char *debug_document(void *context, const char *object, const char *annex)
{
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		if (!strcmp(documents[i].object, object) &&
		    (!documents[i].annex || !strcmp(documents[i].annex, annex)))
			return documents[i].make(context);
	return NULL;
}
