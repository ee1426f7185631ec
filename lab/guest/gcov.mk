# SPDX-License-Identifier: GPL-2.0
# Read by all makes of the gcov kernel: the files that know swapin errors are profiled,
# those of mm/ and fs/proc/ only, as arch/x86/boot has a memory.c too.
OURS = memory mprotect swapfile shmem madvise userfaultfd mincore task_mmu
$(foreach file,$(OURS),$(eval GCOV_PROFILE_$(file).o = $$(if $$(filter mm fs/proc,$$(obj)),y)))
