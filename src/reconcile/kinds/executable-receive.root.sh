#!/bin/sh
# SHA256 BYTES [OFFSET LENGTH], the packed program on stdin: unpacks it to `incoming-executable` in meshx's own directory, readable by
# root only, and copies that part of it to `library` beside it. Its first bytes say how it is packed. Exits with 181 if the program does
# not match, 184 if it cannot be unpacked here.

. ../../host/run/prelude.sh
. ./unzstd.sh

sha256=$1 bytes=$2
place "${MESHX_STATE-/var/lib/meshx}/incoming-executable" && S=$R$W || exit
rm -rf -- "$S" && (umask 022; mkdir -p -- "${S%/*}") && mkdir -m 0700 -- "$S" || exit
trap 'test -f "$S/program" || rm -rf -- "$S"' EXIT
trap 'exit 130' HUP INT TERM PIPE
umask 077
cat > "$S/packed" || exit
case $(head -c 2 -- "$S/packed" | od -An -tx1 | tr -d ' \n') in
  1f8b) unpack=gzip; command -v gzip >/dev/null ;;
  28b5) unpack=zstd; command -v zstd >/dev/null || command -v dpkg-deb >/dev/null ;;
  *) echo 'the program is not packed, or did not arrive' >&2; exit 181 ;;
esac || { echo "$unpack is not installed" >&2; exit 184; }
unpack() { if test "$unpack" = gzip; then gzip -dc; else unzstd "$(stat -c %s -- "$S/packed")"; fi; }
# A limit in blocks of 512 bytes ends what is too long. Size and digest say whether all is right.
(trap '' XFSZ; ulimit -f "$((bytes / 512 + 1))" && unpack < "$S/packed" 2> "$S/said" > "$S/program.new")
rm -f -- "$S/packed" || exit
test "$(stat -c %s -- "$S/program.new")" = "$bytes" || { cat -- "$S/said" >&2; echo "the program is not $bytes bytes long" >&2; exit 181; }
# OpenSSL uses the processor's instructions for sha256.
if command -v openssl >/dev/null; then found=$(openssl dgst -sha256 -r < "$S/program.new"); else found=$(sha256sum < "$S/program.new"); fi
test "${found%% *}" = "$sha256" || { echo "the program is not the one with sha256 $sha256" >&2; exit 181; }
if test -n "${3-}"; then tail -c "+$(($3 + 1))" -- "$S/program.new" | head -c "$4" > "$S/library" || exit; fi
# Beside the steps before the installation, which then has little left to write.
_to_disk -d "$S/program.new" && mv -fT -- "$S/program.new" "$S/program"
