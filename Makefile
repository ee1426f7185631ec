# SPDX-License-Identifier: GPL-2.0
# A failed swap read is never mistaken for data: from a base and a series to
# kernels, booted and judged.  "make help" lists the commands.

# --- Knobs: set them on the command line or in the environment ---------------

# one of series/; without it, 6.2 if its source is here, else 6.1
BASE	?=
# one kernel only: stock, before, after, debug, without-FIX or wrong-FIX, or debug-without-FIX
KERNEL	?= $(filter debug,$(MAKECMDGOALS))
# a tree to take as the base's source
KSRC	?=
# where everything made goes
B	?= build
JOBS	?= $(shell nproc)
# seconds that a guest may take, its CPUs, its memory in MiB, more for its command line
LIMIT	?= $(if $(filter debug debug-% ksft,$(KERNEL)),900,300)
SMP	?= 2
MEM	?= $(if $(filter debug debug-%,$(KERNEL))$(filter 64k,$(PAGES)),1024,512)
CMDLINE	?=
# a file with options for the kernels, on top of those in lab/guest
CONFIG	?=
# another than Debian's for the machine
QEMU	?=
# x86_64, or arm64 or s390x, which are cross-built; of arm64, pages of 4k, 16k or 64k
MACHINE	:= $(if $(filter command line,$(origin ARCH)),$(ARCH),x86_64)
PAGES	?= 4k
# kvm, tcg, or auto: kvm where it works
ACCEL	?= auto
# the tests, of tools/testing/selftests/mm; without it, all that the series adds
TESTS	?=
# only the cases that match, as 'swapin_error.*fork*'; so many times
CASE	?=
REPEAT	?= 1
# make compare: two of the runs that are kept in build/runs
FROM	?=
TO	?=
# make fuzz: options of swapin_error_fuzz; --help lists them
FUZZ	?= --seed=1
# make controls: all cases on each, not only those that it must fail in
FULL	?=
# what else to boot: a guest image, a static test program
INITRD	?=
TEST	?=
# make series, send: which topic of series/BASE; tags to add to each patch, apart by ;
TOPIC	?=
TAGS	?=
# make series: which version of it; make send: what git send-email is told, as --to=ADDRESS
V	?= 1
SENDFLAGS ?= --dry-run
# make grid: only these configs of lab/checks/grid; with which compilers
GRID	?=
CCS	?= gcc clang
# make judge: a kernel image, its /lib/modules/RELEASE; or the Debian package of both
VMLINUZ	?=
MODULES	?=
PACKAGE	?=
# where Debian's linux-source packages have their archives; another place to download from
DEBSRC	?= /usr/src
URL	?=
SHA256	?=

# -----------------------------------------------------------------------------

# What make, or the shells that it starts, would take for something else than a name.
odd	= $(strip $(foreach c,' " ` $$ ; & | < > * ? [ ] { } ~ % \ : = !,$(findstring $c,$1)) $(findstring #,$1) \
	  $(findstring $(open),$1) $(findstring $(close),$1))
open	:= (
close	:= )
$(foreach v,CASE CMDLINE TESTS,$(if $(findstring ',$(value $v)),$(error $v=$(value $v): leave ' out)))
$(foreach v,B KSRC VMLINUZ MODULES INITRD TEST CONFIG DEBSRC CURDIR,\
	$(if $(word 2,$(value $v))$(call odd,$(value $v)),$(error $v=$(value $v): make cannot quote this: name \
	$(if $(filter CURDIR,$v),a checkout in )a path without spaces and signs)))
$(if $(B),,$(error B= is empty: name the folder for what is made))
$(if $(MAKEFILES),$(error MAKEFILES is set, and read by every make: unset it))

ifndef START
START	:= $(shell date +%s.$$PPID)
endif
ifneq ($(filter-out x86_64-4k arm64-4k arm64-16k arm64-64k s390x-4k,$(MACHINE)-$(PAGES)),)
$(error ARCH=$(MACHINE) PAGES=$(PAGES): the lab boots x86_64, s390x, and arm64 with pages of 4k, 16k or 64k)
endif
ifneq ($(MACHINE),x86_64)
override B := $(patsubst %/$(MACHINE)-$(PAGES),%,$(B))/$(MACHINE)-$(PAGES)
endif
export MACHINE PAGES B JOBS LIMIT SMP MEM CMDLINE CONFIG QEMU ACCEL KSRC DEBSRC URL SHA256 START VMLINUZ \
	MODULES PACKAGE SENDFLAGS GRID CCS FULL FUZZ REPEAT TAGS

BASES	= $(shell . lab/series.sh && bases)
# Stages die with their make.
RUN	= @setpriv --pdeathsig TERM
DEPS	= gcc libc6-dev make bc bison flex libelf-dev xz-utils cpio rsync git curl \
	  ca-certificates qemu-system-x86 busybox-static util-linux \
	  $(if $(filter arm64,$(MACHINE)),gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm) \
	  $(if $(filter s390x,$(MACHINE)),gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-system-misc)
CHECK_DEPS = procps shellcheck sparse codespell perl python3-ply python3-git \
	     libtap-formatter-junit-perl git-email libmailtools-perl b4 python3-docutils \
	     linux-source-6.1 linux-source-6.12 kmod zstd
CROSS	= clang libssl-dev gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf gcc-powerpc64le-linux-gnu \
	  gcc-riscv64-linux-gnu gcc-s390x-linux-gnu
COCCI	= coccinelle ocaml-nox ocaml-findlib

all: verdict

# Two kernel builds never run at once: make starts one thing after the other, but for the
# guests of the targets below.
ifndef LAB_GUESTS
.NOTPARALLEL:
else
export LAB_GUESTS
endif
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help clean distclean check check-all matrix judge bundle controls coverage warnings \
	each bisect grid ksft debug fuzz hunt bench devices regress cocci sender series send results report list compare where deps source tree \
	kernel tests image boot verdict shell gdb named FORCE

#: make                     the verdict: deps, source, tree, kernels, tests, boots, table
#: make BASE=6.2 KSRC=DIR   the same on 6.2, from the source in DIR
#: make KERNEL=stock        one kernel only: stock, before, after, debug, topic-NAME (as in
#:                          series/BASE), without-FIX, wrong-FIX (FIX as in patches/fix and
#:                          patches/wrong), the last two with the cases that they must fail
#:                          in; FULL=1 with all; debug-without-FIX with the options of debug
#: make ARCH=arm64 [PAGES=64k]   the same, cross-built, on QEMU's arm64
#: make ARCH=s390x          and on a big-endian machine
#: make CASE='swapin_error.*fork*' [REPEAT=N]   only these cases, N times
#: make list                the cases, and what each is about
#: make compare [FROM=RUN TO=RUN]   what differs between two runs, of those in build/runs
#: make matrix              stock, before and after on every base that can be had
#: make judge VMLINUZ=FILE [MODULES=DIR]   the verdict on a kernel that is built already
#: make judge PACKAGE=linux-image-amd64    the same, on a Debian package
#: make bundle              a tarball that runs the tests on any machine
#: make controls            each fix left out, each wrong one taken: they must fail
#: make coverage            what the tests reach of the code that knows swapin errors
#: make warnings            what W=1 and sparse say of each patch of the series
#: make each                after each patch of the series: warnings, boot, tests
#: make bisect CASE=TEST    the patch that fixes a test, by git bisect
#: make series [TOPIC=NAME] [V=2]   the mails: a cover letter and the patches, yours to send
#: make send [SENDFLAGS=]   git send-email of them: by default as a dry run
#: make debug               all tests and the fuzzer under KASAN, lockdep, kmemleak and others
#: make fuzz [FUZZ='--seed=5 --seconds=60']   random steps on pages that may get lost
#: make hunt                the same on each fix left out: it must find what that is for
#: make devices             what is lost on each kind of swap: zram, a file, LVM, ...
#: make regress             the base's own mm tests and stress-ng, on stock and after
#: make bench               what it costs, in instructions a page
#: make ksft                the tests as mm's CI runs them: defconfig, ksft_swapin_error.sh
#: make grid                the touched files in the configs of lab/checks/grid, gcc and clang
#: make cocci               the tree's coccicheck on the touched files
#: make check               everything that must hold before a change goes in
#: make check-all           what takes longer too: each patch, the grid, coverage
#: make deps source tree kernel tests image boot    one stage, and those before it
#: make shell KERNEL=after  a shell in the guest, with the tests in it
#: make gdb KERNEL=debug    gdb on the guest, from its first instruction
#: make boot INITRD=FILE    boot a guest image of yours; TEST=FILE a static program
#: make where KERNEL=after  the paths of what is made, one name=path a line
#: make results             put the tables of the last verdicts into RESULTS.md, README.md
#: make report              the same, and draw the plots of them, with gnuplot
#: make clean, distclean    remove what was built; the sources and build/ too
#:
#: The knobs are at the top of the Makefile.
help:
	@sed -n 's/^#: \{0,1\}//p' Makefile

clean distclean:
	@lab/stages/clean.sh $@

check:
	@lab/stages/deps.sh $(DEPS) $(CHECK_DEPS)
	$(RUN) lab/t/check.sh

# The long ones, on the bases that can be had.
check-all:
	@lab/stages/deps.sh $(DEPS) $(CHECK_DEPS) $(CROSS) $(COCCI)
	@echo "check-all: check, and: each patch of the series booted on its own, a bisection,"
	@echo "check-all: all cases on each control, the grid of configs and compilers, coccicheck,"
	@echo "check-all: coverage, KASAN and lockdep, other options, sizes and machines"
	$(RUN) env T="lab/t/*.t lab/t/all/*.t" lab/t/check.sh

matrix:
	@lab/stages/deps.sh $(DEPS)
	@lab/checks/matrix.sh $(BASES)

results:
	@lab/checks/results.sh
report:
	@lab/stages/deps.sh gnuplot-nox
	@lab/checks/results.sh
compare:
	@lab/checks/compare.sh $(FROM) $(TO)

list:
	@lab/checks/list.sh '$(CASE)'

# The tests of the newest base that has a package know the most ioctls, and skip where a
# kernel does not.
NEWEST	= $(lastword $(shell . lab/series.sh && for base in $$(bases); do \
		[ -z "$$(about $$base package)" ] || echo $$base; done))
judge bundle:
	@lab/stages/deps.sh $(DEPS) $(if $(filter judge,$@),kmod zstd)
	@$(MAKE) --no-print-directory BASE=$(NEWEST) KSRC= tests
	$(RUN) lab/$(if $(filter judge,$@),checks,guest)/$@.sh $(B)/$(NEWEST)/tests \
		$(if $(filter bundle,$@),$(B)/swapin-tests.tar.gz)

ifeq ($(BASE),)
# Choose a base, and start again with it.
deps source tree kernel tests image boot verdict shell gdb where controls coverage warnings \
each bisect grid ksft debug fuzz hunt bench devices regress cocci series send:
	@base=$$(. lab/lib.sh && . lab/series.sh && default_base) && \
		exec setpriv --pdeathsig TERM $(MAKE) --no-print-directory BASE=$$base $@
else ifneq ($(words $(BASE)) $(filter-out $(BASES),$(BASE)),1 )
$(filter-out help clean distclean check check-all matrix results report compare list judge bundle,$(sort all verdict $(MAKECMDGOALS))):
	@echo "error: there is no base $(BASE): the bases are $(BASES)" >&2; exit 1
else

D	= $(B)/$(BASE)
ONE	= $(or $(KERNEL),after)
KERNELS	= $(or $(KERNEL),before after)
PATCHES	= series/$(BASE) $(shell find patches -name '*.patch')
ADDED	= $(shell sed -n 's/^Adds: //p' patches/*/*.patch)

deps:
	$(RUN) lab/stages/deps.sh $(DEPS) $(if $(KSRC),,$(shell . lab/series.sh && about $(BASE) package))

# source.sh and tree.sh leave their results alone where nothing has changed.
$(D)/source.id: FORCE | deps
	$(RUN) lab/stages/source.sh $(BASE)

$(D)/%/ref.done: $(D)/source.id $(PATCHES) $(ADDED) lab/stages/tree.sh lab/series.sh
	$(RUN) lab/stages/tree.sh $(BASE) $*
	@touch $@
$(D)/%/ref: $(D)/%/ref.done ;

PROGRAMS = $(or $(TESTS),$(shell . lab/series.sh && tests $(BASE)))

# What knobs say, in files that change when they do.
define says
	@. lab/lib.sh; . lab/series.sh; ours $(@D); { echo '$(strip $1)'; $2; } | replace $@
endef
$(D)/tests.knobs: $(D)/after/ref FORCE
	$(call says,$(PROGRAMS),tests_from $(BASE))
$(D)/%/kernel.knobs: FORCE | $(D)/%/ref
	$(call says,$(CONFIG),cat $(or $(CONFIG),/dev/null))
$(D)/%/boot.knobs: FORCE | $(D)/%/ref
	$(call says,$(QEMU) $(ACCEL) $(SMP) $(MEM) $(CMDLINE),only $(BASE) $*)

# Kernels are built one after the other, in the order in which they were asked for.
$(D)/%/bzImage: $(D)/%/ref $(D)/%/kernel.knobs $(wildcard lab/guest/*.config lab/guest/race/*) \
		lab/stages/kernel.sh
	$(RUN) lab/stages/kernel.sh $(BASE) $*
$(D)/gcov/bzImage: lab/guest/gcov.mk
one_after = $(if $(word 2,$1),$(eval $(D)/$(word 2,$1)/bzImage: | $(D)/$(word 1,$1)/bzImage)$(call \
	one_after,$(wordlist 2,$(words $1),$1)))
# First all trees, for which they would wait while another is built.  With -k, one that fails
# is not to keep make from the next.
ifeq ($(findstring k,$(firstword -$(MAKEFLAGS))),)
$(call one_after,$(GUEST_KERNELS))
$(GUEST_KERNELS:%=$(D)/%/bzImage): | $(GUEST_KERNELS:%=$(D)/%/ref)
endif

$(D)/tests/.done: $(D)/tests.knobs lab/stages/tests.sh
	$(RUN) lab/stages/tests.sh $(BASE) $(PROGRAMS)

$(D)/guest.cpio: $(D)/tests/.done lab/guest/init lab/stages/image.sh
	$(RUN) lab/stages/image.sh $@ lab/guest/init $(D)/tests/*

$(D)/%/run/results.log: $(D)/%/bzImage $(D)/guest.cpio $(D)/%/boot.knobs \
		lab/stages/boot.sh lab/guest/qemu.sh
	$(RUN) lab/stages/boot.sh $(BASE) $*

$(D)/%/verdict: $(D)/%/run/results.log lab/stages/verdict.sh lab/stages/verdict.awk
	$(RUN) lab/stages/verdict.sh $(@D)

# judged KERNELS: their verdicts; guests run side by side, and beside the next kernel's build.
define judged
	+@guests=$$(. lab/lib.sh && . lab/guest/qemu.sh && guests) && \
		exec setpriv --pdeathsig TERM $(MAKE) --no-print-directory -j$$guests \
		LAB_GUESTS=$$guests BASE=$(BASE) GUEST_KERNELS='$(strip $1)' $(1:%=$(D)/%/verdict)
endef

# What must fail, fails: each fix left out, each wrong one taken.
CONTROLS = $(shell . lab/series.sh && controls $(BASE))
controls: | deps
	$(call judged,before after $(CONTROLS))
	@lab/stages/report.sh verdict $(BASE) before after $(CONTROLS)
	@lab/stages/report.sh controls $(BASE) before $(CONTROLS)

coverage: $(D)/gcov/verdict
	@lab/checks/coverage.sh $(BASE)

# The kernels after each patch of the series, each-0 being the one before the first.
EACH	= $(shell . lab/series.sh && each $(BASE))
$(D)/devices-after/configured: $(D)/devices-after/ref $(D)/devices-after/kernel.knobs $(wildcard lab/guest/*.config)
	$(RUN) lab/stages/kernel.sh $(BASE) devices-after config
	@touch $@
$(D)/warnings/.done: $(D)/devices-after/configured $(patsubst %,$(D)/%/ref,stock $(EACH) after) lab/checks/warnings.sh
	@lab/stages/deps.sh sparse
	$(RUN) lab/checks/warnings.sh $(BASE)
warnings: $(D)/warnings/.done

each: $(D)/warnings/.done
	$(call judged,$(EACH))
	@lab/stages/report.sh each $(BASE) $(EACH)

# Before anything is built for a case that there is not.
named:
	@lab/checks/list.sh '$(CASE)' >/dev/null
bisect: named $(EACH:%=$(D)/%/ref) $(D)/guest.cpio
	@lab/checks/bisect.sh $(BASE) '$(CASE)'

# Random steps, on after unless KERNEL= names another.
fuzz: $(D)/$(ONE)/bzImage $(D)/tests/.done
	$(RUN) lab/checks/fuzz.sh $(BASE) $(ONE) $(FUZZ)

# What it must find: what each fix is for, left out.
HUNTED	= $(if $(filter hunt,$(MAKECMDGOALS)),$(shell . lab/series.sh && hunted $(BASE)))
hunt: $(HUNTED:%=$(D)/%/bzImage) $(D)/tests/.done
	$(RUN) lab/checks/hunt.sh $(BASE) $(HUNTED)

# The tests, then these steps, on a kernel that looks closer.
debug: verdict fuzz

# As mm's CI does: defconfig and selftests/mm/config, ksft_swapin_error.sh in a larger guest.
ksft: $(D)/ksft/bzImage $(D)/tests/.done
	@lab/stages/deps.sh kmod
	$(RUN) lab/checks/ksft.sh $(BASE)

# On each kind of swap, before and after, what swapoff and a fault lose.
devices: $(D)/devices-before/bzImage $(D)/devices-after/bzImage $(D)/tests/.done
	@lab/stages/deps.sh e2fsprogs
	$(RUN) lab/checks/devices.sh $(BASE) devices-before devices-after

# What no one here wrote.
regress: $(D)/stock/bzImage $(D)/after/bzImage $(D)/tests/.done
	@lab/stages/deps.sh stress-ng libnuma-dev libcap-dev
	$(RUN) lab/checks/regress.sh $(BASE) stock after

# What it costs: instructions a page, counted.
bench: $(D)/stock/bzImage $(D)/before/bzImage $(D)/after/bzImage $(D)/tests/.done
	@lab/stages/deps.sh python3
	$(RUN) lab/checks/bench.sh $(BASE) stock before after

grid: $(D)/after/ref
	@lab/stages/deps.sh $(CROSS)
	$(RUN) lab/checks/grid.sh $(BASE)

cocci: $(D)/after/ref
	@lab/stages/deps.sh $(COCCI)
	$(RUN) lab/checks/cocci.sh $(BASE)

sender:
	@lab/stages/deps.sh $(DEPS) git-email libmailtools-perl perl
	@. lab/mail/sender.sh && who_sends >/dev/null
# Before anything is built for a version that cannot be.
mailed = kernel=$$(. lab/lib.sh && . lab/series.sh && mailed $(BASE) $(TOPIC)) &&
series: sender
	@$(mailed) lab/mail/series.sh $(BASE) $$kernel $(V) ask
	+@$(mailed) $(MAKE) --no-print-directory BASE=$(BASE) $(D)/before/verdict $(D)/$$kernel/verdict
	@$(mailed) exec setpriv --pdeathsig TERM lab/mail/series.sh $(BASE) $$kernel $(V)
send: sender
	@$(mailed) lab/mail/send.sh $(BASE) $$kernel

where:
	@lab/stages/where.sh $(BASE) $(ONE)

shell gdb: $(D)/$(ONE)/bzImage $(D)/guest.cpio
	@$(if $(filter gdb,$@),lab/stages/deps.sh gdb &&) lab/guest/shell.sh $@ $(BASE) $(ONE)

# With INITRD=, boot a guest image of the user's own, and exit as QEMU does; with TEST=,
# run a static program of the user's own as the only test, and judge its KTAP; without
# either, run the tests again.
ifneq ($(INITRD),)
boot: $(D)/$(ONE)/bzImage
	@lab/guest/shell.sh $(INITRD) $(BASE) $(ONE)
else ifneq ($(TEST),)
boot: $(D)/$(ONE)/bzImage
	$(RUN) lab/stages/image.sh $(D)/test.cpio lab/guest/init $(TEST)
	$(RUN) lab/stages/boot.sh $(BASE) $(ONE) $(D)/test.cpio $(D)/test
	$(RUN) lab/stages/verdict.sh $(D)/test
	@cat $(D)/test/results.tap
	@! grep -P '^[^\t]*\tfail' $(D)/test/verdict
else
boot: $(D)/$(ONE)/bzImage $(D)/guest.cpio
	@rm -rf $(D)/$(ONE)/run
	@$(MAKE) --no-print-directory BASE=$(BASE) KERNEL=$(ONE) CASE= verdict
	@cat $(D)/$(ONE)/results.tap
endif

source: $(D)/source.id
tree: $(ONE:%=$(D)/%/ref)
kernel: $(ONE:%=$(D)/%/bzImage)
tests: $(D)/tests/.done
image: $(D)/guest.cpio

ifneq ($(CASE)$(filter-out 1,$(REPEAT)),)
verdict: named $(KERNELS:%=$(D)/%/bzImage) $(D)/guest.cpio
	$(RUN) lab/checks/some.sh $(BASE) '$(CASE)' $(KERNELS)
else ifeq ($(word 2,$(KERNELS)),)
verdict: $(D)/$(KERNELS)/verdict
	@lab/stages/report.sh verdict $(BASE) $(KERNELS)
else
verdict: | deps
	$(call judged,$(KERNELS))
	@lab/stages/report.sh verdict $(BASE) $(KERNELS)
endif
endif
