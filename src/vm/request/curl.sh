#!/bin/sh
# MOST LENGTH [USER]: sends one request with curl, whose options are the LENGTH bytes of stdin; as USER if root runs this, because
# capture may leave root out. Prints the answer in base64, at most MOST bytes of it. On stderr: what curl says, and `code N`.
LC_ALL=C PATH=$PATH:/usr/local/bin
export LC_ALL PATH
most=$1 length=$2 user=${3-}
command -v curl >/dev/null || {
  echo 'code 127' >&2
  exit
}
as() { "$@"; }
if test -n "$user" && test "$(id -u)" = 0 && command -v runuser >/dev/null; then as() { runuser -u "$user" -- "$@"; }; fi
{
  head -c "$length" | as curl -q -K -
  echo "code $?" >&2
} | head -c "$most" | base64 | tr -d '\n'
