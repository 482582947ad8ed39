# SPDX-License-Identifier: GPL-2.0-or-later
#
# make                  fwctl, and flowwall.ko for the running kernel
# make KDIR=FOLDER      the same, flowwall.ko for the kernel of that build folder
# sudo make demo        shows the firewall at work; installs what that needs
# sudo make check       runs the tests; installs what they need
# sudo make check-full  leaves nothing out: hours
# sudo make check-debug the tests on kernels that look for faults: hours
# sudo make check-kcsan the same on one that looks for data races
# sudo make soak        SOAK_SECONDS (3600) of everything at once, on SOAK_KERNEL (kasan)
# sudo make bench       measures it beside its peers
# sudo make install     fwctl, and the module through DKMS; uninstall undoes it
# make unit, sparse     the unit tests; the module seen by sparse
# make fuzz             fuzzes each parser for FUZZ_SECONDS (60)
# make clean
#
# V=1 shows the commands, WERROR=1 makes warnings errors.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf 2>/dev/null)
DKMS_SOURCE := /usr/src/flowwall-$(VERSION)

all: tool module

tool:
	$(MAKE) -C tool all

module:
	@test -e "$(KDIR)/Makefile" || { \
		echo "No kernel to build flowwall.ko for: there is no $(KDIR)."; \
		echo "Install the running kernel's headers (Debian: linux-headers-amd64,"; \
		echo "Raspberry Pi OS: linux-headers-rpi-v8), or name another kernel:"; \
		echo "    make KDIR=/lib/modules/VERSION/build"; \
		exit 1; } >&2
	$(MAKE) -C "$(KDIR)" M="$(CURDIR)" modules

unit:
	$(MAKE) -C tests/unit check

fuzz:
	$(MAKE) -C tests/fuzz check coverage

sparse:
	$(MAKE) -C "$(KDIR)" M="$(CURDIR)" C=2 CF="-Wcontext" modules

demo:
	tests/vm/demo.sh

check:
	tests/check.sh

check-full:
	tests/check.sh -a

check-debug:
	tests/check.sh -d

check-kcsan:
	tests/check.sh -r

SOAK_SECONDS ?= 3600
SOAK_KERNEL ?= kasan
soak:
	SOAK_SECONDS=$(SOAK_SECONDS) tests/selftests/run.sh -a -d tests/debug -k $(SOAK_KERNEL) -v soak

bench:
	tests/bench/bench.sh

install: tool
	$(MAKE) -C tool install
	rm -rf "$(DKMS_SOURCE)" && mkdir -p "$(DKMS_SOURCE)"
	tar -c --exclude='*.o' --exclude='.*.cmd' Makefile Kbuild dkms.conf COPYING kmod include | \
		tar -x -C "$(DKMS_SOURCE)"
	dkms install --force "flowwall/$(VERSION)"

uninstall:
	-dkms remove "flowwall/$(VERSION)" --all
	rm -rf "$(DKMS_SOURCE)"
	rm -f "$(DESTDIR)$(PREFIX)/sbin/fwctl" "$(DESTDIR)$(PREFIX)/share/man/man8/fwctl.8" \
		"$(DESTDIR)$(PREFIX)/lib/systemd/system/flowwall-ovs.service"

clean:
	-test ! -e tool/Makefile || $(MAKE) -C tool clean
	-test ! -e tests/unit/Makefile || $(MAKE) -C tests/unit clean
	-test ! -e tests/fuzz/Makefile || $(MAKE) -C tests/fuzz clean
	-test ! -e tests/debug/Makefile || $(MAKE) -C tests/debug clean
	rm -rf build
	rm -f flowwall.ko flowwall.mod flowwall.mod.c flowwall.mod.o flowwall.o
	rm -f .flowwall.* .module-common.o .*.cmd modules.order Module.symvers
	find kmod \( -name '*.o' -o -name '.*.cmd' -o -name '*.o.d' \) -delete

.PHONY: all tool module unit fuzz sparse demo check check-full check-debug check-kcsan \
	soak bench install uninstall clean
