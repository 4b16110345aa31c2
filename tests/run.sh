#!/bin/bash
# Runs the tests of one build folder:  run.sh BUILD plain|san SIM_COUNT KILLS
# One line a suite; a failing suite's output is shown whole.  Ends with "N passed, M failed".
set -u
build=$1 mode=$2 sim_count=$3 kills=$4
passed=0 failed=0
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
suite() {
	local name=$1 began=$SECONDS
	shift
	if timeout -k 10 600 "$@" >"$log" 2>&1 </dev/null; then
		passed=$((passed + 1))
		echo "ok   $name ($((SECONDS - began)) s) $(grep -aE '(^| )[0-9]+ passed|PASSED' "$log" | tail -1)"
	else
		failed=$((failed + 1))
		echo "FAIL $name ($((SECONDS - began)) s)"
		tail -c 20000 "$log"
	fi
}
[ "$mode" = plain ] && suite lint tests/lint.sh
for t in "$build"/tests/*_test; do
	suite "$(basename "$t")" "$t"
done
suite sim "$build/tests/sim" --seed 1 --count "$sim_count" --jobs 2
suite sim-tree "$build/tests/sim" --seed 5000 --count $((sim_count / 50 + 1)) --stations 40 --minutes 5 --jobs 2
suite sim-wide "$build/tests/sim" --seed 1 --count 2 --stations 210 --minutes 2 --jobs 2
suite sim-replay "$build/tests/sim" --seed 9000 --count 10 --replay
suite sim-duty "$build/tests/sim" --seed 7000 --count $((sim_count / 50 + 1)) --duty --jobs 2
[ "$mode" = plain ] && suite sim-week "$build/tests/sim" --week --count 1
[ "$mode" = plain ] && suite sim-bite tests/sim/bite.sh "$build" no-request-id custody-taken-as-delivery sync-off \
	chase-forgotten-over-a-start handover-at-the-hour
suite e2e "$build/tests/e2e" -B "$build" --kills "$kills"
suite torture "$build/tests/torture" -B "$build" --seed 1 --rounds "$([ "$mode" = plain ] && echo 80 || echo 30)"
suite tty "$build/tests/tty" -B "$build"
[ "$mode" = plain ] && suite nights "$build/tests/nights" -B "$build"
[ "$mode" = plain ] && suite run bash -c "conf/run.sh '$build' </dev/null"
echo
echo "$mode: $passed passed, $failed failed"
[ "$failed" = 0 ]
