#!/bin/bash
# House rules that a machine can check.  Prints one line a rule; the last line counts.
set -u
cd "$(dirname "$0")/.."
passed=0 failed=0
rule() {	# name, offending lines
	if [ -z "$2" ]; then
		passed=$((passed + 1))
		echo "ok   $1"
	else
		failed=$((failed + 1))
		printf 'FAIL %s\n%s\n' "$1" "$2"
	fi
}
files() { find "$@" -name '*.[ch]' -type f | sort; }

rule "formats includes nothing of switch or tui" "$(grep -nE '#include *"(\.\./)*(switch|tui)/' $(files formats))"
rule "switch includes nothing of tui" "$(grep -nE '#include *"(\.\./)*tui/' $(files switch))"
rule "tui sees only switch/client.h" "$(grep -nE '#include *"(\.\./)*switch/' $(files tui) | grep -v 'switch/client\.h"')"
rule "libzmq calls in one file" "$(grep -lE '\bzmq_[a-z_]+ *\(|#include *<zmq' $(files formats switch tui) | grep -v '^switch/zsock\.c$')"
rule "SQLite calls and SQL in journal_sqlite*.c" "$(grep -lE '\bsqlite3_[a-z0-9_]+ *\(|#include *<sqlite3|"(SELECT|INSERT|UPDATE|DELETE|CREATE TABLE|PRAGMA) ' $(files formats switch tui) | grep -v '^switch/journal_sqlite[a-z_]*\.c$')"
rule "no unbounded or shell-reaching calls" "$(grep -nE '\b(strcpy|strcat|sprintf|vsprintf|gets|system|popen|alloca|atoi|atol|strtok|mktemp|tmpnam)\s*\(' $(files formats switch tui tests))"
rule "cbor_load is never used" "$(grep -nE '\bcbor_load *\(' $(files formats switch tui))"
rule "no marks of unfinished work" "$(grep -nE '\b(TODO|FIXME|XXX|HACK)\b|@@[A-Z]+@@' $(files formats switch tui tests) GNUmakefile README.md)"
rule "tests wait for events, they do not sleep" "$(grep -nE '\b(sleep|usleep|nanosleep)\b *\(' $(files tests))"
rule "files stay under about 600 lines" "$(wc -l $(files formats switch tui tests) | awk '$2 != "total" && $1 > 660 && $2 != "switch/journal_sqlite.c" && $2 != "switch/zsock.c" { print $1, $2 }')"
rule "every header has one module and a guard" "$(for h in $(files formats switch tui | grep '\.h$'); do head -1 "$h" | grep -q '^#ifndef' || echo "$h"; done)"
rule "nothing more at the top" "$(ls | grep -vE '^(GNUmakefile|LICENSE|README\.md|conf|formats|switch|tests|tui|build.*)$')"
rule "every message has its translation" "$(conf/po/check.sh 2>&1)"
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
