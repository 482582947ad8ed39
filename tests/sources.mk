# SPDX-License-Identifier: GPL-2.0-or-later
#
# For the unit tests and the fuzz targets of the same name, NAME: what they are
# linked with besides themselves, relative to the root, their flags and libraries.

# Functions of libraries in whose place the test has its own, shim_NAME().
instead_of = $(foreach name,$(1),-D$(name)=shim_$(name))

SHIM := -I$(ROOT)/tests/unit/shim -I$(ROOT)/kmod

lang_SOURCES := $(patsubst $(ROOT)/%,%,$(sort $(wildcard $(ROOT)/tool/lang/*.c)))
parse_SOURCES := kmod/parse.c
classify_SOURCES := kmod/classify.c kmod/match.c kmod/parse.c kmod/u32.c
u32_SOURCES := kmod/u32.c tool/lang/u32.c
ovs_SOURCES := $(patsubst %,tool/ovs/%.c,bridge flows groups host match segment) $(lang_SOURCES)
lang_CFLAGS := -I$(ROOT)/tool/lang
ovs_CFLAGS := -I$(ROOT)/tool/ovs $(lang_CFLAGS)
parse_CFLAGS := $(SHIM)
classify_CFLAGS := $(SHIM)
u32_CFLAGS := $(SHIM) $(lang_CFLAGS)

# All of the tool but its commands and main().
TOOL := $(filter-out tool/fwctl.c tool/complete.c tool/edit.c, \
	$(patsubst $(ROOT)/%,%,$(sort $(wildcard $(ROOT)/tool/*.c)))) $(lang_SOURCES)
TOOL_LIBRARIES := libnl-3.0 libnl-genl-3.0 jansson
TOOL_CFLAGS := -I$(ROOT)/tool $(lang_CFLAGS) $(shell pkg-config --cflags $(TOOL_LIBRARIES))
TOOL_LIBS := $(shell pkg-config --libs $(TOOL_LIBRARIES))

netlink_SOURCES := $(TOOL)
netlink_CFLAGS := $(TOOL_CFLAGS) -idirafter $(ROOT)/tests/unit/shim \
	$(call instead_of,nl_connect nl_recvmsgs nl_send_auto nla_get_u8 nla_get_u16 nla_get_u32 ppoll)
netlink_LIBS := $(TOOL_LIBS)

# The headers: all that any of them may include, so that none is missed.
HEADERS := $(wildcard $(addprefix $(ROOT)/,tests/unit/*.h tests/unit/shim/*.h \
	tests/unit/shim/*/*.h tool/*.h tool/lang/*.h tool/ovs/*.h kmod/*.h include/uapi/linux/*.h))
