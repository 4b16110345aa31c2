#!/bin/bash
# Does the simulator bite?  Plants each bug of tests/sim/bugs/ in a copy of the tree and runs the simulator on it until it
# fails, for at most BITE_SECONDS (60).  Found is what a run judged wrong (exit 1, with its seed), not a crash or a warning.
# A patch that no longer applies, or a bug that is not found, is a failure.
#   bite.sh BUILD [BUG...]
set -u
cd "$(dirname "$0")/../.." || exit 70
build=${1:?usage: bite.sh BUILD [BUG...]}
shift
work=$(mktemp -d) || exit 70
trap 'rm -rf "$work"' EXIT
export DUTYDESK_CONF=$PWD/conf
if [ $# -eq 0 ]; then
	for patch in tests/sim/bugs/*.patch; do
		set -- "$@" "$(basename "$patch" .patch)"
	done
fi

# Objects go along with their times, so that only what a patch touches is compiled again.
mkdir -p "$work/sound/build/obj/tests"
cp -Rp GNUmakefile formats switch "$work/sound" && mkdir -p "$work/sound/tests" && cp -Rp tests/sim "$work/sound/tests" || exit 70
for part in formats switch tests/sim; do
	[ ! -d "$build/obj/$part" ] || cp -Rp "$build/obj/$part" "$work/sound/build/obj/$(dirname "$part")" || exit 70
done
[ "$build" = build ] || find "$work/sound/build/obj" -name '*.d' -exec sed -i "s,^$build/,build/," {} +
if ! make -C "$work/sound" -s -j2 BUILD=build build/tests/sim >"$work/log" 2>&1; then
	echo "FAIL: the sound tree does not build"
	tail -20 "$work/log"
	exit 1
fi
if ! timeout -k 5 120 "$work/sound/build/tests/sim" --seed 1 --count 20 >"$work/log" 2>&1; then
	echo "FAIL: the sound tree does not pass itself"
	tail -20 "$work/log"
	exit 1
fi

found=0 missed=0
missed() {
	echo "FAIL $1: $2"
	tail -20 "$work/log"
	missed=$((missed + 1))
}
all=$SECONDS
for bug; do
	tree=$work/$bug
	cp -Rp "$work/sound" "$tree" || exit 70
	if ! patch -d "$tree" -s -p1 --no-backup-if-mismatch <"tests/sim/bugs/$bug.patch" >"$work/log" 2>&1; then
		missed "$bug" "the patch does not apply"
	elif ! make -C "$tree" -s -j2 BUILD=build build/tests/sim >"$work/log" 2>&1; then
		missed "$bug" "does not build"
	elif grep -q warning "$work/log"; then
		missed "$bug" "the compiler already finds it"
	else
		began=$SECONDS
		timeout -k 5 "${BITE_SECONDS:-60}" "$tree/build/tests/sim" --seed 1 --count 1000000 --stop >"$work/log" 2>&1
		rc=$?
		if [ $rc -eq 1 ] && grep -aq '^seed [0-9]*, ' "$work/log"; then
			found=$((found + 1))
			printf 'ok   %-30s %3d s: %s\n' "$bug" $((SECONDS - began)) "$(grep -am1 '^seed [0-9]*, ' "$work/log")"
		elif [ $rc -eq 124 ] || [ $rc -eq 137 ]; then
			missed "$bug" "not found in ${BITE_SECONDS:-60} s"
		else
			missed "$bug" "no run was judged (exit $rc)"
		fi
	fi
	rm -rf "$tree"
done
printf '\n%d passed, %d missed, in %d s\n' "$found" "$missed" $((SECONDS - all))
[ "$missed" = 0 ]
