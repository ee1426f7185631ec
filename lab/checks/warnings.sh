#!/bin/sh
# warnings.sh BASE: leaves in build/BASE/warnings/KERNEL, for the kernel after each patch
# of the series, what W=1 and sparse say of the files that the series touches and did not
# before that patch, without line numbers.  Fails, with the log's name, if one does not
# build.
. lab/lib.sh
. lab/series.sh

base=$1
src=$(cd "$B/$base/src" && pwd)
obj=$(cd "$B/$base/obj" && pwd)
dir=$B/$base/warnings

# The objects that may say anything new: all, where a header has changed.
choose() {
	changed=$touched
	if [ -n "$old" ] && git -C "$src" diff --quiet "$old" "$kernel" -- '*.h' ':!tools'; then
		changed=$(git -C "$src" diff --name-only "$old" "$kernel")
	fi
	for file in $touched; do
		# A file may come with a later patch.
		if [ -f "$src/$file" ] && echo "$changed" | grep -qx "$file"; then
			echo "${file%.c}.o"
		fi
	done
}

build() {
	child make -C "$src" O="$obj" olddefconfig || return
	# Away with the objects: what is up to date gives no warning.
	# shellcheck disable=SC2086 # a list of files
	(cd "$obj" && rm -f $objects)
	# shellcheck disable=SC2086
	[ -z "$objects" ] || child make -C "$src" O="$obj" -j"$JOBS" W=1 C=1 $objects
}

# What is said of other files is as before; what is said of a header, many say.
add_up() {
	for object in $objects; do
		echo "$src/${object%.o}.c"
	done >"$dir.tmp/built"
	sed -n 's/^\(.*\):[0-9][0-9]*:[0-9][0-9]*: \(warning\|error\)/\1: \2/p' \
		"$dir.tmp/$kernel.log" >"$dir.tmp/new"
	awk -F ': ' '
		FILENAME ~ /built$/ { built[$1] = 1; next }
		FILENAME ~ /all$/ && $1 in built { next }
		!($1 ~ /\.h$/ && seen[$0]++)' \
		"$dir.tmp/built" "$dir.tmp/all" "$dir.tmp/new" | sort >"$dir.tmp/now"
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

one_at_a_time "$base"
rm -rf "$dir" "$dir.tmp"
mkdir -p "$dir.tmp"
: >"$dir.tmp/all"
# The config is the kernels': options that a commit has not are not to be lost.
cp "$obj/.config" "$obj/.config.kernels"
touched=$(touched "$src")
old=''
for kernel in stock $(each "$base"); do
	check_out "$src" "$kernel"
	objects=$(choose)
	say WARN "$base/$kernel: W=1 and sparse (log: $dir.tmp/$kernel.log)"
	logged WARN "$dir.tmp/$kernel.log" build
	add_up
	old=$kernel
done
touch "$dir.tmp/.done"
mv "$dir.tmp" "$dir"
