# SPDX-License-Identifier: Apache-2.0
# mote. `make run` shows it working, `make test` proves it; both install what is missing.
# One Makefile, not recursive; everything that is built lands in build/.

# The host's own architecture where mote has it, else arm64 in the lab.
ARCH ?= $(if $(and $(filter ppc64le,$(shell uname -m)),$(wildcard arch/ppc64/exit.c)),ppc64,arm64)
VERSION := 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=

# What differs by guest and host architecture: Debian's name, the compiler's, ELF's.
DEB_arm64 := arm64
TRIPLET_arm64 := aarch64-linux-gnu
MUSL_arm64 := aarch64-linux-musl
ELF_arm64 := EM_AARCH64
RAM_arm64 := 0x40000000
LINUX_arm64 := arm64
RUNTIME_CFLAGS_arm64 := -mgeneral-regs-only -mno-outline-atomics

DEB_ppc64 := ppc64el
TRIPLET_ppc64 := powerpc64le-linux-gnu
MUSL_ppc64 := powerpc64le-linux-musl
ELF_ppc64 := EM_PPC64
RAM_ppc64 := 0
LINUX_ppc64 := powerpc64le
RUNTIME_CFLAGS_ppc64 := -msoft-float -mno-altivec -mno-vsx -Wa,-mregnames

TRIPLET := $(TRIPLET_$(ARCH))
$(if $(TRIPLET),,$(error ARCH=$(ARCH): there are arm64 and ppc64))
MACHINE := $(shell uname -m)
NATIVE := $(filter $(MACHINE),$(firstword $(subst -, ,$(TRIPLET))))
CROSS := $(if $(NATIVE),,$(TRIPLET)-)
CC := $(CROSS)gcc
HOSTCC ?= gcc

B := build/$(ARCH)
SYSROOT := $(B)/sysroot
LLHTTP := build/llhttp

WARN := -Wall -Wextra -Werror -Wstrict-prototypes -Wvla
CPPFLAGS := -D_GNU_SOURCE -DMOTE_VERSION='"$(VERSION)"' -DMOTE_ELF_MACHINE=$(ELF_$(ARCH)) -I.
CFLAGS := -std=gnu11 -O2 -g $(WARN) -Wmissing-prototypes -ffunction-sections -fdata-sections \
	-fstack-protector-strong -fno-pie -fno-unwind-tables -fno-asynchronous-unwind-tables
LDFLAGS := -static -Wl,--gc-sections,-z,relro,-z,now,-z,noexecstack,-z,max-page-size=65536
DEPFLAGS = -MMD -MP

# Short lines; V=1 shows the commands.
Q := $(if $(V),,@)
say = @printf '  %-8s %s\n' $(1) $@

all: $(B)/mote $(B)/mote-vmm $(B)/mote-cc examples

# ---- what the build machine needs ------------------------------------------------------
# The compiler, and sysroots unpacked from Debian packages of the guest architecture: no
# foreign architecture has to be added to the system.
DEPS_BUILD := gcc make libc6-dev python3 xz-utils \
	$(if $(NATIVE),,gcc-$(TRIPLET) libc6-dev-$(DEB_$(ARCH))-cross)
DEPS_TEST := $(DEPS_BUILD) libcmocka-dev libjansson-dev libfdt-dev curl cpio python3-yaml \
	gdb-multiarch
DEPS_FUZZ := $(DEPS_TEST) clang libclang-rt-dev
DEPS_LINT := clang-format clang-tidy shellcheck

deps-build:
	@lab/deps $(DEPS_BUILD)
deps-test:
	@lab/deps $(DEPS_TEST)
deps-fuzz:
	@lab/deps $(DEPS_FUZZ)
deps-lint:
	@lab/deps $(DEPS_LINT)

$(B)/.sysroot: | deps-build
	@mkdir -p $(@D)
	@tree=$$(lab/debs --no-deps $(DEB_$(ARCH)) sysroot musl-dev musl libfdt-dev \
		libjansson-dev linux-libc-dev) && ln -sfn "$$tree" $(SYSROOT)
	@touch $@
build/.llhttp: | deps-build
	@mkdir -p $(@D)
	@tree=$$(lab/debs --no-deps $$(dpkg --print-architecture) llhttp node-llhttp) && \
		ln -sfn "$$tree" $(LLHTTP)
	@touch $@

# ---- the monitor and the command line --------------------------------------------------
LIBDIR := $(SYSROOT)/usr/lib/$(TRIPLET)
# What runs on a KVM host has musl in it, as guests do (docs/adr/0022): its objects are made and
# linked by mote-cc. fortify.o stands in for what Debian's archives ask of glibc alone.
MUSL_CC = $(B)/mote-cc --arch $(ARCH)
MUSL_LINK = $(MUSL_CC) $(LDFLAGS) -o $1 $(filter %.o,$2) -Wl,--start-group $(filter %.a,$2) \
	$(LIBDIR)/libfdt.a $(LIBDIR)/libjansson.a -Wl,--end-group
INCLUDES := -isystem $(SYSROOT)/usr/include -isystem $(LLHTTP)/usr/share/include/llhttp

LLHTTP_SRC := api.c http.c llhttp.c
API_SRC := $(wildcard api/*.c)
CLI_SRC := $(wildcard api/cli/*.c)
VMM_SRC := $(wildcard vmm/*.c vmm/dev/*.c arch/$(ARCH)/*.c)
LIB_SRC := $(filter-out vmm/main.c,$(VMM_SRC)) $(API_SRC)
LIB_OBJ := $(LIB_SRC:%.c=$(B)/obj/%.o) $(B)/obj/api/openapi.o $(B)/obj/vmm/runtime_elf.o \
	$(LLHTTP_SRC:%.c=$(B)/llhttp/%.o)
CLI_OBJ := $(CLI_SRC:%.c=$(B)/obj/%.o)

# Each program takes what it needs. In mote-vmm, what a start uses lies together.
ORDER := $(wildcard arch/$(ARCH)/order.lds)
$(B)/libmote.a: $(LIB_OBJ)
	$(call say,AR)
	$(Q)rm -f $@ && $(CROSS)ar rcs $@ $^
$(B)/mote-vmm: LDFLAGS += -Wl,-Map=$@.map $(ORDER:%=-Wl,-T,%)
$(B)/mote-vmm: $(B)/obj/vmm/main.o $(B)/libmote.a $(ORDER)
$(B)/mote: $(CLI_OBJ) $(B)/libmote.a
$(B)/mote-vmm $(B)/mote:
	$(call say,LD)
	$(Q)$(call MUSL_LINK,$@.debug,$^)
	$(Q)$(CROSS)strip -o $@ $@.debug
	@chmod -x $@.debug

$(B)/mote-cc: guest-runtime/mote-cc
	@mkdir -p $(@D)
	$(Q)install -m 755 $< $@

$(B)/obj/%.o: %.c | $(B)/.sysroot build/.llhttp $(B)/mote-cc
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(MUSL_CC) $(DEPFLAGS) $(CPPFLAGS) $(CFLAGS) $(INCLUDES) -c -o $@ $<

$(B)/obj/vmm/runtime_elf.o: vmm/runtime_elf.S $(B)/runtime.elf
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -DMOTE_RUNTIME_ELF='"$(B)/runtime.elf"' -c -o $@ $<

$(B)/obj/api/openapi.o: api/openapi.S api/openapi.yaml
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -I. -c -o $@ $<

$(B)/llhttp/%.o: build/.llhttp | $(B)/.sysroot $(B)/mote-cc
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(MUSL_CC) -O2 -ffunction-sections -fdata-sections -I$(LLHTTP)/usr/share/include/llhttp \
		-c -o $@ $(LLHTTP)/usr/share/llhttp/$*.c

# ---- the guest runtime -------------------------------------------------------------------
RUNTIME_SRC := $(wildcard guest-runtime/*.c arch/$(ARCH)/guest/*.c arch/$(ARCH)/guest/*.S)
RUNTIME_OBJ := $(addprefix $(B)/,$(addsuffix .o,$(basename $(RUNTIME_SRC:%=runtime/%))))
RUNTIME_LDS := arch/$(ARCH)/guest/runtime.lds
RUNTIME_CFLAGS := -std=gnu11 -O2 -g $(WARN) -ffreestanding -fno-stack-protector -fno-pic -fno-pie \
	$(RUNTIME_CFLAGS_$(ARCH)) -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-merge-constants -I. -Iarch/$(ARCH)/guest

$(B)/runtime.elf: $(RUNTIME_OBJ) $(RUNTIME_LDS)
	$(call say,LD)
	$(Q)$(CC) -nostdlib -static -Wl,--gc-sections,--build-id=none,-z,max-page-size=4096 \
		-Wl,-z,noexecstack -T $(RUNTIME_LDS) -o $@.debug $(RUNTIME_OBJ) \
		$(LIBDIR)/libfdt.a -lgcc
	$(Q)$(CROSS)strip -o $@ $@.debug
	@chmod -x $@ $@.debug

$(B)/runtime/%.o: %.c | $(B)/.sysroot
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(DEPFLAGS) $(RUNTIME_CFLAGS) -c -o $@ $<
$(B)/runtime/%.o: %.S | $(B)/.sysroot
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(DEPFLAGS) $(RUNTIME_CFLAGS) -c -o $@ $<

# ---- examples and test programs for the guest ---------------------------------------------
EXAMPLES := $(patsubst examples/%.c,$(B)/examples/%,$(wildcard examples/*/*.c))
PROGRAMS := $(patsubst tests/programs/%.c,$(B)/programs/%,$(wildcard tests/programs/*.c))

examples: $(EXAMPLES)
$(B)/examples/%: examples/%.c $(B)/mote-cc | $(B)/.sysroot
	@mkdir -p $(@D)
	$(call say,MOTE-CC)
	$(Q)$(B)/mote-cc --arch $(ARCH) -O2 -Wall -Wextra -Werror -s -o $@ $<
$(B)/programs/%: tests/programs/%.c $(wildcard tests/programs/*.h tests/programs/$(ARCH)/*.h) \
		$(B)/mote-cc | $(B)/.sysroot
	@mkdir -p $(@D)
	$(call say,MOTE-CC)
	$(Q)$(B)/mote-cc --arch $(ARCH) -O2 $(PROGRAM_CFLAGS) -Wall -Wextra -Werror \
		-Itests/programs/$(ARCH) -o $@ $<
$(B)/programs/position: PROGRAM_CFLAGS := -static-pie
# Atomics by exclusives, in place.
PROGRAM_CFLAGS_arm64 := -mno-outline-atomics
$(B)/programs/debuggee: PROGRAM_CFLAGS := -g -O0 -fno-omit-frame-pointer $(PROGRAM_CFLAGS_$(ARCH))

# ---- run, test, lint, install --------------------------------------------------------------
run: all
	@job=$$(mktemp -d) && trap 'rm -rf "$$job"' EXIT && \
	cp examples/tour $(B)/examples/hello/hello "$$job" && \
	printf '#!/bin/sh\nexec ./tour ./hello\n' >"$$job/run" && chmod +x "$$job/run" && \
	lab/host $(ARCH) "$$job"

# Bare-metal guests (assembly alone, or C with what they share), and real programs that
# nobody here built.
GUEST_LIB := tests/guests/guest.c $(wildcard tests/guests/$(ARCH)/lib/*.[cS])
GUEST_HEADERS := vmm/dev/control_abi.h vmm/dev/vsock_abi.h \
	$(wildcard tests/guests/*.h tests/guests/$(ARCH)/lib/*.h)
GUEST_CFLAGS := -std=gnu11 -O2 $(WARN) -ffreestanding -fno-stack-protector -fno-pie \
	$(RUNTIME_CFLAGS_$(ARCH)) -I. -Itests/guests/$(ARCH)/lib
# Interrupts are taken at fixed addresses in low memory on ppc64.
GUEST_LDFLAGS_arm64 := -Wl,-Ttext=$(RAM_arm64)
GUEST_LDFLAGS_ppc64 := -Wl,-Ttext=0x10000,--section-start=.vectors=0x100
GUEST_LINK = $(CC) -nostdlib -static -I. $(GUEST_LDFLAGS_$(ARCH)) -Wl,-N,--build-id=none \
	-Wl,--no-warn-rwx-segments
GUESTS := $(patsubst tests/guests/$(ARCH)/%.S,$(B)/guests/%,$(wildcard tests/guests/$(ARCH)/*.S)) \
	$(patsubst tests/guests/$(ARCH)/%.c,$(B)/guests/%,$(wildcard tests/guests/$(ARCH)/*.c)) \
	$(patsubst tests/guests/%.c,$(B)/guests/%,$(filter-out $(GUEST_LIB),$(wildcard tests/guests/*.c)))
guests: $(GUESTS) $(B)/guests/runtime
$(B)/guests/runtime: $(B)/runtime.elf
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(B)/guests/%: tests/guests/$(ARCH)/%.S | deps-build
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(GUEST_LINK) -o $@ $<
$(B)/guests/%: tests/guests/%.c $(GUEST_LIB) $(GUEST_HEADERS) | deps-build
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(GUEST_LINK) $(GUEST_CFLAGS) -o $@ $< $(GUEST_LIB)
$(B)/guests/%: tests/guests/$(ARCH)/%.c $(GUEST_LIB) $(GUEST_HEADERS) | deps-build
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(GUEST_LINK) $(GUEST_CFLAGS) -o $@ $< $(GUEST_LIB)
$(B)/.real: | deps-build
	@mkdir -p $(B)/real
	@tree=$$(lab/debs --no-deps $(DEB_$(ARCH)) real busybox-static bash-static) && \
		cp $$tree/bin/busybox $$tree/bin/bash-static $(B)/real/
	@touch $@
# Debian's kernel, the one that the lab's hosts run, so that it is downloaded once. Which of
# these modules there are differs.
$(B)/.linux: tests/guests/linux-initrd $(B)/.real | deps-test
	@mkdir -p $(B)/linux
	@tree=$$(lab/debs $(DEB_$(ARCH)) lab-linux-6.1 linux-image-$(LINUX_$(ARCH))) && \
		cp $$tree/boot/vmlinu?-* $(B)/linux/Image && \
		$< $(B)/real/busybox $(B)/linux/initrd \
		$$(for module in virtio/virtio virtio/virtio_ring virtio/virtio_mmio char/virtio_console; do \
			find $$tree/usr/lib/modules/*/kernel/drivers/$$module.ko 2>/dev/null; done)
	@touch $@

# Its modules for a socket device, in the order in which they are loaded.
$(B)/linux/vsock: | $(B)/.linux
	@rm -rf $@.new && mkdir -p $@.new
	@tree=$$(lab/debs $(DEB_$(ARCH)) lab-linux-6.1 linux-image-$(LINUX_$(ARCH))) && number=0 && \
		for module in vsock vmw_vsock_virtio_transport_common vmw_vsock_virtio_transport; do \
		number=$$((number + 1)); \
		cp $$tree/usr/lib/modules/*/kernel/net/vmw_vsock/$$module.ko $@.new/$$number.ko || exit; done
	@mv $@.new $@

# A gdb for the hosts, where tests/run takes it.
$(B)/gdb/gdb: lab/gdb | deps-test
	@lab/gdb $(DEB_$(ARCH)) $(@D)

# The registers on a real KVM: a program for the hosts, made of the monitor's own parts.
REGISTERS_SRC := $(wildcard tests/registers/*.c tests/registers/$(ARCH)/*.c)
registers: $(B)/registers/registers
$(B)/registers/registers: $(REGISTERS_SRC:%.c=$(B)/obj/%.o) $(B)/libmote.a
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(call MUSL_LINK,$@,$^)

# What runs on the build machine is made around one architecture's half, whatever ARCH is.
HALF := arm64
of_half = $(if $(filter $(HALF),$(ARCH)),$1)
make_half = $(if $(filter $(HALF),$(ARCH)),@:,@$(MAKE) --no-print-directory ARCH=$(HALF) $@)

# Unit tests run there, with sanitizers and a scripted KVM in kvm.c's place.
U := $(B)/unit
HOST_CFLAGS := -std=gnu11 -O1 -g $(WARN) -isystem $(U)/include \
	-isystem $(LLHTTP)/usr/share/include/llhttp
UNIT_CFLAGS := $(HOST_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_SRC := $(filter-out vmm/main.c vmm/kvm.c vmm/fortify.c api/cli/main.c arch/%/counter.c,$(VMM_SRC) $(API_SRC) $(CLI_SRC)) \
	$(wildcard tests/fake/*.c)
UNIT_OBJ := $(UNIT_SRC:%.c=$(U)/obj/%.o) $(LLHTTP_SRC:%.c=$(U)/obj/llhttp/%.o) \
	$(U)/obj/api/openapi.o
UNIT_TESTS := $(patsubst tests/unit/%.c,$(U)/%,$(wildcard tests/unit/test_*.c))
UNIT_ASM := kvm ptrace hwcap sve_context

unit-tests: $(call of_half,$(UNIT_TESTS))
	$(make_half)
$(U)/.include: $(B)/.sysroot
	@mkdir -p $(U)/include/asm
	@for name in $(UNIT_ASM); do ln -sfn \
		"$$(realpath $(SYSROOT))/usr/include/$(TRIPLET)/asm/$$name.h" $(U)/include/asm/; done
	@touch $@
$(U)/obj/%.o: %.c | $(U)/.include build/.llhttp deps-test
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(HOSTCC) $(DEPFLAGS) $(CPPFLAGS) $(UNIT_CFLAGS) -c -o $@ $<
$(U)/obj/llhttp/%.o: build/.llhttp | deps-test
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(HOSTCC) -O1 -g -I$(LLHTTP)/usr/share/include/llhttp -c -o $@ \
		$(LLHTTP)/usr/share/llhttp/$*.c
$(U)/obj/api/openapi.o: api/openapi.S api/openapi.yaml | deps-test
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -I. -c -o $@ $<
$(U)/libmote.a: $(UNIT_OBJ)
	$(call say,AR)
	$(Q)rm -f $@ && ar rcs $@ $^
$(U)/test_%: $(U)/obj/tests/unit/test_%.o $(U)/libmote.a
	$(call say,LD)
	$(Q)$(HOSTCC) -fsanitize=address,undefined $(UNIT_WRAP:%=-Wl,--wrap=%) -o $@ \
		$(filter %.o,$^) $(filter %.a,$^) -lcmocka -ljansson -lfdt -lpthread
# ppc64's half and the register tables of POWER, with its own KVM header. Only tables and calls of
# vmm/arch.h cross from these objects to the others, so that it can be done everywhere.
UNIT_PPC64_OBJ := $(patsubst %.c,$(U)/obj/%.o,$(filter-out %/counter.c,$(wildcard arch/ppc64/*.c)))
UNIT_PPC64_TESTS := $(filter $(U)/test_ppc64_% $(U)/test_regs_ppc64 $(U)/test_regs_booke,$(UNIT_TESTS))
UNIT_PPC64_ALL := $(UNIT_PPC64_OBJ) $(UNIT_PPC64_TESTS:$(U)/%=$(U)/obj/tests/unit/%.o)
$(UNIT_PPC64_TESTS): $(UNIT_PPC64_OBJ)
$(UNIT_PPC64_ALL): CPPFLAGS += -isystem $(U)/include-ppc64
$(UNIT_PPC64_ALL): | $(U)/.include-ppc64
$(U)/.include-ppc64: | deps-build
	@mkdir -p $(U)/include-ppc64/asm
	@tree=$$(lab/debs --no-deps ppc64el sysroot-ppc64 linux-libc-dev) && ln -sfn \
		"$$tree/usr/include/powerpc64le-linux-gnu/asm/kvm.h" $(U)/include-ppc64/asm/
	@touch $@
# The runtime's parsers are plain C; what they need around them is made up.
UNIT_GUEST_OBJ := $(patsubst %.c,$(U)/obj/%.o,guest-runtime/cpio.c guest-runtime/node.c \
	guest-runtime/tty.c guest-runtime/tty_screen.c tests/fuzz/support/runtime.c)
$(U)/test_guest_cpio $(U)/test_guest_tty $(U)/test_guest_tty_host: $(UNIT_GUEST_OBJ)
$(U)/obj/guest-runtime/%.o: UNIT_CFLAGS += -ffreestanding -fno-sanitize=alignment
$(UNIT_GUEST_OBJ) $(U)/obj/tests/unit/test_guest_cpio.o: CPPFLAGS += -Iarch/$(ARCH)/guest
# The calls that tests/unit/faults.h lets fail.
$(U)/test_faults: UNIT_WRAP := malloc calloc realloc strdup asprintf mmap open read pread write \
	fstat lstat fstatat readlinkat fchmod renameat2 epoll_create1 epoll_ctl eventfd \
	timerfd_create socket bind listen accept4 getsockopt send recv getrandom sigaction \
	pthread_create
# A disk that fails.
$(U)/test_snapshot_faults: UNIT_WRAP := pwrite pread fsync rename ftruncate
# What is asked of the host's memory management, seen.
$(U)/test_prefetch: UNIT_WRAP := madvise

# The register engine explored, natively and fast: every sequence of operations up to a depth.
M := $(B)/model
MODEL_SRC := $(wildcard tests/model/*.c) \
	$(addprefix vmm/,regs.c regs_list.c reg_image.c error.c log.c metrics.c output.c)

model: $(call of_half,$(M)/explore)
	$(make_half)
$(M)/obj/%.o: %.c | $(U)/.include deps-test
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(HOSTCC) $(DEPFLAGS) $(CPPFLAGS) $(HOST_CFLAGS) -O2 -c -o $@ $<
$(M)/libmodel.a: $(MODEL_SRC:%.c=$(M)/obj/%.o)
	$(call say,AR)
	$(Q)rm -f $@ && ar rcs $@ $^
$(M)/explore: $(M)/libmodel.a
	$(call say,LD)
	$(Q)$(HOSTCC) -o $@ $< -ljansson

# Fuzz targets: one for each parser of untrusted bytes, by clang, with what they need.
F := $(B)/fuzz
FUZZ_CFLAGS := $(HOST_CFLAGS) -Wno-missing-field-initializers \
	-fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
FUZZ_SRC := $(API_SRC) $(filter-out vmm/main.c vmm/kvm.c vmm/fortify.c vmm/dev/stream.c arch/%/counter.c,$(VMM_SRC)) \
	$(addprefix guest-runtime/,cpio.c node.c elf.c) $(wildcard tests/fuzz/support/*.c)
FUZZ_OBJ := $(FUZZ_SRC:%.c=$(F)/obj/%.o) $(LLHTTP_SRC:%.c=$(F)/obj/llhttp/%.o) \
	$(U)/obj/api/openapi.o
FUZZERS := $(patsubst tests/fuzz/%.c,$(F)/%,$(wildcard tests/fuzz/fuzz_*.c))

fuzzers: $(call of_half,$(FUZZERS))
	$(make_half)
$(F)/obj/%.o: %.c | $(U)/.include build/.llhttp deps-fuzz
	@mkdir -p $(@D)
	$(call say,CLANG)
	$(Q)clang $(DEPFLAGS) $(CPPFLAGS) $(FUZZ_CFLAGS) -c -o $@ $<
# The runtime is freestanding, and made for a CPU that takes unaligned accesses.
$(F)/obj/guest-runtime/%.o: FUZZ_CFLAGS += -ffreestanding -fno-sanitize=alignment
$(F)/obj/guest-runtime/%.o $(F)/obj/tests/fuzz/%.o: CPPFLAGS += -Iarch/$(ARCH)/guest
$(F)/obj/llhttp/%.o: build/.llhttp | deps-fuzz
	@mkdir -p $(@D)
	$(call say,CLANG)
	$(Q)clang $(FUZZ_CFLAGS) -w -c -o $@ $(LLHTTP)/usr/share/llhttp/$*.c
$(F)/libmote.a: $(FUZZ_OBJ)
	$(call say,AR)
	$(Q)rm -f $@ && ar rcs $@ $^
$(F)/fuzz_%: $(F)/obj/tests/fuzz/fuzz_%.o $(F)/libmote.a
	$(call say,LD)
	$(Q)clang -fsanitize=fuzzer,address,undefined -o $@ $^ -ljansson -lpthread

# The unit tests of what threads meet in, under the thread sanitizer.
T := $(B)/tsan
# The one fence there is, in virtqueue.c, orders us and the guest, not two threads of ours.
TSAN_CFLAGS := $(HOST_CFLAGS) -Wno-tsan -fsanitize=thread
TSAN_OBJ := $(UNIT_SRC:%.c=$(T)/obj/%.o) $(filter-out $(UNIT_SRC:%.c=$(U)/obj/%.o),$(UNIT_OBJ))
TSAN_NAMES := control debug_vm lifecycle loop metrics stream threads vcpu vcpu_call vcpu_power virtio_console virtio_vsock vm vm_run watchdog
TSAN_TESTS := $(filter $(TSAN_NAMES:%=$(T)/test_%),$(UNIT_TESTS:$(U)/%=$(T)/%))

tsan-tests: $(call of_half,$(TSAN_TESTS))
	$(make_half)
$(T)/obj/%.o: %.c | $(U)/.include build/.llhttp deps-test
	@mkdir -p $(@D)
	$(call say,TSAN)
	$(Q)$(HOSTCC) $(DEPFLAGS) $(CPPFLAGS) $(TSAN_CFLAGS) -c -o $@ $<
$(T)/libmote.a: $(TSAN_OBJ)
	$(call say,AR)
	$(Q)rm -f $@ && ar rcs $@ $^
$(T)/test_%: $(T)/obj/tests/unit/test_%.o $(T)/libmote.a
	$(call say,LD)
	$(Q)$(HOSTCC) -fsanitize=thread -o $@ $^ -lcmocka -ljansson -lfdt -lpthread

# An installed tree for the tests to run from.
$(B)/.install: all
	@rm -rf $(B)/install
	@$(MAKE) --no-print-directory install DESTDIR=$(B)/install PREFIX=/opt/m >/dev/null
	@touch $@

# The API's document for tests on a host that reads no YAML.
$(B)/api/openapi.json: api/openapi.yaml | deps-test
	@mkdir -p $(@D)
	$(Q)python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)' <$< >$@

# Both, unless ARCH is given.
TEST_ARCHES := $(if $(filter file,$(origin ARCH)),arm64 ppc64,$(ARCH))
TEST_RUN = tests/run $(TEST_ARCHES:%=--arch %)
test-hosted: deps-test all guests registers $(B)/api/openapi.json $(B)/.real $(B)/.linux $(B)/linux/vsock $(B)/gdb/gdb $(PROGRAMS) $(B)/.install
test-hosts:
	@for arch in $(TEST_ARCHES); do $(MAKE) --no-print-directory ARCH=$$arch test-hosted || exit; done
test-build: test-hosts unit-tests model fuzzers tsan-tests
test: test-build
	@$(TEST_RUN) $(TESTS)
test-long: test-build
	@$(TEST_RUN) --long $(TESTS)
# The same cases on both, side by side; a whole run's table goes into the document.
parity: TEST_ARCHES := arm64 ppc64
parity: test-hosts
	@$(TEST_RUN) --parity $(or $(TESTS),--publish docs/architecture.md)

# ---- measure -----------------------------------------------------------------------------
# In one saved state of a host that counts instructions. BENCH='start/mote memory' takes some
# of the rows of bench/rows.py; the figures in docs/ are those of a whole run.
BENCH_SRC := bench/firstbyte.c bench/registers.c bench/sleeper.c bench/counter.c bench/dirtier.c bench/stream.c $(wildcard bench/$(ARCH)/*.[cS])
BENCH_BIN := $(B)/bench/hello-host $(addprefix $(B)/bench/,$(notdir $(basename $(BENCH_SRC)))) \
	$(B)/bench/stream-initrd

$(B)/bench/hello-host: examples/hello/hello.c | deps-build
$(B)/bench/firstbyte: bench/firstbyte.c | deps-build
$(B)/bench/minimal: bench/$(ARCH)/minimal.c | deps-build
$(B)/bench/hello-host $(B)/bench/firstbyte $(B)/bench/minimal:
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -std=gnu11 -O2 $(WARN) -static -o $@ $<
$(B)/bench/registers: $(B)/obj/bench/registers.o $(B)/libmote.a
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(call MUSL_LINK,$@,$^) -s
$(B)/bench/bare-%: bench/$(ARCH)/bare-%.S $(wildcard bench/$(ARCH)/*.inc) | deps-build
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(GUEST_LINK) -o $@ $<
$(addprefix $(B)/bench/,sleeper counter dirtier stream): $(B)/bench/%: bench/%.c $(B)/mote-cc | $(B)/.sysroot
	@mkdir -p $(@D)
	$(call say,MOTE-CC)
	$(Q)$(B)/mote-cc --arch $(ARCH) -O2 -Wall -Wextra -Werror -s -o $@ $<

$(B)/bench/stream-initrd: bench/stream-initrd $(B)/bench/stream | $(B)/.linux
	$(call say,INITRD)
	$(Q)$< $(B)/linux/initrd $(B)/bench/stream $@

bench: all $(BENCH_BIN)
	@bench/run --arch $(ARCH) $(BENCH)
	$(if $(BENCH),,@bench/publish $(ARCH))

# What a start uses, measured anew: once mote-vmm has come to use other files.
order: all
	@job=$$(mktemp -d) && trap 'rm -rf "$$job"' EXIT && \
	cp $(B)/examples/hello/hello $(B)/examples/cat/cat "$$job" && cp bench/order "$$job/run" && \
	cp $(B)/mote-vmm.map "$$job/map" && $(CROSS)nm $(B)/mote-vmm.debug >"$$job/functions" && \
	lab/host $(ARCH) "$$job" && cp "$$job/out/order.lds" arch/$(ARCH)/

C_FILES = $(shell git ls-files '*.c' '*.h')
tidy = clang-tidy --quiet -p $(1) 2>/dev/null
lint: deps-lint deps-test $(U)/.include $(U)/.include-ppc64 build/.llhttp
	@tests/lint/layers
	@clang-format --dry-run --Werror $(C_FILES)
	@shellcheck $$(git ls-files | xargs grep -lE '^#!/(bin/|usr/bin/env )(ba)?sh' )
	@printf '%s\n' $(CPPFLAGS) -I$(CURDIR) -std=gnu11 -isystem$(CURDIR)/$(U)/include \
		-isystem$(CURDIR)/$(LLHTTP)/usr/share/include/llhttp >$(U)/compile_flags.txt
	@echo -isystem$(CURDIR)/$(U)/include-ppc64 | \
		cat - $(U)/compile_flags.txt >$(U)/include-ppc64/compile_flags.txt
	@printf '%s\n' $(filter vmm/% api/% arch/%,$(UNIT_SRC)) | \
		xargs -P $$(nproc) -n 8 $(call tidy,$(U))
	@$(call tidy,$(U)/include-ppc64) $(wildcard arch/ppc64/*.c)
	@echo 'lint: nothing found'

MAN := $(patsubst docs/man/%.scd,$(B)/man/%,$(wildcard docs/man/*.scd))
$(B)/man/%: docs/man/%.scd | deps-install
	@mkdir -p $(@D)
	@scdoc <$< >$@
deps-install:
	@lab/deps scdoc

TO = $(DESTDIR)$(PREFIX)
install: all $(MAN)
	install -d '$(TO)/bin' '$(TO)/lib/mote/musl/$(ARCH)' '$(TO)/share/bash-completion/completions'
	install -m 755 $(B)/mote $(B)/mote-vmm $(B)/mote-cc '$(TO)/bin'
	install -m 644 $(B)/runtime.elf.debug '$(TO)/lib/mote/runtime.debug'
	cp -rL --no-preserve=ownership $(SYSROOT)/usr/include/$(MUSL_$(ARCH)) \
		$(SYSROOT)/usr/lib/$(MUSL_$(ARCH)) '$(TO)/lib/mote/musl/$(ARCH)'
	for page in $(MAN); do install -D -m 644 $$page \
		'$(TO)'/share/man/man$${page##*.}/$${page##*/} || exit; done
	install -m 644 docs/completion/mote.bash '$(TO)/share/bash-completion/completions/mote'

clean:
	rm -rf build

.PHONY: all examples guests registers unit-tests model fuzzers tsan-tests run test test-hosted test-hosts test-build test-long parity bench order \
	lint install clean deps-build deps-test deps-fuzz deps-lint deps-install
.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell find build -name '*.d' 2>/dev/null)
