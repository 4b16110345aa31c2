#!/bin/bash
# Runs the tests of one build folder:  run.sh BUILD plain|san SIM_COUNT KILLS
# Two suites at a time (LANES), the long ones first.  One line a suite as it ends; a failing suite's output is shown whole.  Ends with
# "N passed, M failed".
set -u
build=$1 mode=$2 sim_count=$3 kills=$4
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
running=0

one() {	# name, command...
	local name=$1 log began=$SECONDS
	shift
	log=$(mktemp "$work/log.XXXXXX")
	if timeout -k 10 600 "$@" >"$log" 2>&1 </dev/null; then
		echo ok >>"$work/results"
		echo "ok   $name ($((SECONDS - began)) s) $(grep -aE '(^| )[0-9]+ passed|PASSED' "$log" | tail -1)"
	else
		echo failed >>"$work/results"
		printf 'FAIL %s (%s s)\n%s\n' "$name" "$((SECONDS - began))" "$(tail -c 20000 "$log")"
	fi
	rm -f "$log"
}
suite() {
	if [ "$running" -ge "${LANES:-2}" ]; then
		wait -n
		running=$((running - 1))
	fi
	one "$@" &
	running=$((running + 1))
}

[ "$mode" = plain ] && suite lint tests/lint.sh
suite tty "$build/tests/tty" -B "$build"
suite e2e "$build/tests/e2e" -B "$build" --kills "$kills"
suite sim "$build/tests/sim" --seed 1 --count "$sim_count"
suite torture "$build/tests/torture" -B "$build" --seed 1 --rounds "$([ "$mode" = plain ] && echo 80 || echo 30)"
suite sim-tree "$build/tests/sim" --seed 5000 --count $((sim_count / 50 + 1)) --stations 40 --minutes 5
suite sim-wide "$build/tests/sim" --seed 1 --count 2 --stations 210 --minutes 2
suite sim-replay "$build/tests/sim" --seed 9000 --count 10 --replay
suite sim-duty "$build/tests/sim" --seed 7000 --count $((sim_count / 50 + 1)) --duty
if [ "$mode" = plain ]; then
	suite sim-week "$build/tests/sim" --week --count 1
	suite sim-bite tests/sim/bite.sh "$build" no-request-id custody-taken-as-delivery sync-off chase-forgotten-over-a-start handover-at-the-hour
	suite run bash -c "conf/run.sh '$build' </dev/null"
fi
for t in "$build"/tests/*_test; do
	suite "$(basename "$t")" "$t"
done
wait
# By themselves: a virtual clock and a starved machine go ill together.
[ "$mode" = plain ] && one nights "$build/tests/nights" -B "$build" -j 2
passed=$(grep -c '^ok' "$work/results") failed=$(grep -c '^failed' "$work/results")
echo
echo "$mode: $passed passed, $failed failed"
[ "$failed" = 0 ]
