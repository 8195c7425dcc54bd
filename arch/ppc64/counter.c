/* SPDX-License-Identifier: Apache-2.0 */
/* What only a POWER host can say: apart, so that all else is compiled on any machine. The kernel
 * tells the time base's frequency by a function of the object that it maps into every process,
 * where no file has to be opened for it. Sources: Linux arch/powerpc/kernel/vdso (its symbols);
 * System V ABI, "Dynamic Section". */
#include "arch/ppc64/counter.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#define DEFAULT_HZ 512000000 /* of POWER since its sixth generation */

uint64_t ppc64_timebase(void)
{
	uint64_t ticks;

	__asm__ volatile("mfspr %0, 268" : "=r"(ticks));
	return ticks;
}

struct vdso {
	const char *base; /* addresses in it count from here */
	const Elf64_Dyn *dynamic;
};

static struct vdso vdso_open(void)
{
	const char *image = (const char *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *header = (const void *)image;
	struct vdso vdso = {0};

	for (unsigned i = 0; image && i < header->e_phnum; i++) {
		const Elf64_Phdr *segment = (const Elf64_Phdr *)(image + header->e_phoff) + i;

		if (segment->p_type == PT_LOAD)
			vdso.base = image + segment->p_offset - segment->p_vaddr;
		else if (segment->p_type == PT_DYNAMIC)
			vdso.dynamic = (const void *)(image + segment->p_offset);
	}
	return vdso;
}

static const void *vdso_entry(const struct vdso *vdso, Elf64_Sxword tag)
{
	const Elf64_Dyn *entry = vdso->dynamic;

	while (entry->d_tag != DT_NULL && entry->d_tag != tag)
		entry++;
	return entry->d_tag == tag ? vdso->base + entry->d_un.d_ptr : NULL;
}

static const void *vdso_function(const char *name)
{
	struct vdso vdso = vdso_open();
	const Elf64_Sym *symbols;
	const Elf64_Word *hash;
	const char *names;

	if (!vdso.dynamic)
		return NULL;
	symbols = vdso_entry(&vdso, DT_SYMTAB);
	names = vdso_entry(&vdso, DT_STRTAB);
	hash = vdso_entry(&vdso, DT_HASH); /* its second word is how many symbols there are */
	for (Elf64_Word i = 0; symbols && names && hash && i < hash[1]; i++)
		if (symbols[i].st_shndx != SHN_UNDEF && !strcmp(names + symbols[i].st_name, name))
			return vdso.base + symbols[i].st_value;
	return NULL;
}

uint64_t ppc64_timebase_hz(void)
{
	uint64_t (*frequency)(void) =
		(uint64_t(*)(void))(uintptr_t)vdso_function("__kernel_get_tbfreq");

	return frequency ? frequency() : DEFAULT_HZ;
}
