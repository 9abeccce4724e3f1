#!/bin/sh
# MOST PART…: prints what a bug report shows of this machine, a line for each part: its name, `packed` or `plain`, and its text as gzip in
# base64, or in base64. Of each part at most MOST bytes: the last ones of logs, the first ones of others. Writes nothing on the machine.
# Never reads a token, a private key, the environment of a process or the secrets of probes: of their files only names, owners and
# modes; of certificates what everyone sees; of env files the values of settings of Istio, and of others the names.

. ../../host/run/prelude.sh
. ../../../systemd/processes

most=$1
shift
has() { command -v "$1" >/dev/null 2>&1; }
run() { # prints the command and what it says, at most 10 seconds
  has "$1" || return 0
  echo "\$ $*"
  timeout 10 "$@" 2>&1 </dev/null || echo "(exit code $?)"
  echo
}
_first() { head -c "$most" <&9; }
_last() { tail -c "$most" <&9; }
_names() { # of an env file: values of the settings of Istio, names of the rest
  awk '/^[ \t]*(#|$)/ { next }
    match($0, /^[ \t]*(export[ \t]+)?(ISTIO|CANONICAL|PILOT|PROXY|POD|DNS|CA|TRUST|XDS|ENABLE|INSTANCE|SERVICE|WORKLOAD|PROV|OUTPUT|JWT|SECRET_TTL|FILE_MOUNTED)[A-Za-z0-9_]*=/) { print; next }
    /=/ { sub(/=.*/, ""); print $0 "=[removed: value of another setting]"; next }
    { print "[removed: line without a name]" }' <&9 | head -c "$most"
}
file() ( # FUNCTION PATH: the text of a file, by a function that reads it as file descriptor 9
  place "$2" all 2>/dev/null && test -f "$P" || exit 0
  echo "== $2"
  held "$P" "$1" 2>&1
  echo
)
folder() ( # FUNCTION PATH: the same of each file in a folder
  place "$2" all 2>/dev/null && cd -- "$P" 2>/dev/null || exit 0
  for each in *; do file "$1" "$2/$each"; done
)
_described() { timeout 5 openssl x509 -noout -subject -issuer -serial -dates -ext subjectAltName <&9; }
certificate() ( # PATH: what everyone sees of a certificate
  place "$1" all 2>/dev/null && test -f "$P" || exit 0
  echo "== $1"
  held "$P" _described 2>&1 | head -c 4000
  echo
)
part_system() {
  run date -u +%Y-%m-%dT%H:%M:%SZ
  run uname -srvm
  file _first /etc/os-release
  run uptime
  run nproc
  run free -m
  run df -hT -x tmpfs -x devtmpfs -x overlay
  run df -i -x tmpfs -x devtmpfs -x overlay
  run ip -br addr
  run ip -d link
  run ip -4 route show table all
  run ip -6 route show table all
  run ip rule
  run ss -Htulpn
  run ss -s
  file _first /etc/resolv.conf
  file _first /etc/hosts
  file _first /etc/nsswitch.conf
  # timedatectl would start a unit.
  run systemctl --no-pager show -p Id,ActiveState systemd-timesyncd.service chrony.service chronyd.service ntpsec.service
  run ls -l /run/systemd/timesync
  run sysctl net.ipv4.ip_forward net.ipv4.ip_local_port_range net.ipv4.conf.all.rp_filter net.ipv6.conf.all.disable_ipv6
  # Arguments of other programs may hold a password.
  echo '$ ps'
  ps -eo user:20,pid,ppid,stat,etimes,rss,comm 2>&1 | head -n 500
  echo
  echo '$ ps: arguments of the sidecar and of the agent'
  # Not those of root's meshx, which is an operator's.
  { running pilot-agent envoy | of_users 0 "$(id -u istio-proxy 2>/dev/null)"; running meshx | of_users "$(id -u meshx-agent 2>/dev/null)"; } |
    while read -r pid _; do ps -o pid=,args= -p "$pid" 2>/dev/null; done
}
part_versions() {
  if has dpkg-query; then run dpkg-query -W istio-sidecar iptables nftables systemd openssh-server libc6; fi
  if has rpm; then run rpm -q istio-sidecar iptables-nft nftables systemd openssh-server glibc; fi
  run pilot-agent version
  run envoy --version
  run iptables -V
  run nft --version
  run meshx-agent version
}
part_units() {
  run systemctl --no-pager --full -n 0 status istio.service istio-auth-node-agent.service 'meshx-*'
  run systemctl --no-pager --all list-units istio.service istio-auth-node-agent.service 'meshx-*'
  run systemctl --no-pager --all list-timers 'meshx-*'
  run systemctl --no-pager --failed list-units
  run systemctl --no-pager show -p Id,ActiveState,SubState,Result,NRestarts,ExecMainStatus,ActiveEnterTimestamp,UnitFileState istio.service istio-auth-node-agent.service 'meshx-*'
  for unit in istio.service meshx-capture.service meshx-agent.service; do run systemctl --no-pager cat "$unit"; done
}
part_journal() {
  has journalctl || return 0
  timeout 20 journalctl --no-pager -q -o short-iso -n 5000 -u istio.service -u istio-auth-node-agent.service -u 'meshx-*' 2>&1
  echo '== kernel'
  # One line of a key, without the others, can no longer be recognized.
  timeout 10 journalctl --no-pager -q -k -o short-iso -n 5000 2>/dev/null | grep -Ev '[A-Za-z0-9+/]{40}' | grep -Ei 'oom|out of memory|segfault|conntrack|martian|link (is|becomes)|I/O error' | tail -n 200
}
part_settings() {
  for each in /var/lib/istio/envoy/cluster.env /var/lib/istio/envoy/sidecar.env /run/meshx/instance.env /run/meshx/capture.env; do
    file _names "$each"
  done
  file _first /var/lib/istio/config/mesh
  file _first /etc/meshx/agent.yaml
  folder _first /etc/meshx/services.d
  file _first /var/lib/meshx/membership
  file _last /var/lib/meshx/audit
}
part_files() {
  for each in /etc/certs /run/secrets /run/secrets/tokens /var/lib/istio /var/lib/istio/envoy /var/lib/istio/config /var/log/istio /var/lib/meshx /run/meshx \
    /etc/meshx /usr/local/lib/meshx /var/lib/meshx-agent; do
    test -d "$R$each" && run ls -lan --time-style=full-iso "$R$each/"
  done
  for each in /etc/certs/root-cert.pem /etc/certs/cert-chain.pem; do certificate "$each"; done
}
part_rules() {
  for each in iptables-nft iptables-legacy iptables ip6tables-nft ip6tables-legacy ip6tables; do run "$each-save" -c; done
  run nft list ruleset
  run meshx-bypass status
  file _first /run/meshx/loaded
}
part_sidecar_log() {
  for each in istio.log istio.err.log; do file _last "/var/log/istio/$each"; done
}
part_agent() {
  run meshx-agent agent status -o json
}
for part; do
  # A shell variable, so no file is written: a full disk is one of the reasons to look.
  case $part in
    journal | sidecar_log) found=$("part_$part" 2>&1 | tail -c "$most") ;;
    *) found=$("part_$part" 2>&1 | head -c "$most") ;;
  esac
  if has gzip; then echo "$part packed $(printf '%s\n' "$found" | gzip -1 | base64 -w 0)"
  else echo "$part plain $(printf '%s\n' "$found" | base64 -w 0)"
  fi
done
