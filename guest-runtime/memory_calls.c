/* SPDX-License-Identifier: Apache-2.0 */
/* brk, mmap and their kin. The charges that make memory run out here are space.c's. */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/stat.h>

#include "arch.h"
#include "file.h"
#include "node.h"
#include "program.h"
#include "space.h"
#include "syscall.h"
#include "user.h"

#define MAP_SHARED_VALIDATE_TYPE 3
#define MADV_COLLAPSE_ADVICE 25

static bool range_is_bad(uint64_t start, uint64_t length)
{
	return start & PAGE_MASK || length > USER_END || start > USER_END - page_up(length);
}

HANDLER(brk)
{
	struct area area = {.access = ACCESS_READ | ACCESS_WRITE};
	uint64_t want = a[0], old_end = page_up(program.break_end), new_end = page_up(want);

	if (want < program.break_start || want > USER_END)
		return (int64_t)program.break_end;
	if (new_end > old_end) {
		area.start = old_end;
		area.end = new_end;
		if (!space_is_free(old_end, new_end) || space_add(&area))
			return (int64_t)program.break_end;
	} else if (new_end < old_end && space_remove(new_end, old_end)) {
		return (int64_t)program.break_end;
	}
	program.break_end = want;
	return (int64_t)want;
}

static unsigned access_of(uint64_t protection)
{
	return (protection & PROT_READ ? ACCESS_READ : 0) |
	       (protection & PROT_WRITE ? ACCESS_READ | ACCESS_WRITE : 0) |
	       (protection & PROT_EXEC ? ACCESS_READ | ACCESS_EXEC : 0);
}

/* Where the mapping goes: 0 and *start, or -errno. */
static int choose_address(uint64_t hint, uint64_t length, uint64_t flags, uint64_t *start)
{
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (range_is_bad(hint, length))
			return hint & PAGE_MASK ? -EINVAL : -ENOMEM;
		if (hint < USER_START)
			return -EPERM;
		*start = hint;
		if (flags & MAP_FIXED_NOREPLACE)
			return space_is_free(hint, hint + length) ? 0 : -EEXIST;
		return space_remove(hint, hint + length);
	}
	hint = page_down(hint);
	if (hint >= USER_START && !range_is_bad(hint, length) &&
	    space_is_free(hint, hint + length)) {
		*start = hint;
		return 0;
	}
	*start = space_gap(length);
	return *start ? 0 : -ENOMEM;
}

/* A private mapping of a file that nobody wrote to shows the initrd itself. */
static void show_image(struct area *area, const struct node *node, uint64_t offset)
{
	area->node = 0;
	area->image = node->image + offset;
	area->image_bytes = node->size - offset;
	if (area->image_bytes > area->end - area->start) /* no charge for the rest */
		area->image_bytes = area->end - area->start;
}

static int map_node(struct area *area, const struct file *file, uint64_t flags, uint64_t offset)
{
	struct node *node = file->node;
	unsigned type = flags & MAP_TYPE;
	uint64_t length = area->end - area->start;

	if (!node || !node_is(node, S_IFREG))
		return -ENODEV;
	if ((file->flags & O_ACCMODE) == O_WRONLY)
		return -EACCES;
	area->node = node;
	area->offset = offset;
	if (type != MAP_PRIVATE && (file->flags & O_ACCMODE) != O_RDWR) {
		if (area->access & ACCESS_WRITE)
			return -EACCES;
		area->flags |= AREA_READ_ONLY;
	}
	/* One that nobody can have written to, and nobody writes to here, is shown below. */
	if (type != MAP_PRIVATE &&
	    ((file->flags & O_ACCMODE) == O_RDWR || node->page_count || !node->image)) {
		area->flags |= AREA_SHARED;
		if (offset < node->size)
			return content_reserve(node, offset,
					       node->size - offset < length ? node->size
									    : offset + length)
				       ? -ENOMEM
				       : 0;
		return 0;
	}
	if (!node->page_count && node->image && node->size == node->image_size &&
	    offset < node->size)
		show_image(area, node, offset);
	return 0;
}

/* The last page of a shown file is a copy, with zeros behind the end: an area of its own,
 * so that only it is charged. */
static int add_in_parts(struct area *area)
{
	uint64_t whole = page_down(area->image_bytes);
	struct area tail = *area;
	int error;

	if (!area->image || area->access & ACCESS_WRITE || !whole ||
	    area->start + whole >= area->end)
		return space_add(area);
	area->end = area->start + whole;
	area->image_bytes = whole;
	tail.start = area->end;
	tail.image += whole;
	tail.image_bytes -= whole;
	error = space_add(area);
	if (!error && space_add(&tail)) {
		space_remove(area->start, area->end);
		error = -ENOMEM;
	}
	return error;
}

static int make_area(struct area *area, const uint64_t *a, uint64_t start, uint64_t length)
{
	struct file *file;

	*area = (struct area){.start = start, .end = start + length, .access = access_of(a[2])};
	if (a[3] & MAP_ANONYMOUS)
		return 0;
	file = descriptor_file(a[4]);
	if (!file || file->flags & O_PATH)
		return -EBADF;
	if (file->node && node_is(file->node, S_IFCHR) && file->node->device &&
	    device_is_zero(file->node))
		return 0;
	return map_node(area, file, a[3], a[5]);
}

HANDLER(mmap)
{
	uint64_t length = page_up(a[1]), start = 0, type = a[3] & MAP_TYPE;
	struct area area;
	int error;

	if (!length || a[5] & PAGE_MASK ||
	    (type != MAP_PRIVATE && type != MAP_SHARED && type != MAP_SHARED_VALIDATE_TYPE))
		return a[1] && !length ? -ENOMEM : -EINVAL;
	if (length > USER_END)
		return -ENOMEM;
	if ((a[2] & (PROT_WRITE | PROT_EXEC)) == (PROT_WRITE | PROT_EXEC))
		return -EACCES;
	error = make_area(&area, a, 0, length); /* judge before anything is unmapped */
	if (!error)
		error = choose_address(a[0], length, a[3], &start);
	if (error)
		return error;
	area.start += start;
	area.end += start;
	error = add_in_parts(&area);
	return error ? error : (int64_t)start;
}

HANDLER(munmap)
{
	if (range_is_bad(a[0], a[1]) || !a[1])
		return -EINVAL;
	return space_remove(a[0], a[0] + page_up(a[1]));
}

HANDLER(mprotect)
{
	if (a[0] & PAGE_MASK ||
	    a[2] & ~(uint64_t)(PROT_READ | PROT_WRITE | PROT_EXEC | PROTECTION_ARCH))
		return -EINVAL;
	if (range_is_bad(a[0], a[1]))
		return -ENOMEM;
	return a[1] ? space_protect(a[0], a[0] + page_up(a[1]), access_of(a[2])) : 0;
}

static int64_t shrink(uint64_t start, uint64_t old_size, uint64_t new_size)
{
	int error = space_remove(start + new_size, start + old_size);

	return error ? error : (int64_t)start;
}

static int64_t move(uint64_t from, uint64_t old_size, uint64_t to, uint64_t new_size)
{
	int error = space_move(from, to, old_size);

	if (!error && new_size > old_size) {
		error = space_extend(space_find(to), new_size - old_size);
		if (error)
			space_move(to, from, old_size);
	}
	return error ? error : (int64_t)to;
}

static int64_t grow(uint64_t start, uint64_t old_size, uint64_t new_size, uint64_t flags)
{
	struct area *area = space_find(start);
	uint64_t to;

	if (area->end == start + old_size && !range_is_bad(start, new_size) &&
	    space_is_free(start + old_size, start + new_size) &&
	    !space_extend(area, new_size - old_size))
		return (int64_t)start;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	to = space_gap(new_size);
	return to ? move(start, old_size, to, new_size) : -ENOMEM;
}

static int64_t move_fixed(uint64_t from, uint64_t old_size, uint64_t to, uint64_t new_size)
{
	int error;

	if (range_is_bad(to, new_size) || to < USER_START ||
	    (to < from + old_size && from < to + new_size))
		return -EINVAL;
	error = space_remove(to, to + new_size);
	if (!error && new_size < old_size) {
		error = space_remove(from + new_size, from + old_size);
		old_size = new_size;
	}
	return error ? error : move(from, old_size, to, new_size);
}

HANDLER(mremap)
{
	uint64_t start = a[0], old_size = page_up(a[1]), new_size = page_up(a[2]), flags = a[3];
	struct area *area;

	if (range_is_bad(start, old_size) || !new_size || !old_size || new_size > USER_END ||
	    flags & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED) || flags == MREMAP_FIXED)
		return -EINVAL;
	area = space_find(start);
	if (!area || area->end < start + old_size)
		return -EFAULT;
	if (flags & MREMAP_FIXED)
		return move_fixed(start, old_size, a[4], new_size);
	if (new_size < old_size)
		return shrink(start, old_size, new_size);
	return new_size == old_size ? (int64_t)start : grow(start, old_size, new_size, flags);
}

static bool advice_exists(int advice)
{
	return (advice >= MADV_NORMAL && advice <= MADV_DONTNEED) ||
	       (advice >= MADV_FREE && advice <= MADV_COLLAPSE_ADVICE);
}

HANDLER(madvise)
{
	if (range_is_bad(a[0], a[1]) || !advice_exists((int)a[2]))
		return -EINVAL;
	if (!space_is_mapped(a[0], a[0] + page_up(a[1])))
		return -ENOMEM;
	if ((int)a[2] == MADV_DONTNEED || (int)a[2] == MADV_FREE)
		space_discard(a[0], a[0] + page_up(a[1]));
	return 0;
}

/* Nothing is ever swapped or written back. */
static int64_t mapped_or_enomem(const uint64_t *a)
{
	if (range_is_bad(page_down(a[0]), a[1]))
		return -ENOMEM;
	return space_is_mapped(page_down(a[0]), page_up(a[0] + a[1])) ? 0 : -ENOMEM;
}

HANDLER(msync)
{
	bool both = (a[2] & (MS_SYNC | MS_ASYNC)) == (MS_SYNC | MS_ASYNC);

	if (a[0] & PAGE_MASK || both || a[2] & ~(uint64_t)(MS_SYNC | MS_ASYNC | MS_INVALIDATE))
		return -EINVAL;
	return mapped_or_enomem(a);
}

HANDLER(mlock)
{
	return mapped_or_enomem(a);
}
