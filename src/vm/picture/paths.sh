# shellcheck shell=sh disable=SC2034,SC2154,SC2317 # variables of picture.root.sh and for it; functions that are called by name
# Parts of picture.root.sh that ask others: the way to istiod and to the east-west gateway, and the names.

# KEY: sets $value to its last value in the env files. They are data: nothing is sourced.
env_value() {
  # shellcheck disable=SC2086 # one word per file
  value=$(cat $envoy_files 2>/dev/null | sed -n "s/^[ 	]*\\(export \\)\\{0,1\\}$1=//p" | tail -n 1 | tr -d "'\"[]" | head -c 300)
  case $value in *[!A-Za-z0-9.:_-]*) value= ;; esac
}
# Sets $name and $port of istiod as the sidecar has them, and $says to the name that its certificate must cover.
find_istiod() {
  env_value CA_ADDR
  test -n "$value" || value=$(sed -n 's/^ *discoveryAddress: *"\{0,1\}\([A-Za-z0-9.:-]*\)"\{0,1\} *$/\1/p' /etc/istio/config/mesh 2>/dev/null | head -n 1)
  name=${value:-istiod.istio-system.svc:15012}
  case $name in *:*) port=${name##*:} name=${name%:*} ;; *) port=15012 ;; esac
  case $port in '' | *[!0-9]*) port=15012 ;; esac
  env_value ISTIOD_SAN
  says=${value:-$name}
}
# NAME USER: sets $found to the addresses of NAME, each once, and $took to milliseconds.
look_up() {
  now
  asked=$now
  found=$(timeout 8 runuser -u "$2" -- getent ahosts "$1" 2>/dev/null | awk '!said[$1]++ { print $1 }' | head -n 16 | tr '\n' ' ')
  now
  took=$(((now - asked) * 10))
}
# HOST PORT: whether it accepts a connection of the sidecar's user, which is never captured.
# shellcheck disable=SC2016 # bash expands it
opens() { runuser -u istio-proxy -- timeout 4 bash -c 'command exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null; }
plain() { case $1 in *:*) echo "[$1]:$2" ;; *) echo "$1:$2" ;; esac; }

# `asked NAME PORT SAYS`, `found MS ADDRESS…`, `open|closed ADDRESS`, then what TLS said: `verify TEXT`, and lines `pem` of the certificate.
part_istiod() {
  find_istiod
  echo "asked $name $port $says"
  look_up "$name" istio-proxy
  echo "found $took $found"
  first=
  for address in $found; do
    if opens "$address" "$port"; then first=${first:-$address}; echo "open $address"; else echo "closed $address"; fi
    test -z "$first" || break
  done
  test -n "$first" && command -v openssl >/dev/null || return 0
  set -- -connect "$(plain "$first" "$port")" -servername "$says"
  if test -s /etc/certs/root-cert.pem; then
    # What the sidecar may not read is a finding of its own.
    runuser -u istio-proxy -- test -r /etc/certs/root-cert.pem || return 0
    set -- "$@" -CAfile /etc/certs/root-cert.pem
  fi
  case $says in
    *:*) set -- "$@" -verify_ip "$says" ;;
    *[!0-9.]*) set -- "$@" -verify_hostname "$says" ;;
    *) set -- "$@" -verify_ip "$says" ;;
  esac
  runuser -u istio-proxy -- timeout 5 openssl s_client "$@" </dev/null 2>&1 | awk '
    /Verify return code|Verification error|errno|alert|:error:/ { print "verify " substr($0, 1, 200) }
    /-----BEGIN CERTIFICATE/ { inside = !seen++ }
    inside { print "pem " $0 }
    /-----END CERTIFICATE/ { inside = 0 }'
  echo tls
}

# `route TEXT`, `mtu DEVICE BYTES`, `small|full yes|no`: whether packets of the full size reach istiod. ICMP may be closed, so a small one
# is asked for, too. `fits BYTES` for usual sizes that arrive where the full one does not.
part_path() {
  find_istiod
  address=$(getent ahosts "$name" | awk '{ print $1; exit }')
  test -n "$address" || return 0
  route=$(ip -o route get "$address" 2>&1 | head -n 1)
  echo "route $route"
  case $route in *' dev '*) device=${route##* dev } device=${device%% *} ;; *) return 0 ;; esac
  bytes=$(ip -o link show dev "$device" | sed -n 's/.* mtu \([0-9]*\) .*/\1/p')
  test -n "$bytes" || return 0
  echo "mtu $device $bytes"
  command -v ping >/dev/null || return 0
  case $address in *:*) head=48 ;; *) head=28 ;; esac
  { ping -n -c 1 -W 1 "$address" >/dev/null 2>&1 && echo 'small yes' || echo 'small no'; } &
  { ping -n -c 1 -W 1 -M "do" -s "$((bytes - head))" "$address" >/dev/null 2>&1 && echo 'full yes' || echo 'full no'; }
  wait
  grep -q '^small yes' "$dir/path" && grep -q '^full no' "$dir/path" || return 0
  for size in 8900 1500 1492 1480 1460 1450 1440 1430 1420 1400 1380 1350 1300 1280; do
    test "$size" -lt "$bytes" || continue
    { if ping -n -c 1 -W 1 -M "do" -s "$((size - head))" "$address" >/dev/null 2>&1; then echo "fits $size"; fi; } &
  done
  wait
}

# `open|closed ADDRESS PORT` of gateways through which the sidecar reaches other networks: endpoints on 15443 and 15008.
part_eastwest() {
  admin GET clusters | awk -F '::' '$2 ~ /:(15443|15008)$/ && !said[$2]++ { sub(/:[0-9]+$/, "", $2); gsub(/[][]/, "", $2); print $2 }' | head -n 3 |
    while read -r address; do
      if opens "$address" 15443; then echo "open $address 15443"; else echo "closed $address 15443"; fi
    done
}

# `NAME MS ADDRESS…`: a name of the mesh that the sidecar has, as an ordinary user resolves it.
part_names() {
  env_value ISTIO_META_DNS_CAPTURE
  echo "capture ${value:-no}"
  host=$(admin GET clusters | awk -F '::' 'split($1, part, "|") == 4 && part[1] == "outbound" && part[3] == "" && part[4] ~ /\.svc\./ && part[4] !~ /^\*/ { print part[4]; exit }')
  case $host in '' | *[!A-Za-z0-9.-]*) return 0 ;; esac
  look_up "$host" nobody
  echo "name $host $took $found"
}

# USER ADDRESS: whether a name server answers a query of the user. The first name is answered by every resolver itself; one that drops it
# gets another.
# shellcheck disable=SC2016 # bash expands it
serves_names() {
  runuser -u "$1" -- timeout 6 bash -c '
    for name in "\\011localhost" "\\001a\\014root-servers\\003net"; do
      command exec 3<>"/dev/udp/$0/53" || exit 1
      printf "\\115\\130\\001\\000\\000\\001\\000\\000\\000\\000\\000\\000$name\\000\\000\\001\\000\\001" >&3
      IFS= read -r -t 2 -N 1 -u 3 first && exit 0
    done
    false' "$2" 2>/dev/null
}
# `answers|silent ADDRESS` of each server of resolv.conf, and of those behind the stub of systemd-resolved.
part_servers() {
  command -v bash >/dev/null && id istio-proxy >/dev/null 2>&1 || return 0
  set -- /etc/resolv.conf
  if grep -q '^nameserver[ 	]*127\.0\.0\.5[34]' "$1"; then set -- "$1" /run/systemd/resolve/resolv.conf; fi
  # Behind a resolver on the VM the sidecar asks no other: rules of capture are for its own queries to that one.
  beyond=istio-proxy
  if sed -n 's/^nameserver[ 	]*//p' "$1" | head -n 1 | grep -q -e '^127\.' -e '^::1'; then beyond=nobody; fi
  sed -n 's/^nameserver[ 	]*\([0-9A-Fa-f:.]*\)[ 	]*$/\1/p' "$@" 2>/dev/null | awk '!said[$1]++' | head -n 6 | {
    while read -r address; do
      case $address in 127.* | ::1) user=istio-proxy ;; *) user=$beyond ;; esac
      { if serves_names "$user" "$address"; then echo "answers $address"; else echo "silent $address"; fi; } &
    done
    wait
  }
}
