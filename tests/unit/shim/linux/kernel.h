/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHIM_LINUX_KERNEL_H
#define SHIM_LINUX_KERNEL_H

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))

static inline unsigned int rol32(unsigned int word, unsigned int shift)
{
	return word << shift | word >> (32 - shift);
}

#define swap(a, b) \
	do { typeof(a) swap_ = (a); (a) = (b); (b) = swap_; } while (0)

#endif
