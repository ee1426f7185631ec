# SPDX-License-Identifier: GPL-2.0
# What the Makefile of the folder src names, in the config whose auto.conf is config: the
# values of obj-y, obj-m, and of what they are composed of (mmu-y, proc-y), a word a line.
include $(config)
include $(srctree)/$(src)/Makefile

names:
	@printf '%s\n' $(foreach list,$(filter %-y %-m %-objs,$(.VARIABLES)),$($(list)))
