# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# PATH: prints the machine's clock, owner and mode of the token, and its claims in base64url. The signature, without which the rest is no
# secret, is never printed.

probe_account_token() {
live || { say image; return; }
say "$(date +%s)"
place "$1" || return
test -f "$P" && test ! -h "$P" || return 0
owned "$1" && say "$OWNED" && held "$P" _claims
}
_claims() {
  _token=$(head -c 16384 <&9 | tr -d '\0')
  _token=${_token#*.}
  _token=${_token%%.*}
  case $_token in *[!A-Za-z0-9_-]*) _token= ;; esac
  say "$_token"
}
