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
ovs_SOURCES := $(patsubst %,tool/ovs/%.c,bridge decoy flows groups host match segment) $(lang_SOURCES)
machine_SOURCES := $(patsubst %,tool/machine/%.c,facts failsafe kernels proposal session) tool/ovs/run.c \
	$(lang_SOURCES)
decoy_SOURCES := $(patsubst %,tool/decoy/%.c,answer frame hosts http limit siphash tcp tcp_cookie \
	tcp_send tcp_table visitors) $(lang_SOURCES)
openflow_SOURCES := $(patsubst %,tool/decoy/%.c,frame learn openflow session siphash vxlan) \
	$(lang_SOURCES)
holder_SOURCES := tool/decoy/holder.c
holder_CFLAGS := -I$(ROOT)/tool/decoy
lang_CFLAGS := -I$(ROOT)/tool/lang
ovs_CFLAGS := -I$(ROOT)/tool/ovs $(lang_CFLAGS)
machine_CFLAGS := -I$(ROOT)/tool/machine $(lang_CFLAGS)
decoy_CFLAGS := -I$(ROOT)/tool/decoy $(lang_CFLAGS)
decoy_LIBS := $(shell pkg-config --libs jansson)
openflow_CFLAGS := $(decoy_CFLAGS)
parse_CFLAGS := $(SHIM)
classify_CFLAGS := $(SHIM)
u32_CFLAGS := $(SHIM) $(lang_CFLAGS)

snoop_SOURCES := $(patsubst %,tool/snoop/%.c,dedupe frame names tracker) $(lang_SOURCES)
snoop_CFLAGS := -I$(ROOT)/tool/snoop -I$(ROOT)/tool/lang $(shell pkg-config --cflags libxxhash)
snoop_LIBS := $(shell pkg-config --libs libxxhash)

# What a report is about, and what makes stores.
source_SOURCES := $(patsubst %,tool/report/%.c,db source) $(patsubst %,tool/snoop/%.c,capture frame \
	names owner series store store_postgres store_sqlite tracker) tool/privileges.c $(lang_SOURCES)
source_CFLAGS := -I$(ROOT)/tool -I$(ROOT)/tool/report $(snoop_CFLAGS) $(shell pkg-config --cflags libpcap sqlite3 libpq)
source_LIBS := $(shell pkg-config --libs libpcap sqlite3 libpq libxxhash)

# The application filter without what talks to the kernel.
app_SOURCES := $(patsubst %,tool/app/%.c,request http tls dns rules segment stream connection filter) \
	$(lang_SOURCES)
app_CFLAGS := -I$(ROOT)/tool/app $(lang_CFLAGS)
app_LIBS := $(shell pkg-config --libs libidn2 libxxhash)

# A queue of it without the kernel.
queue_SOURCES := $(app_SOURCES) tool/app/queue.c tool/app/decisions.c tool/stop.c
queue_CFLAGS := $(app_CFLAGS) -I$(ROOT)/tool \
	$(call instead_of,mnl_socket_get_fd mnl_socket_get_portid mnl_socket_sendto recvmmsg)
queue_LIBS := $(app_LIBS) $(shell pkg-config --libs libmnl libnetfilter_queue)

http_SOURCES := tool/app/http.c tool/app/request.c
tls_SOURCES := tool/app/tls.c tool/app/request.c
dns_SOURCES := tool/app/dns.c tool/app/request.c
http_CFLAGS := -I$(ROOT)/tool/app
tls_CFLAGS := $(http_CFLAGS)
dns_CFLAGS := $(http_CFLAGS)

# All of the tool but its commands and main().
TOOL := $(filter-out $(patsubst %,tool/%.c,fwctl fwctl-capture companion options complete edit flow_query), \
	$(patsubst $(ROOT)/%,%,$(sort $(wildcard $(ROOT)/tool/*.c)))) $(lang_SOURCES)
TOOL_LIBRARIES := libnl-3.0 libnl-genl-3.0 jansson
TOOL_CFLAGS := -I$(ROOT)/tool $(lang_CFLAGS) $(shell pkg-config --cflags $(TOOL_LIBRARIES))
TOOL_LIBS := $(shell pkg-config --libs $(TOOL_LIBRARIES))

# The command of the filter, which the test includes.
reload_SOURCES := $(TOOL) $(patsubst %,tool/app/%.c,request http tls dns rules segment stream \
	connection filter queue decisions)
reload_CFLAGS := $(TOOL_CFLAGS) -I$(ROOT)/tool/app $(call instead_of,usleep)
reload_LIBS := $(TOOL_LIBS) $(queue_LIBS)

netlink_SOURCES := $(TOOL)
netlink_CFLAGS := $(TOOL_CFLAGS) -idirafter $(ROOT)/tests/unit/shim \
	$(call instead_of,nl_connect nl_recvmsgs nl_send_auto nla_get_u8 nla_get_u16 nla_get_u32 ppoll)
netlink_LIBS := $(TOOL_LIBS)
journal_SOURCES := tool/journal.c $(lang_SOURCES)
journal_CFLAGS := -I$(ROOT)/tool $(shell pkg-config --cflags jansson)
journal_LIBS := $(shell pkg-config --libs jansson)
top_SOURCES := tool/top/rows.c tool/top/sample.c $(TOOL)
top_CFLAGS := $(TOOL_CFLAGS)
top_LIBS := $(TOOL_LIBS)

# The headers: all that any of them may include, so that none is missed.
HEADERS := $(wildcard $(addprefix $(ROOT)/,tests/unit/*.h tests/unit/shim/*.h \
	tests/unit/shim/*/*.h tool/*.h tool/*/*.h kmod/*.h include/uapi/linux/*.h))
