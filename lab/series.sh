# Sourced.  What a kernel's name means, in patches.
# shellcheck shell=sh

# series BASE: its patches in order, one path below patches/ a line.
series() {
	[ -f "series/$1" ] ||
		die "there is no base $1: the bases are $(cd series && echo *)"
	sed 's/[[:space:]]*#.*//; /^$/d' "series/$1"
}

# patches_of BASE KERNEL: the patches that make KERNEL.  KERNEL is stock, before,
# after, debug (after, with debug options), without-X or wrong-X.
patches_of() {
	case $2 in
	stock) ;;
	before) series "$1" | grep '^base/' || : ;;
	after | debug) series "$1" ;;
	without-*)
		series "$1" | grep -qx "fix/${2#without-}.patch" ||
			die "series/$1 has no fix/${2#without-}.patch"
		series "$1" | grep -vx "fix/${2#without-}.patch"
		;;
	wrong-*)
		[ -f "patches/wrong/${2#wrong-}.patch" ] ||
			die "there is no patches/wrong/${2#wrong-}.patch"
		series "$1"
		echo "wrong/${2#wrong-}.patch"
		;;
	*) die "there is no kernel $2: stock, before, after, debug, without-FIX or wrong-FIX" ;;
	esac
}

# controls BASE: the kernels that must fail, a name a line.
controls() {
	series "$1" | sed -n 's,^fix/\(.*\)\.patch$,without-\1,p'
	(cd patches/wrong && ls) | sed 's/^\(.*\)\.patch$/wrong-\1/'
}

# field NAME PATCH: the values of the lines "NAME: value" in the message.
field() {
	sed -n "/^---\$/q; s/^$1: //p" "patches/$2"
}

# claims BASE KERNEL: what should fail on KERNEL, and how, as "case reason" lines.  A
# patch says so in "Case: case reason [base...]"; without a base it holds on all.
claims() {
	case $2 in
	before) fixes=$(series "$1" | grep '^fix/') ;;
	without-*) fixes=fix/${2#without-}.patch ;;
	wrong-*) fixes=wrong/${2#wrong-}.patch ;;
	*) fixes='' ;;
	esac
	for patch in $fixes; do
		field Case "$patch"
	done | awk -v base="$1" '
		{ for (i = 3; i <= NF; i++) if ($i == base) break }
		NF == 2 || i <= NF { print $1, $2 }' | sort -u
}
