#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# warnings.sh BASE: leaves in build/BASE/warnings/KERNEL, for the kernel after each patch
# of the series, what W=1 and sparse say of the files that the series touches and did not
# before that patch, without line numbers.  Fails, with the log's name, if one does not
# build.
#
# make says how it would build these files, anew where a patch may change that; what it says
# is run, by ourselves, on the files that a patch changes, or on all where it changes a header.
# Its config is that of the devices' kernels, which have zswap.
. lab/lib.sh
. lab/series.sh

base=$1
src=$(cd "$B/$base/src" && pwd)
obj=$(cd "$(obj_of "$base" devices-after)" && pwd)
dir=$B/$base/warnings
look=$(cd "$B/$base" && pwd)/warnings.tmp/look

kmake() {
	child make -C "$src" O="$obj" "$@"
}

# Those that there are: a file may come with a later patch, or be another architecture's.
there() {
	for file in $touched; do
		case $file in arch/x86/*) ;; arch/*) continue ;; esac
		[ ! -f "$src/$file" ] || echo "${file%.c}.o"
	done
}

# Whether make would say of them what it said last.
builds_as_before() {
	[ "$objects" = "$known" ] && git -C "$src" diff --quiet "$old" "$kernel" -- \
		'*Makefile*' '*Kbuild*' '*Kconfig*' ':!tools'
}

# command_of TOOL OBJECT: what make would run of TOOL for OBJECT, without its output.
command_of() {
	tr ';' '\n' <"$look/make" | sed -n "s|^ *\($1 .*/${2%.o}\.c\) *\$|\1|p" |
		sed 's/ -c -o [^ ]*//; s/ -Wp,-MMD,[^ ]*//'
}

# write_script OBJECT: a script that has both look at it.
write_script() {
	script=$look/$(echo "$1" | tr / -)
	gcc=$(command_of gcc "$1") sparse=$(command_of sparse "$1")
	if [ -z "$gcc" ] || [ -z "$sparse" ]; then
		echo "error: make does not say how gcc and sparse are run for $1"
		return 1
	fi
	cat >"$script" <<END
cd $obj
echo "  W=1 C=1 $1"
$gcc -c -o $script.out >$script.said 2>&1 || { cat $script.said; exit 1; }
$sparse >>$script.said 2>&1
status=\$?
# What sparse takes for an error builds: it is not what the log ends for.
sed 's/ error: / sparse: /' $script.said
exit \$status
END
}

# The kernels' objects stay as they are.
write_scripts() {
	rm -rf "$look" && mkdir "$look" || return
	# 7.1 takes no sparse that does not know this, as Debian's; with our gcc it has no use for it.
	# shellcheck disable=SC2086 # a list of files
	kmake -n W=1 C=2 CHECK="sparse -D__typeof_unqual__=__typeof__" $objects >"$look/make" 2>&1 || { cat "$look/make"; return 1; }
	for object in $objects; do
		write_script "$object" || return
	done
}

# Those that the last patch changes.
read_again() {
	for object in $objects; do
		git -C "$src" diff --quiet "$old" "$kernel" -- "${object%.o}.c" || echo "$object"
	done
}

# Others than C files may make headers.
look_again() {
	if ! builds_as_before; then
		kmake olddefconfig && kmake prepare && write_scripts || return
		changed=$objects
	elif ! git -C "$src" diff --quiet "$old" "$kernel" -- . ':!*.c' ':!tools' ':!Documentation' \
			':!MAINTAINERS'; then
		kmake prepare || return
		changed=$objects
	else
		changed=$(read_again)
	fi
	echo "$changed" | tr / - | (cd "$look" && child xargs -r -P "$JOBS" -n 1 sh)
}

# What is said of a header, many say.
add_up() {
	for object in $objects; do
		cat "$look/$(echo "$object" | tr / -).said"
	done | sed -n 's/^\(.*\):[0-9][0-9]*:[0-9][0-9]*: \(warning\|error\)/\1: \2/p' |
		awk -F ': ' '!($1 ~ /\.h$/ && seen[$0]++)' | sort >"$dir.tmp/now"
	comm -13 "$dir.tmp/all" "$dir.tmp/now" >"$dir.tmp/$kernel"
	mv "$dir.tmp/now" "$dir.tmp/all"
}

# The config's time tells make that what it has made of the one in between is old.
on_exit() {
	if [ -f "$obj/.config.kernels" ]; then
		mv "$obj/.config.kernels" "$obj/.config"
		touch "$obj/.config"
	fi
}

# stamps: of the files that the patches touch, a line each, with what is in them.
stamps() {
	(cd "$src" && git diff --name-only stock after | while read -r file; do
		[ ! -f "$file" ] || echo "$(stat -c %y "$file")|$(git hash-object "$file")|$file"
	done)
}

# What is as it was was not changed: make need not build all that reads it again.
put_back() {
	on_exit
	kmake prepare || return
	stamps >"$look.now"
	while IFS='|' read -r time id file; do
		! grep -qF "|$id|$file" "$look.now" || touch -d "$time" "$src/$file"
	done <"$look.then"
}

one_at_a_time "$base"
rm -rf "$dir" "$dir.tmp"
mkdir -p "$dir.tmp"
: >"$dir.tmp/all"
# The config is the kernels': options that a commit has not are not to be lost.
cp "$obj/.config" "$obj/.config.kernels"
touched=$(touched_files "$src")
head=$(git -C "$src" rev-parse HEAD)
stamps >"$look.then"
old='' known=''
for kernel in stock $(each "$base"); do
	check_out "$src" "$kernel"
	objects=$(there)
	say WARN "$base/$kernel: W=1 and sparse (log: $dir.tmp/$kernel.log)"
	logged WARN "$dir.tmp/$kernel.log" look_again
	add_up
	old=$kernel known=$objects
done
check_out "$src" "$head"
logged WARN "$dir.tmp/log" put_back
rm -rf "$look" "$look.then" "$look.now"
touch "$dir.tmp/.done"
mv "$dir.tmp" "$dir"
