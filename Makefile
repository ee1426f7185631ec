# A failed swap read is never mistaken for data: from a base and a series to
# kernels, booted and judged.  "make help" lists the commands.

# --- Knobs: set them on the command line or in the environment ---------------

# 6.1, 6.2 or 6.12; without it, 6.2 if its source can be had, else 6.1
BASE	?=
# one kernel only: stock, before, after, debug, without-FIX or wrong-FIX
KERNEL	?=
# a tree to take as the base's source
KSRC	?=
# where everything made goes
B	?= build
JOBS	?= $(shell nproc)
# seconds that a guest may take, its CPUs, its memory in MiB
LIMIT	?= $(if $(filter debug,$(KERNEL)),900,300)
SMP	?= 2
MEM	?= $(if $(filter debug,$(KERNEL)),1024,512)
QEMU	?= qemu-system-x86_64
# kvm, tcg, or auto: kvm where it works
ACCEL	?= auto
# the tests, of tools/testing/selftests/mm
TESTS	?= swapin_error swapin_error_access swapin_error_fill swapin_error_shmem swapin_error_uffd \
	   swapin_race
# what else to boot: a guest image, a static test program
INITRD	?=
TEST	?=
# make series: which version of it; make send: what git send-email is told
V	?= 1
SENDFLAGS ?= --dry-run
# make grid: only these configs of lab/grid; with which compilers
GRID	?=
CCS	?= gcc clang
# make bisect: a test, swapin_error.fork_read or swapin_error.ksm.fork_read
CASE	?=
# make judge: a kernel image, its /lib/modules/RELEASE; or the Debian package of both
VMLINUZ	?=
MODULES	?=
PACKAGE	?=
# where Debian's linux-source packages have their archives
DEBSRC	?= /usr/src
URL_62	?= https://cdn.kernel.org/pub/linux/kernel/v6.x/linux-6.2.tar.xz
SHA256_62 ?= 74862fa8ab40edae85bb3385c0b71fe103288bce518526d63197800b3cbdecb1

# -----------------------------------------------------------------------------

ifndef START
START	:= $(shell date +%s)
endif
export B JOBS LIMIT SMP MEM QEMU ACCEL KSRC DEBSRC URL_62 SHA256_62 START VMLINUZ MODULES \
	PACKAGE SENDFLAGS GRID CCS

$(if $(B),,$(error B= is empty: name the folder for what is made))
BASES	= $(shell ls series | sort -V)
OURS	= $(addprefix $(B)/,$(BASES))
# Stages die with their make.
RUN	= @setpriv --pdeathsig TERM
DEPS	= gcc libc6-dev make bc bison flex libelf-dev xz-utils cpio rsync git curl \
	  ca-certificates qemu-system-x86 busybox-static util-linux
CHECK_DEPS = procps shellcheck sparse codespell perl python3-ply python3-git \
	     libtap-formatter-junit-perl git-email libmailtools-perl b4 python3-docutils
CROSS	= clang libssl-dev gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf gcc-powerpc64le-linux-gnu \
	  gcc-riscv64-linux-gnu gcc-s390x-linux-gnu
COCCI	= coccinelle ocaml-nox ocaml-findlib

all: verdict

# Two kernel builds never run at once.
ifndef GUESTS
.NOTPARALLEL:
endif
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help clean distclean check check-all matrix judge bundle controls coverage warnings \
	each bisect grid cocci sender series send readme where deps source tree kernel tests image \
	boot verdict shell gdb FORCE

#: make                     the verdict: deps, source, tree, kernels, tests, boots, table
#: make BASE=6.2 KSRC=DIR   the same on 6.2, from the source in DIR
#: make KERNEL=stock        one kernel only: stock, before, after, debug, without-FIX,
#:                          wrong-FIX (FIX as in patches/fix and patches/wrong)
#: make matrix              stock, before and after on every base that can be had
#: make judge VMLINUZ=FILE [MODULES=DIR]   the verdict on a kernel that is built already
#: make judge PACKAGE=linux-image-amd64    the same, on a Debian package
#: make bundle              a tarball that runs the tests on any machine
#: make controls            each fix left out, each wrong one taken: they must fail
#: make coverage            what the tests reach of the code that knows swapin errors
#: make warnings            what W=1 and sparse say of each patch of the series
#: make each                after each patch of the series: warnings, boot, tests
#: make bisect CASE=TEST    the patch that fixes a test, by git bisect
#: make series [V=2]        the mails: a cover letter and the patches, yours to send
#: make send [SENDFLAGS=]   git send-email of them: by default as a dry run
#: make grid                the touched files in the configs of lab/grid, gcc and clang
#: make cocci               the tree's coccicheck on the touched files
#: make check               everything that must hold before a change goes in
#: make check-all           what takes longer too: each patch, the grid, coverage
#: make deps source tree kernel tests image boot    one stage, and those before it
#: make shell KERNEL=after  a shell in the guest, with the tests in it
#: make gdb KERNEL=debug    gdb on the guest, from its first instruction
#: make boot INITRD=FILE    boot a guest image of yours; TEST=FILE a static program
#: make where KERNEL=after  the paths of what is made, one name=path a line
#: make readme              put the tables of the last verdicts into README.md
#: make clean, distclean    remove what was built; remove build/ with the sources
#:
#: The knobs are at the top of the Makefile.
help:
	@sed -n 's/^#: \{0,1\}//p' Makefile

# Only what is ours: B may be a folder with other things in it.
clean:
	rm -rf $(foreach d,$(OURS),$d/obj $d/test* $d/warnings* $d/grid $d/cocci $d/*.cpio.gz \
		$d/*/obj $d/*/bzImage $d/*/vmlinux $d/*/run* $d/*/verdict $d/*/results.tap \
		$d/*.knobs $d/*/*.knobs $d/controls $d/each) $(B)/matrix $(B)/accel

distclean:
	rm -rf $(OURS) $(foreach d,dl check accel junit.xml deps.log,$(B)/$d)
	-rmdir $(B)

check:
	@lab/deps.sh $(DEPS) $(CHECK_DEPS) linux-source-6.1 linux-source-6.12 kmod zstd
	$(RUN) lab/check.sh

# The long ones, on the bases that can be had.
check-all:
	@lab/deps.sh $(DEPS) $(CHECK_DEPS) $(CROSS) $(COCCI) linux-source-6.1 linux-source-6.12 kmod zstd
	@echo "check-all: check, and: each patch of the series booted on its own, a bisection,"
	@echo "check-all: the grid of configs and compilers, coccicheck, coverage"
	$(RUN) env T="lab/t/*.t lab/t/all/*.t" lab/check.sh

matrix:
	@lab/deps.sh $(DEPS)
	@lab/matrix.sh $(BASES)

readme:
	@lab/readme.sh

# The tests of the newest base know the most ioctls, and skip where a kernel does not.
NEWEST	= $(lastword $(BASES))
judge bundle:
	@lab/deps.sh $(DEPS) $(if $(filter judge,$@),kmod zstd)
	@$(MAKE) --no-print-directory BASE=$(NEWEST) KSRC= tests
	$(RUN) lab/$@.sh $(B)/$(NEWEST)/tests $(if $(filter bundle,$@),$(B)/swapin-tests.tar.gz)

ifeq ($(BASE),)
# Choose a base, and start again with it.
deps source tree kernel tests image boot verdict shell gdb where controls coverage warnings \
each bisect grid cocci series send:
	@$(if $(filter where,$@),,lab/deps.sh $(DEPS))
	@base=$$(lab/base.sh) && \
		exec setpriv --pdeathsig TERM $(MAKE) --no-print-directory BASE=$$base $@
else ifeq ($(filter $(BASE),$(BASES)),)
$(filter-out help clean distclean check check-all matrix readme judge bundle,$(sort all verdict $(MAKECMDGOALS))):
	@echo "error: there is no base $(BASE): the bases are $(BASES)" >&2; exit 1
else

D	= $(B)/$(BASE)
ONE	= $(or $(KERNEL),after)
KERNELS	= $(or $(KERNEL),before after)
PATCHES	= series/$(BASE) $(shell find patches -name '*.patch')
ADDED	= $(shell sed -n 's/^Adds: //p' patches/*/*.patch)

deps:
	$(RUN) lab/deps.sh $(DEPS) $(if $(KSRC)$(filter 6.2,$(BASE)),,linux-source-$(BASE))

# source.sh and tree.sh leave their results alone where nothing has changed.
$(D)/source.id: FORCE | deps
	$(RUN) lab/source.sh $(BASE)

$(D)/%/ref.done: $(D)/source.id $(PATCHES) $(ADDED) lab/tree.sh lab/series.sh
	$(RUN) lab/tree.sh $(BASE) $*
	@touch $@
$(D)/%/ref: $(D)/%/ref.done ;

$(D)/%/bzImage: $(D)/%/ref $(wildcard lab/*.config) lab/kernel.sh
	$(RUN) lab/kernel.sh $(BASE) $*
$(D)/gcov/bzImage: lab/gcov.mk

# What knobs say, in files that change when they do.
define says
	@mkdir -p $(@D)
	@. lab/lib.sh; echo '$(strip $1)' | replace $@
endef
$(D)/tests.knobs: FORCE
	$(call says,$(TESTS))
$(D)/%/boot.knobs: FORCE
	$(call says,$(QEMU) $(ACCEL) $(SMP) $(MEM))

$(D)/tests/.done: $(D)/after/ref $(D)/tests.knobs lab/tests.sh
	$(RUN) lab/tests.sh $(BASE) $(TESTS)

$(D)/guest.cpio.gz: $(D)/tests/.done lab/init lab/image.sh
	$(RUN) lab/image.sh $@ lab/init $(TESTS:%=$(D)/tests/%)

$(D)/%/run/results.log: $(D)/%/bzImage $(D)/guest.cpio.gz $(D)/%/boot.knobs \
		lab/boot.sh lab/qemu.sh
	$(RUN) lab/boot.sh $(BASE) $*

$(D)/%/verdict: $(D)/%/run/results.log lab/verdict.sh lab/verdict.awk
	$(RUN) lab/verdict.sh $(@D)

# What must fail, fails: each fix left out, each wrong one taken.  Kernels are built one
# after the other, guests run side by side.
CONTROLS = $(shell . lab/series.sh && controls $(BASE))
controls: $(patsubst %,$(D)/%/bzImage,before after $(CONTROLS)) $(D)/guest.cpio.gz
	@$(MAKE) --no-print-directory -j$(JOBS) GUESTS=$(JOBS) BASE=$(BASE) \
		$(patsubst %,verdict-%,before after $(CONTROLS))
	@lab/report.sh $(BASE) $(CONTROLS)
	@lab/controls.sh $(BASE) $(CONTROLS)
verdict-%: $(D)/%/verdict
	@:

coverage: $(D)/gcov/verdict
	@lab/coverage.sh $(BASE)

# The kernels after each patch of the series, each-0 being the one before the first.
EACH	= $(shell . lab/series.sh && each $(BASE))
$(D)/warnings/.done: $(D)/after/bzImage $(patsubst %,$(D)/%/ref,stock $(EACH)) lab/warnings.sh
	@lab/deps.sh sparse
	$(RUN) lab/warnings.sh $(BASE)
warnings: $(D)/warnings/.done

each: $(EACH:%=$(D)/%/bzImage) $(D)/warnings/.done $(D)/guest.cpio.gz
	@$(MAKE) --no-print-directory -j$(JOBS) GUESTS=$(JOBS) BASE=$(BASE) \
		$(patsubst %,verdict-%,$(EACH))
	@lab/each.sh $(BASE) $(EACH)

bisect: $(EACH:%=$(D)/%/ref) $(D)/guest.cpio.gz
	@lab/bisect.sh $(BASE) $(CASE)

grid: $(D)/after/ref
	@lab/deps.sh $(CROSS)
	$(RUN) lab/grid.sh $(BASE)

cocci: $(D)/after/ref
	@lab/deps.sh $(COCCI)
	$(RUN) lab/cocci.sh $(BASE)

sender:
	@lab/deps.sh $(DEPS) git-email libmailtools-perl perl
	@lab/sender.sh >/dev/null
series: sender $(D)/before/verdict $(D)/after/verdict
	$(RUN) lab/mails.sh $(BASE) $(V)
send: sender
	@lab/send.sh $(BASE)

where:
	@lab/where.sh $(BASE) $(ONE)

shell gdb: $(D)/$(ONE)/bzImage $(D)/guest.cpio.gz
	@$(if $(filter gdb,$@),lab/deps.sh gdb &&) lab/$@.sh $(BASE) $(ONE)

# With INITRD=, boot a guest image of the user's own, and exit as QEMU does; with TEST=,
# run a static program of the user's own as the only test, and judge its KTAP; without
# either, run the tests again.
ifneq ($(INITRD),)
boot: $(D)/$(ONE)/bzImage
	@lab/shell.sh $(BASE) $(ONE) $(INITRD)
else ifneq ($(TEST),)
boot: $(D)/$(ONE)/bzImage
	$(RUN) lab/image.sh $(D)/test.cpio.gz lab/init $(TEST)
	$(RUN) lab/boot.sh $(BASE) $(ONE) $(D)/test.cpio.gz $(D)/test
	$(RUN) lab/verdict.sh $(D)/test
	@cat $(D)/test/results.tap
	@! grep -P '^[^\t]*\tfail' $(D)/test/verdict
else
boot: $(D)/$(ONE)/bzImage $(D)/guest.cpio.gz
	@rm -rf $(D)/$(ONE)/run
	@$(MAKE) --no-print-directory BASE=$(BASE) KERNEL=$(ONE) verdict
	@cat $(D)/$(ONE)/results.tap
endif

source: $(D)/source.id
tree: $(ONE:%=$(D)/%/ref)
kernel: $(ONE:%=$(D)/%/bzImage)
tests: $(D)/tests/.done
image: $(D)/guest.cpio.gz

verdict: $(KERNELS:%=$(D)/%/verdict)
	@lab/report.sh $(BASE) $(KERNELS)
endif
