# SPDX-License-Identifier: GPL-2.0-or-later
#
# make                  fwctl, and flowwall.ko for the running kernel
# make KDIR=FOLDER      the same, flowwall.ko for the kernel of that build folder
# sudo make demo        shows the firewall at work; installs what that needs
# sudo make check       runs the tests; installs what they need
# sudo make check-full  leaves nothing out: hours
# sudo make check-debug the tests on kernels that look for faults: hours
# sudo make check-kcsan the same on one that looks for data races
# sudo make check-packages  the Debian packages in a clean guest
# sudo make check-ports on arm64, big-endian and by clang; installs what that needs
# sudo make soak        SOAK_SECONDS (3600) of everything at once, on SOAK_KERNEL (kasan)
# sudo make bench       measures it beside its peers
# sudo make bench-decoy its decoys beside those of os-ken
# sudo make bench-ovs   how long a bridge of a thousand hosts takes to change
# sudo make install     fwctl, and the module through DKMS; uninstall undoes it
# make release          the source archive of what is committed, in RELEASE (build)
# make deb              the Debian packages, in build/deb
# make unit, sparse     the unit tests; the module seen by sparse
# sudo make lint        what shellcheck, mandoc, checkpatch, sparse and clang-tidy have to say
# make fuzz             fuzzes each parser for FUZZ_SECONDS (60)
# make clean
#
# V=1 shows the commands, WERROR=1 makes warnings errors.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf 2>/dev/null)
DKMS_SOURCE := $(DESTDIR)/usr/src/flowwall-$(VERSION)

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

lint:
	tests/vm/packages.sh lint
	tests/lint.sh

demo:
	tests/vm/demo.sh

# The packages in a clean Debian 12 that begins with systemd, again and again.
check-packages:
	tests/vm/packages.sh check
	tests/vm/clean-debian.sh

check:
	tests/check.sh

check-full:
	tests/check.sh -a

check-debug:
	tests/check.sh -d

check-kcsan:
	tests/check.sh -r

check-ports:
	tests/check.sh -p

SOAK_SECONDS ?= 3600
SOAK_KERNEL ?= kasan
soak:
	SOAK_SECONDS=$(SOAK_SECONDS) tests/selftests/run.sh -a -d tests/debug -k $(SOAK_KERNEL) -v soak

bench:
	tests/bench/bench.sh

bench-decoy:
	tests/bench/decoy.sh

bench-ovs:
	tests/bench/ovs-change.sh

install: can-install tool install-module-source
	$(MAKE) -C tool install
ifeq ($(DESTDIR),)
	$(reload_units)
	dkms build --force "flowwall/$(VERSION)"
	dkms install --force "flowwall/$(VERSION)"
endif

# Before anything is half of it.
can-install:
ifeq ($(DESTDIR),)
	@command -v dkms >/dev/null || { \
		echo "There is no dkms here, which builds the module for each kernel:"; \
		echo "install the package dkms."; \
		exit 1; } >&2
	@command -v nft >/dev/null || \
		echo "There is no nft here, which the failsafe needs: install the package nftables." >&2
endif

reload_units = if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi

# What DKMS builds from, without the objects of builds in this tree; which may be that.
install-module-source:
ifneq ($(realpath $(DKMS_SOURCE)),$(realpath $(CURDIR)))
	rm -rf "$(DKMS_SOURCE).new" && mkdir -p "$(DKMS_SOURCE).new"
	cp -r Makefile Kbuild dkms.conf COPYING kmod include "$(DKMS_SOURCE).new"
	find "$(DKMS_SOURCE).new" \( -name '*.o' -o -name '.*.cmd' \) -delete
	rm -rf "$(DKMS_SOURCE)" && mv "$(DKMS_SOURCE).new" "$(DKMS_SOURCE)"
endif

# As without the packages: nothing runs, and every packet passes.
uninstall:
ifeq ($(DESTDIR),)
	-if [ -d /run/systemd/system ]; then systemctl stop 'flowwall*'; fi
	-fwctl failsafe off
	-systemctl --quiet disable $(notdir $(wildcard packaging/systemd/*)) 2>/dev/null
	-if [ -d /sys/module/flowwall ]; then rmmod flowwall; fi
	-dkms remove "flowwall/$(VERSION)" --all
endif
ifneq ($(realpath $(DKMS_SOURCE)),$(realpath $(CURDIR)))
	rm -rf "$(DKMS_SOURCE)"
endif
	$(MAKE) -C tool uninstall
ifeq ($(DESTDIR),)
	-$(reload_units)
endif

# What is committed, as an archive that is the same each time.
RELEASE ?= build
release:
	mkdir -p "$(RELEASE)"
	git archive --format=tar --prefix="flowwall-$(VERSION)/" \
		--output="$(RELEASE)/flowwall-$(VERSION).tar" HEAD
	xz -T1 -f "$(RELEASE)/flowwall-$(VERSION).tar"

deb:
	packaging/deb.sh build/deb

clean:
	-test ! -e tool/Makefile || $(MAKE) -C tool clean
	-test ! -e tests/unit/Makefile || $(MAKE) -C tests/unit clean
	-test ! -e tests/fuzz/Makefile || $(MAKE) -C tests/fuzz clean
	-test ! -e tests/debug/Makefile || $(MAKE) -C tests/debug clean
	rm -rf build
	rm -f flowwall.ko flowwall.mod flowwall.mod.c flowwall.mod.o flowwall.o
	rm -f .flowwall.* .module-common.o .*.cmd modules.order Module.symvers
	find kmod \( -name '*.o' -o -name '.*.cmd' -o -name '*.o.d' \) -delete

.PHONY: all tool module unit fuzz sparse lint demo check check-full check-debug check-kcsan \
	soak bench bench-decoy bench-ovs install can-install install-module-source uninstall release deb \
	check-packages check-ports clean
