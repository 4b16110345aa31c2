#!/bin/bash
# Does the simulator bite?  Plants each bug of tests/sim/bugs/ in a copy of the tree and runs the simulator on it until it
# fails, for at most a minute.  A patch that no longer applies, or a bug that is not found, is a failure.
#   bite.sh BUILD [BUG...]
set -u
cd "$(dirname "$0")/../.."
build=${1:?usage: bite.sh BUILD [BUG...]}
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=0 missed=0
[ $# -gt 0 ] || set -- tests/sim/bugs/*.patch
for bug; do
	name=$(basename "$bug" .patch)
	tree=$work/$name
	mkdir -p "$tree"
	# Objects go along with their times, so that only what the patch touches is compiled again.
	git ls-files -z --cached --others --exclude-standard | grep -zv '^build' | xargs -0 cp -p --parents -t "$tree" 2>/dev/null
	cp -a "$build" "$tree/build"
	if ! (cd "$tree" && patch -s -p1 --no-backup-if-mismatch) <"tests/sim/bugs/$name.patch" >"$work/log" 2>&1; then
		echo "FAIL $name: the patch does not apply"
		cat "$work/log"
		missed=$((missed + 1))
		rm -rf "$tree"
		continue
	fi
	if ! make -C "$tree" -s -j2 BUILD=build build/tests/sim >"$work/log" 2>&1; then
		echo "FAIL $name: does not build"
		tail -20 "$work/log"
		missed=$((missed + 1))
		rm -rf "$tree"
		continue
	fi
	began=$SECONDS
	DUTYDESK_CONF=$PWD/conf timeout -k 5 60 "$tree/build/tests/sim" --seed 1 --count 1000000 >"$work/log" 2>&1
	rc=$?
	if [ $rc -eq 0 ] || [ $rc -eq 124 ] || [ $rc -eq 137 ]; then
		echo "FAIL $name: not found in a minute"
		missed=$((missed + 1))
	else
		found=$((found + 1))
		printf 'ok   %-28s found after %3d s: %s\n' "$name" $((SECONDS - began)) "$(grep -aim1 -E 'seed|assert' "$work/log")"
	fi
	rm -rf "$tree"
done
printf '\n%d bugs found, %d missed\n' "$found" "$missed"
[ "$missed" = 0 ]
