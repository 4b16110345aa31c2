#!/bin/sh
# Installs what is missing to build (and, with "test", to test) Dutydesk.  Asks nothing; says clearly what it lacks.
# Package names are Debian's; elsewhere install the same libraries by hand and this script finds nothing missing.
set -eu

need_tools="gcc:gcc make:make pkg-config:pkg-config msgfmt:gettext"
need_libs="libzmq:libzmq3-dev libevent:libevent-dev sqlite3:libsqlite3-dev ncursesw:libncurses-dev libzstd:libzstd-dev
libcbor:libcbor-dev libxml-2.0:libxml2-dev jansson:libjansson-dev libsodium:libsodium-dev libcrypto:libssl-dev"
if [ "${1:-}" = test ]; then
	need_tools="$need_tools tmux:tmux localedef:locales patch:patch ip:iproute2"
	need_libs="$need_libs cmocka:libcmocka-dev"
fi

missing=
for t in $need_tools; do
	command -v "${t%%:*}" >/dev/null 2>&1 || missing="$missing ${t##*:}"
done
for l in $need_libs; do
	pkg-config --exists "${l%%:*}" 2>/dev/null || missing="$missing ${l##*:}"
done
if ! printf '#include <stdio.h>\nint main(void){return 0;}\n' | ${CC:-gcc} -x c -o /dev/null - 2>/dev/null; then
	missing="$missing libc6-dev"
fi
if [ "${1:-}" = test ] && ! printf 'int main(void){return 0;}\n' |
    ${CC:-gcc} -x c -fsanitize=address,undefined -o /dev/null - 2>/dev/null; then
	missing="$missing libc6-dev"
fi
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
	echo "deps: missing:$missing (Debian's names). Install them with this system's package manager." >&2
	exit 69
fi
if [ "$(id -u)" = 0 ]; then
	as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
	as_root="sudo -n"
else
	echo "deps: missing:$missing" >&2
	echo "deps: this account may not install packages. As root: apt-get update && apt-get install -y$missing" >&2
	exit 77
fi
echo "deps: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q </dev/null >/dev/null || echo "deps: apt-get update failed; trying with the lists at hand" >&2
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing </dev/null >/dev/null
