# Sourced.  What a kernel's name means, in patches.
# shellcheck shell=sh

# series BASE: its patches in order, one path below patches/ a line.
series() {
	[ -f "series/$1" ] ||
		die "there is no base $1: the bases are $(cd series && echo *)"
	sed 's/[[:space:]]*#.*//; /^$/d' "series/$1"
}

# fix_of BASE FIX: the patch that makes FIX on BASE: fix/FIX, or fix/BASE-FIX where other
# bases have another one.
fix_of() {
	series "$1" | grep -x -e "fix/$2.patch" -e "fix/$1-$2.patch" ||
		die "series/$1 has no fix/$2.patch"
}

# patches_of BASE KERNEL: the patches that make KERNEL.  KERNEL is stock, before (all but
# the fixes), after, debug and gcov (after, with other options), without-FIX or wrong-FIX.
patches_of() {
	case $2 in
	stock) ;;
	before) series "$1" | grep -e '^base/' -e '^test/' ;;
	after | debug | gcov) series "$1" ;;
	without-*)
		left_out=$(fix_of "$1" "${2#without-}") || exit 1
		series "$1" | grep -vx "$left_out"
		;;
	each-*)
		series "$1" | sed -n '/^base\//p'
		to_send "$1" | head -n "${2#each-}"
		;;
	wrong-*)
		[ -f "patches/wrong/${2#wrong-}.patch" ] ||
			die "there is no patches/wrong/${2#wrong-}.patch"
		series "$1"
		echo "wrong/${2#wrong-}.patch"
		;;
	*) die "there is no kernel $2: stock, before, after, debug, each-N, without-FIX or wrong-FIX" ;;
	esac
}

# to_send BASE: its patches but those that bring it to where the series begins.
to_send() {
	series "$1" | grep -v '^base/'
}

# each BASE: the kernels with the first 0, 1, 2... patches of the series, a name a line.
each() {
	seq -f 'each-%g' 0 "$(to_send "$1" | wc -l)"
}

# controls BASE: the kernels that must fail, a name a line.  What is wrong for a fix is
# for bases that have the fix.
controls() {
	fixes=$(series "$1" | sed -n "s,^fix/\(.*\)\.patch\$,\1,p" | sed "s/^$1-//")
	for fix in $fixes; do
		echo "without-$fix"
	done
	for fix in $fixes; do
		[ ! -f "patches/wrong/$fix.patch" ] || echo "wrong-$fix"
	done
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
	without-*) fixes=$(fix_of "$1" "${2#without-}") ;;
	wrong-*) fixes=wrong/${2#wrong-}.patch ;;
	each-*) fixes=$(to_send "$1" | tail -n "+$((${2#each-} + 1))" | sed -n '/^fix\//p') ;;
	*) fixes='' ;;
	esac
	for patch in $fixes; do
		field Case "$patch"
	done | awk -v base="$1" '
		{ for (i = 3; i <= NF; i++) if ($i == base) break }
		NF == 2 || i <= NF { print $1, $2 }' | sort -u
}
