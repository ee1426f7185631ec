#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# deps.sh PACKAGE...: installs the Debian packages that are missing, as root or
# through sudo; elsewhere names them and fails.
. lab/lib.sh
: "${APT_WAIT:=120}"

[ "$(uname -m)" = x86_64 ] ||
	die "this machine is $(uname -m), and the lab builds and boots x86_64: run make on one of these"
missing=''
for package; do
	case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) in
	ii*) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	sudo=''
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then
	sudo='sudo -n'
else
	die "these packages are missing; install them as root: apt-get install$missing"
fi
command -v apt-get >/dev/null ||
	die "this is no Debian; install what these packages hold:$missing"

# apt ARG...: apt-get itself waits for some of its locks only.
apt() {
	end=$(($(date +%s) + APT_WAIT))
	# shellcheck disable=SC2086 # a list of words
	until $sudo env DEBIAN_FRONTEND=noninteractive \
			apt-get -o DPkg::Lock::Timeout="$APT_WAIT" "$@" 2>"$B/deps.errors"; do
		cat "$B/deps.errors" >&2
		grep -q 'Could not get lock' "$B/deps.errors" && [ "$(date +%s)" -lt $end ] || return
		sleep 1
	done
	cat "$B/deps.errors" >&2
}
on_exit() { rm -f "$B/deps.errors"; }

ours "$B"
say DEPS "installing$missing"
say DEPS "waiting, where another apt runs, for ${APT_WAIT}s at most (log: $B/deps.log)"
logged DEPS "$B/deps.log" apt -qq update
# shellcheck disable=SC2086
logged DEPS "$B/deps.log" apt -qq -y --no-install-recommends install $missing
