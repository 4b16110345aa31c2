#!/bin/sh
# Writes the msgids of all sources to the file named.
set -eu
cd "$(dirname "$0")/../.."
find formats switch tui -name '*.[ch]' -o -name '*.def' | LC_ALL=C sort |
    xargs xgettext -L C --from-code=UTF-8 -k_ -kN_ --no-location --omit-header -o "$1"
# Labels of the field table are its third word: their Chinese stands beside them in the table itself.
