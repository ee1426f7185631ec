#!/bin/sh
# deps.sh PACKAGE...: installs the Debian packages that are missing, as root or
# through sudo; elsewhere names them and fails.
. lab/lib.sh

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

say DEPS "installing$missing"
apt() {
	# shellcheck disable=SC2086 # lists of words
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get "$@"
}
logged DEPS "$B/deps.log" apt -qq update
# shellcheck disable=SC2086
logged DEPS "$B/deps.log" apt -qq -y --no-install-recommends install $missing
