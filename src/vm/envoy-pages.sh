#!/bin/sh
# METHOD MOST PAGE…: requests pages of Envoy's admin interface, as the user who logged in. Prints a line for each: `packed` and the
# answer as gzip in base64, `plain` and the answer in base64, `big` if it has more than MOST bytes, or `failed` and why. A sidecar that
# was just started is waited for.

. ./clock.sh
. ./rest.sh

LC_ALL=C PATH=$PATH:/usr/local/bin
export LC_ALL PATH
method=$1 most=$2
shift 2
ask() {
  if command -v curl >/dev/null; then curl -q -sSf --noproxy '*' --max-time 20 -X "$method" "http://127.0.0.1:15000/$1"
  elif command -v pilot-agent >/dev/null; then pilot-agent request "$method" "$1"
  else
    echo 'the VM has neither curl nor pilot-agent' >&2
    return 1
  fi
}
pass() { ask "$1" 2>/dev/null | head -c "$((most + 1))"; }
now
begun=$now
# Envoy listens some seconds after systemd started pilot-agent. All pages together wait for 20 s.
listens() {
  while now && test "$((now - begun))" -lt 2000; do
    if ask server_info >/dev/null 2>&1; then return; fi
    case $(systemctl is-active istio.service 2>/dev/null) in active | activating) rest "$((now - begun))" 0 ;; *) return 1 ;; esac
  done
  return 1
}
for page; do
  # A shell variable, so no file is written: a full disk is one of the reasons to look.
  found=$(pass "$page")
  if test -z "$found" && listens; then found=$(pass "$page"); fi
  if test -z "$found"; then echo "failed $(ask "$page" 2>&1 >/dev/null | head -n 1 | head -c 300)"
  elif test "${#found}" -gt "$most"; then echo big
  elif command -v gzip >/dev/null; then echo "packed $(printf '%s\n' "$found" | gzip -1 | base64 -w 0)"
  else echo "plain $(printf '%s\n' "$found" | base64 -w 0)"
  fi
done
