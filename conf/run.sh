#!/bin/bash
# The main job on this machine:  run.sh BUILD [DIR]
#
# Sets up three stations with fresh keys and an empty journal each (象山县西周镇 330225102 -> 象山县 330225 -> 宁波市 330200), starts
# their switches, and opens the desk on the township; without a terminal it plays the main job through dutyctl and prints the
# incident as each station sees it.  Everything is stopped again at the end.  A run that was killed leaves its switches and its
# folder behind: the next run stops those switches (by the pid in their lock, after looking what program it is) and removes the folder.
set -euo pipefail

# This script and what it feeds to dutyctl are UTF-8, whatever the caller's locale; the desk gets the caller's own back.
caller_locale=${LC_ALL-}
export LC_ALL=C.UTF-8

build=$(cd "$1" && pwd)
root=${2:-$build/run}
export DUTYDESK_CONF=${DUTYDESK_CONF:-$(cd "$(dirname "$0")" && pwd)}
ctl=$build/dutyctl
town=330225102 county=330225 city=330200
pids=()

say() { printf '\n== %s\n' "$*"; }
die() { printf 'run: %s\n' "$*" >&2; exit 1; }
at() { local s=$1; shift; "$ctl" -D "$dir/$s" "$@"; }

# Stops a switch of a run that was killed, if that pid still is one of ours.
stop_leftover() {
	local pid
	pid=$(tr -dc 0-9 <"$1/journal/lock" 2>/dev/null) || return 0
	[ -n "$pid" ] && [ "$(readlink "/proc/$pid/exe" 2>/dev/null | sed 's/ (deleted)$//')" = "$build/dutyswitch" ] || return 0
	tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qxF "$1" || return 0
	kill "$pid" 2>/dev/null || return 0
	for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.05; done
	kill -9 "$pid" 2>/dev/null || :
}
sweep() {
	local old owner
	for old in "$root"/run.*; do
		[ -d "$old" ] || continue
		owner=$(cat "$old/owner" 2>/dev/null || echo 0)
		# Somebody else's run that is still going on is none of our business.
		if [ "$owner" -gt 1 ] && grep -qa run.sh "/proc/$owner/cmdline" 2>/dev/null; then continue; fi
		for s in $town $county $city; do stop_leftover "$old/$s"; done
		rm -rf "$old"
	done
}
finish() {
	local status=$?
	trap - EXIT INT TERM HUP
	for p in "${pids[@]}"; do kill "$p" 2>/dev/null || :; done
	for p in "${pids[@]}"; do wait "$p" 2>/dev/null || :; done
	if [ "$status" = 0 ]; then rm -rf "$dir"; else echo "run: stopped; the stations' folders and logs are in $dir" >&2; fi
	exit "$status"
}

# Starts a station's switch; sets $endpoint to where it listens.
start() {
	local fifo=$dir/$1.ready line
	mkfifo "$fifo"
	"$build/dutyswitch" -D "$dir/$1" --ready-fd 9 9>"$fifo" 2>"$dir/$1.log" </dev/null &
	pids+=($!)
	if ! read -rt 20 line <"$fifo"; then
		cat "$dir/$1.log" >&2
		die "the switch of $1 did not start"
	fi
	rm -f "$fifo"
	endpoint=${line#ready}
	endpoint=${endpoint# }
}

# Waits until a command prints something that matches; the answer is in $found.  Pushes wake it; 30 s at most.
await() {	# station, pattern, command...
	local s=$1 pattern=$2 end=$((SECONDS + 30))
	shift 2
	until found=$(at "$s" "$@" | grep -m1 -E "$pattern"); do
		[ $SECONDS -lt $end ] || die "waited 30 s for '$pattern' in 'dutyctl $*' at $s"
		timeout 1 "$ctl" -D "$dir/$s" watch --count 1 >/dev/null 2>&1 || :
	done
}
field() { sed -nE "s/.*\"$1\": ?\"([^\"]*)\".*/\1/p" | head -1; }

mkdir -p "$root"
sweep
dir=$(mktemp -d "$root/run.XXXXXX")
echo $$ >"$dir/owner"
trap finish EXIT
trap 'exit 130' INT TERM HUP

any='tcp://127.0.0.1:*'
city_key=$("$ctl" -D "$dir/$city" init --station $city --name 宁波市总值班室 --listen "$any" 2>"$dir/init.log") || { cat "$dir/init.log" >&2; exit 1; }
start $city
county_key=$("$ctl" -D "$dir/$county" init --station $county --name 象山县总值班室 --listen "$any" --parent "$endpoint" --parent-key "$city_key" 2>>"$dir/init.log") || { cat "$dir/init.log" >&2; exit 1; }
at $city enrol --station $county --key "$county_key" >/dev/null
start $county
town_key=$("$ctl" -D "$dir/$town" init --station $town --name 西周镇值班室 --parent "$endpoint" --parent-key "$county_key" 2>>"$dir/init.log") || { cat "$dir/init.log" >&2; exit 1; }
at $county enrol --station $town --key "$town_key" >/dev/null
start $town

if [ -t 0 ] && [ -t 1 ]; then
	if [ -n "$caller_locale" ]; then
		LC_ALL=$caller_locale "$build/dutydesk" -D "$dir/$town"
	else
		env -u LC_ALL "$build/dutydesk" -D "$dir/$town"
	fi
	exit 0
fi

now=$(date +%Y-%m-%dT%H:%M:%S%:z)
say "西周镇 接报并上报 (township logs and reports)"
out=$(at $town --json intake --channel phone --caller 张某 --caller_unit 西周镇政府 --place "西周镇振兴路12号 宏达仓库" --type 12G00 \
	--title "西周镇宏达仓库火灾" --brief "仓库起火,火势向东侧民房蔓延" --learned "$now" --dead 0 --missing '?' --trapped '?' --light 1 --evacuated 12)
incident=$(field incident <<<"$out") number=$(field number <<<"$out")
[ -n "$incident" ] || die "no incident in: $out"
at $town submit --incident "$number" --measures "消防2车到场,疏散12人" --signer 吴镇长

say "象山县 签收, 定为II级, 以本级名义报市 (county signs, raises to II, reports to the city citing the town)"
await $county '"kind": ?"report"' --json inbox
report=$(field id <<<"$found")
at $county ack "$report" --as signed --person 李敏
at $county grade "$incident" II --reason "失联和被困不明,火势蔓延" --author 李敏
at $county submit --incident "$incident" --refs "$report" --title "象山县关于西周镇宏达仓库火灾的报告" --grade II --signer 赵副县长

say "宁波市 签收并下达指令 (city signs and directs)"
await $city '"kind": ?"report"' --json inbox
upward=$(field id <<<"$found")
at $city ack "$upward" --as signed --person 陈立
at $city direct "$incident" --to $town,$county --text "立即清点人数,15分钟内反馈失联和被困人数" --due "$(date -d '+15 minutes' +%Y-%m-%dT%H:%M:%S%:z)" --author 陈立

say "西周镇 反馈 (township feeds back)"
await $town '"kind": ?"directive"' --json inbox
order=$(field id <<<"$found")
at $town ack "$order" --as signed --person 周强
at $town feedback "$order" --text "已逐户清点:失联0人,被困0人,轻伤1人" --progress done --missing 0 --trapped 0 --author 周强
await $city '"kind": ?"feedback"' --json inbox
await $county '"kind": ?"feedback"' --json inbox
# The last receipts are on their way back: everybody's 送达 is known when nothing is open.
for s in $town $county $city; do await $s '"open_deliveries": ?0[,}]' --json status; done

for s in $town $county $city; do
	say "$s 所见 (as $s sees it)"
	at $s show "$incident"
	at $s verify
done
say "完成 (done)"
