# SPDX-License-Identifier: GPL-2.0-or-later
#
# For the unit tests and the fuzz targets of the same name, NAME: what they are
# linked with besides themselves, relative to the root, and their flags.

SHIM := -I$(ROOT)/tests/unit/shim -I$(ROOT)/kmod

lang_SOURCES := $(patsubst $(ROOT)/%,%,$(sort $(wildcard $(ROOT)/tool/lang/*.c)))
parse_SOURCES := kmod/parse.c
classify_SOURCES := kmod/classify.c kmod/match.c kmod/parse.c kmod/u32.c
u32_SOURCES := kmod/u32.c tool/lang/u32.c
lang_CFLAGS := -I$(ROOT)/tool/lang
parse_CFLAGS := $(SHIM)
classify_CFLAGS := $(SHIM)
u32_CFLAGS := $(SHIM) $(lang_CFLAGS)

# The headers: all that any of them may include, so that none is missed.
HEADERS := $(wildcard $(addprefix $(ROOT)/,tests/unit/*.h tests/unit/shim/*.h \
	tests/unit/shim/*/*.h tool/*.h tool/lang/*.h kmod/*.h include/uapi/linux/*.h))
