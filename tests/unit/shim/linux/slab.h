/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's allocators in user space: all of them the C library's. */
#ifndef SHIM_LINUX_SLAB_H
#define SHIM_LINUX_SLAB_H

#include <linux/types.h>
#include <stdlib.h>

#define GFP_KERNEL		0
#define GFP_KERNEL_ACCOUNT	0

#define kzalloc(size, flags)		calloc(1, size)
#define kvmalloc(size, flags)		malloc(size)
#define kvmalloc_array(n, size, flags)	malloc((size_t)(n) * (size))
#define kvcalloc(n, size, flags)	calloc(n, size)
#define kfree(memory)			free(memory)
#define kvfree(memory)			free(memory)

#define struct_size(pointer, member, n)	\
	(sizeof(*(pointer)) + (size_t)(n) * sizeof(*(pointer)->member))

#endif
