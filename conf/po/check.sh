#!/bin/sh
# Every msgid in the sources has a translation in each conf/po/*.po, and every po compiles.  Silent when all is well.
set -eu
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
conf/po/extract.sh "$tmp/all.pot"
for po in conf/po/*.po; do
	msgfmt -c -o /dev/null "$po" || echo "$po does not compile"
	msgmerge -q --no-fuzzy-matching -o "$tmp/merged.po" "$po" "$tmp/all.pot"
	# the second line of a msgid of several lines stands for it
	msgattrib --no-obsolete --untranslated --no-wrap "$tmp/merged.po" | sed '1,/^$/d' | sed -n '/^msgid ""$/{n;s/^/msgid /;p;d};/^msgid/p' |
		sed "s|^|$po lacks: |" || true
	msgattrib --no-obsolete --only-fuzzy --no-wrap "$tmp/merged.po" | grep '^msgid' | grep -v '^msgid ""$' | sed "s|^|$po is fuzzy: |" || true
done
