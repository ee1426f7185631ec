#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# grid.sh BASE: builds the files that the series touches, of the branch after, in each config
# of lab/checks/grid that GRID names or in all, with each compiler in CCS, and prints a row for
# each.  Warnings are errors.  Fails if one does not build.
. lab/lib.sh
: "${CCS=gcc clang}" "${GRID=}"

base=$1
src=$(cd "$B/$base/src" && pwd)
grid=$(mkdir -p "$B/$base/grid" && cd "$B/$base/grid" && pwd)
touched=$(touched_files "$src")

kmake() {
	child make -s -C "$src" O="$obj" ARCH="$arch" CROSS_COMPILE="$cross" CC="$cc" "$@"
}

# Options that did not take would have us build something else than we say; but one that
# ends with ? is for trees that have it.
configure() {
	kmake "$config" || return
	wanted=''
	for option in $options; do
		case $option in
		*'?')
			option=${option%?}
			grep -rqx --include='Kconfig*' "config ${option%=*}" "$src/arch" "$src/mm" || continue
			;;
		esac
		wanted="$wanted $option"
	done
	for option in $wanted; do
		child "$src/scripts/config" --file "$obj/.config" \
			--set-val "${option%=*}" "${option#*=}" || return
	done
	kmake olddefconfig || return
	for option in $wanted; do
		is=$(sed -n "s/^CONFIG_${option%=*}=//p" "$obj/.config")
		[ "${is:-n}" = "${option#*=}" ] || { echo "error: did not take: $option"; return 1; }
	done
	# Makes auto.conf, which says what is built.
	kmake prepare
}

# names FOLDER NAME: whether the Makefile of FOLDER names this object or folder in this config,
# in obj-y, obj-m, or what they are composed of (mmu-y, proc-y).
names() {
	make -s -f - config="$obj/include/config/auto.conf" srctree="$src" src="$1" names <<'END' \
		2>/dev/null | grep -qx "$2"
include $(config)
include $(srctree)/$(src)/Makefile
names:
	@printf '%s\n' $(foreach list,$(filter %-y %-m %-objs,$(.VARIABLES)),$($(list)))
END
}

# Those objects of the touched files that this config builds.
built_here() {
	for file in $touched; do
		dir=${file%/*} object=$(basename "$file" .c).o
		case $dir in
		"arch/$arch/"*) echo "$dir/$object"; continue ;;
		arch/*) continue ;;
		*/*) names "${dir%/*}" "${dir##*/}/" || continue ;;
		esac
		! names "$dir" "$object" || echo "$dir/$object"
	done
}

build() {
	configure || return
	objects=$(built_here)
	[ -n "$objects" ] || { echo "error: this config builds none of the touched files"; return 1; }
	# Without an MMU, asm-generic/io.h adds to a null pointer, as clang says of any file.
	# shellcheck disable=SC2086 # a list of files
	kmake -j"$JOBS" KCFLAGS="-Werror -Wno-null-pointer-arithmetic" $objects &&
		echo "$objects" | wc -l >"$obj/built"
}

# Whether clang is older than what the tree wants for this machine, which is left in wants.
too_old() {
	wants=$(SRCARCH=$arch "$src/scripts/min-tool-version.sh" llvm)
	[ "$({ echo "$wants"; clang -dumpversion; } | sort -V | head -n 1)" != "$wants" ]
}

cell() {
	cc=$compiler
	[ "$compiler" != gcc ] || cc=${cross}gcc
	obj=$grid/$name-$compiler log=$grid/$name-$compiler.log
	mkdir -p "$obj"
	rm -f "$obj/built"
	# In a shell of its own: a cell that fails is not the end.
	if (logged GRID "$log" build); then
		result="$(cat "$obj/built") objects"
	else
		result="${red}failed${plain} (log: ${log#"$PWD/"})"
		status=1
	fi
	printf '%-14s %-8s %-6s %s\n' "$name" "$arch" "$compiler" "$result"
}

one_at_a_time "$base"
check_out "$src" after
say GRID "$base: $(echo "$touched" | paste -sd ' ')"
status=0
while read -r name arch cross config options; do
	case $name in '#'*) continue ;; esac
	case " ${GRID:-$name} " in *" $name "*) ;; *) continue ;; esac
	[ "$cross" != - ] || cross=''
	for compiler in $CCS; do
		if [ "$compiler" = clang ] && too_old; then
			printf '%-14s %-8s %-6s %s\n' "$name" "$arch" clang "skipped: it wants $wants"
		else
			cell
		fi
	done
done <lab/checks/grid
[ $status = 0 ]
