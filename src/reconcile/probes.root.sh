#!/bin/sh
# Runs the probes of stdin (calls.sh): `seen PATH…` and `shown UNIT…`, then `ask NAME WORD…` for each probe. Runs only the probes below.
# base64 preserves bytes that are not UTF-8.
# Each answer is a frame: a line with exit code and length, then the answer. File descriptor 3 is the real stdout; unexpected output of
# programs goes to stderr. Errors of a failed probe precede a line with its number.
# LC_ALL=C of the prelude makes `${#}` count bytes. The last line is `failed` if not all probes ran.

. ../host/run/prelude.sh
. ./calls.sh
. ./probe-answers.sh
. ./kinds/account-token-probe.sh
. ./kinds/directory-probe.sh
. ./kinds/enabled-probe.sh
. ./kinds/executable-probe.sh
. ./kinds/file-probe.sh
. ./kinds/package-probe.sh
. ./kinds/text-probe.sh
. ./kinds/token-probe.sh
. ./kinds/unit-probe.sh
. ./kinds/user-probe.sh
. ./kinds/unzstd.sh

asked=0
ask() {
  asked=$((asked + 1)) A=
  "$@" </dev/null >&2
  code=$?
  printf '%s %s\n%s' "$code" "${#A}" "$A" >&3
  test "$code" = 0 || printf '\nmeshx-asked %s\n' "$asked" >&2
}
on_line() {
  case $1 in
  seen | shown) "$@" ;;
  ask)
    case ${2-} in account_token | directory | enabled | executable | file | package | text | token | unit | user) ;; *) echo "this version of meshx has no probe ${2-}" >&2; return 1 ;; esac
    _probe=probe_$2
    shift 2
    ask "$_probe" "$@" ;;
  *) return 1 ;;
  esac
}
{ calls on_line 3>&1 || echo failed; } | base64
