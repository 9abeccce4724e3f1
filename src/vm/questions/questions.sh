# shellcheck shell=sh disable=SC2317 # functions that are called by name
# The questions of ask.root.sh: each is a function question_NAME, called in a process of its own. They need answers.sh.

# NAME USER: the addresses of NAME as USER resolves it.
question_resolves() {
  name=$1 as=$2
  ask() { found=$(runuser -u "$as" -- getent ahosts "$name"); test -n "$found"; }
  wait_for ask
  echo "$found"
}
# NAME PORT ROOT: whether the port of NAME answers the sidecar's user, by TLS with the root certificate ROOT or by TCP.
question_answers() {
  name=$1 port=$2 root=$3
  found=$(getent ahosts "$name")
  address=${found%% *} said=
  test -n "$address" || { echo 'no address'; return; }
  case $address in *:*) target="[$address]:$port" ;; *) target=$address:$port ;; esac
  tls() {
    said=$(runuser -u istio-proxy -- timeout 5 openssl s_client -connect "$target" -servername "$name" -CAfile "$root" -verify_return_error -verify_hostname "$name" </dev/null 2>&1)
    case $said in *'Verify return code: 0 (ok)'*) return 0 ;; esac
    return 1
  }
  # shellcheck disable=SC2016 # bash expands it
  tcp() { runuser -u istio-proxy -- timeout 5 bash -c 'command exec 3<>"/dev/tcp/$0/$1"' "$address" "$port" 2>/dev/null; }
  plain() { tcp; }
  how=tcp
  test -n "$root" || how=plain
  if test -n "$root" && command -v openssl >/dev/null; then how=tls; fi
  if wait_for "$how"; then echo "$how $target"; else echo "no $how $target"; echo "$said" | grep -iE 'error|refused|timed' | head -n 3; fi
  case $(ss -Htne state established "dport = :$port") in *" uid:$(id -u istio-proxy) "*) echo connected ;; esac
}
# UNIT: `ready`, or why the sidecar of UNIT is not ready.
question_ready() {
  unit=$1
  ready() {
    if command -v curl >/dev/null && curl -sf -o /dev/null --noproxy '*' --max-time 5 http://127.0.0.1:15021/healthz/ready; then return; fi
    pilot-agent wait --url http://127.0.0.1:15021/healthz/ready --timeoutSeconds "$limit" --periodMillis 20 >/dev/null 2>&1
  }
  if ready; then echo ready; return; fi
  systemctl show -p ActiveState,SubState,NRestarts "$unit"
  tail -q -n 200 /var/log/istio/istio.err.log /var/log/istio/istio.log 2>/dev/null | grep -iE 'warn|error|fatal' | tail -n 3
}
# PATH PATTERN: Envoy's answer to GET PATH, once it matches the shell pattern.
question_admin() {
  path=$1 pattern=$2
  ask() {
    found=$(admin GET "$path")
    case $found in *$pattern*) ;; *) return 1 ;; esac
  }
  wait_for ask
  printf '%s\n' "$found"
}
# FILE: lifetime and names of the certificate.
question_certificate() {
  file=$1
  ask() { test -s "$file"; }
  wait_for ask
  openssl x509 -noout -enddate -startdate -ext subjectAltName <"$file"
}
# UNIT…: `UNIT active`, or the state of each.
question_active() {
  for unit; do
    running() { systemctl is-active -q "$unit"; }
    if wait_for running; then echo "$unit active"; else echo "$unit $(systemctl is-active "$unit")"; fi
  done
}
# UNIT PORT: `ready`, or why the agent of UNIT is not ready. Its answer may be that a service is down, so any answer counts.
question_agent() {
  unit=$1 port=$2
  healthy() {
    systemctl is-active -q "$unit" || return
    command -v curl >/dev/null || return 0
    curl -q -s -o /dev/null --noproxy '*' --max-time 5 "http://127.0.0.1:$port/health"
  }
  if wait_for healthy; then echo ready; return; fi
  systemctl show -p ActiveState,SubState,NRestarts "$unit"
  journalctl --no-pager -o cat -n 3 -u "$unit" 2>/dev/null
}
question_capture() { /usr/local/lib/meshx/capture status; }
# PORT [SIZE]: size of the access log, or the lines of the port that were added after SIZE bytes.
question_log() {
  port=$1 size=$2
  log=/var/log/istio/istio.log
  test -n "$size" || { wc -c <"$log" 2>/dev/null || echo 0; return; }
  limit=3
  logged() { tail -c "+$((size + 1))" "$log" 2>/dev/null | grep -qF "inbound|$port||"; }
  wait_for logged
  tail -c "+$((size + 1))" "$log" 2>/dev/null | grep -F "inbound|$port||" | tail -n 4
}
# ADDRESS PORT PATH FIRST HOST NUMBER HOW: asks the sidecar of this VM itself for PORT, as its user, whose connections to this machine capture
# redirects to the sidecar's inbound side. So no other endpoint of the service can answer. PATH and FIRST are those of connect.root.sh.
# NUMBER is the port of the Service.
# HOW: `tls` with the certificate of the VM, as a client of the mesh, or `plain`. Prints lines KEY|TEXT. `listed` says whether the
# sidecar, as a client of HOST, has this VM among its endpoints; `unread` if Envoy did not say it. `held` says of a service that waits for
# the client what became of the sidecar's connection to it: `taken PROGRAM`, or `queued` where the kernel accepted it and no program did.
question_own() {
  # shellcheck disable=SC2154 # of ask.root.sh
  own=$1 port=$2 path=$3 first=$4 host=$5 as=$6 how=$7 mine=$dir/own.$number listed='' code=1 tries=0 held=''
  at=$own
  # A translated address is on no interface.
  route=$(ip -o route get "$own" 2>/dev/null)
  case $route in local*) ;; *' src '*) at=${route##* src } at=${at%%[[:space:]]*} ;; esac
  case $own in *:*) own="[$own]" ;; esac
  if test "$how" = tls; then
    command -v openssl >/dev/null || { echo 'missing|openssl'; return; }
    alpn=istio certs=/etc/certs
    test -z "$path" || alpn=istio-http/1.1
    case $at in *:*) target="[$at]:$port" ;; *) target=$at:$port ;; esac
    set -- openssl s_client -brief -ign_eof -connect "$target" -servername "outbound_.${as}_._.$host" -alpn "$alpn" \
      -cert "$certs/cert-chain.pem" -cert_chain "$certs/cert-chain.pem" -key "$certs/key.pem" -CAfile "$certs/root-cert.pem" -verify_return_error
  else
    # shellcheck disable=SC2016 # bash expands it
    set -- bash -c 'command exec 3<>"/dev/tcp/$0/$1" || exit 3; cat >&3; exec cat <&3' "$at" "$port"
  fi
  # Refusals by an AuthorizationPolicy: it refuses every try, or others meanwhile.
  denied() { counted=$(admin GET 'stats?filter=rbac.denied$') && printf '%s\n' "$counted" | awk '{ n += $NF } END { print n + 0 }'; }
  before=$(denied)
  true >"$mine.ask"
  test -z "$path" || printf 'GET %s HTTP/1.1\r\nHost: %s:%s\r\nUser-Agent: meshx\r\nConnection: close\r\n\r\n' "$path" "$host" "$as" >"$mine.ask"
  most_of_try=2
  test -z "$path" || most_of_try=5
  mkfifo "$mine.pipe"
  # The sidecar's connections to the port, each with what holds it. A connection that no program has accepted has no inode.
  deliveries() {
    ss -Htnpe state established "sport = :$port" | awk '
      $4 !~ /(127\.0\.0\.6|::6)\]?:[0-9]+$/ { next }
      / ino:0 / { print $4, "queued"; next }
      { name = ""; if (match($0, /users:\(\("[^"]*/)) name = " " substr($0, RSTART + 9, RLENGTH - 9); gsub(/[^[:print:]]/, "", name); print $4, "taken" name }'
  }
  is_taken() {
    held=$(deliveries | awk 'FNR == NR { known[$1]; next } !($1 in known) { sub(/^[^ ]* /, ""); held = $0 } /^taken/ { exit } END { print held }' "$mine.known" -)
    case $held in taken*) ;; *) return 1 ;; esac
  }
  talk() {
    tries=$((tries + 1)) held=''
    test -n "$path$first" || { echo; deliveries; } >"$mine.known"
    runuser -u istio-proxy -- timeout "$most_of_try" "$@" <"$mine.ask" >"$mine.pipe" 2>"$mine.tls" &
    client=$!
    dd bs=16384 count=1 <"$mine.pipe" >"$mine.said" 2>/dev/null &
    reader=$!
    test -n "$path$first" || ( limit=$most_of_try; wait_for is_taken; echo "$held" ) >"$mine.held"
    wait "$reader"
    if test -s "$mine.said"; then code=0; else wait "$client"; code=$?; fi
    test -n "$path$first" || read -r held <"$mine.held"
    test "$how" != tls || grep -q '^CONNECTION ESTABLISHED' "$mine.tls" || return 1
    if test -n "$path"; then grep -qE '^HTTP/[0-9.]+ [1-4]' "$mine.said"; return; fi
    test ! -s "$mine.said" || return 0
    test "$code" = 124 && test -z "$first" && test "$held" != queued
  }
  is_listed() {
    clusters=$(admin GET clusters)
    test -n "$clusters" || { listed=unread; return 1; }
    listed=$(printf '%s\n' "$clusters" | awk -v cluster="outbound|$as||$host::" -v own="$own:" '
      index($0, cluster) == 1 { known = 1; rest = substr($0, length(cluster) + 1); if (index(rest, own) == 1 || index(rest, "/" own)) yes = 1 }
      END { print (yes ? "yes" : known ? "no" : "hidden") }')
    test "$listed" != no
  }
  both() { talk "$@" && is_listed; }
  wait_for both "$@"
  test -n "$listed" || is_listed
  echo "listed|$listed"
  after=$(denied)
  if test -n "$before" && test -n "$after" && test "$((after - before))" -ge "$tries"; then echo 'denied|yes'; fi
  echo "address|$at"
  echo "code|$code"
  echo "held|$held"
  echo "bytes|$(wc -c <"$mine.said")"
  test "$how" != tls || grep -E '^CONNECTION ESTABLISHED|alert|[Ee]rror|refused|errno' "$mine.tls" | head -n 3 | cut -c 1-200 | sed 's/^/tls|/'
  if test -n "$path"; then tr -d '\r\000' <"$mine.said" | sed '/^$/q' | head -n 60 | sed 's/^/http|/'; else printf 'text|'; tr -cd '[:print:]' <"$mine.said"; fi
}
