#!/bin/sh
# PORT PACKAGE ADDRESS…: reads everything for the preflight in one round trip. PORT and ADDRESS are those of istiod. PACKAGE is looked for
# in the machine's own repositories; `-` for none.
# The answer has lines AREA|TEXT: `area` names what follows, and one awk at the end (areas.sh) reads it, and files, and prints the lines,
# so no program is started per filter. Lines after an empty area already have one. Read-only; a legacy iptables program would load its
# tables, so none runs without them.
# TypeScript has the same names of programs, units and files: test/vm/preflight-probe.test.ts compares them.

. ../../host/run/prelude.sh
. ../../../systemd/processes
. ./areas.sh
. ./resolvers.sh

area() { printf '\n\001%s\n' "$1"; }
# PATH: sets $A to its location. In an image, links are followed inside it, never on the machine that builds it.
at() { A=$1; live || { place "$1" all 2>/dev/null && A=$R$W; }; }
link_of() { if live; then A=$1; else place "$1" 2>/dev/null && A=$R$W; fi; if test -L "$A"; then readlink "$A"; fi; }
probe() {
here() { for path in "$@"; do if at "$path" && test -e "$A"; then echo "$path"; fi; done; }
in_folder() { if at "$1"; then for each in "$A"/*; do case $each in */\*) ;; *) echo "$1/${each##*/}" ;; esac; done; fi; }
# UNIT: succeeds if a boot of the image starts it. A link to /dev/null masks it.
starts() {
  installed=
  for folder in /etc/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system; do
    if test "$(link_of "$folder/$1")" = /dev/null; then return 1; fi
    if at "$folder/$1" && test -f "$A"; then installed=yes; fi
  done
  test -n "$installed" || return
  for folder in $(in_folder /etc/systemd/system) $(in_folder /usr/lib/systemd/system); do
    case $folder in *.wants | *.requires) if place "$folder/$1" 2>/dev/null && test -h "$P"; then return 0; fi ;; esac
  done
  case "$1 $(link_of /etc/resolv.conf)" in "systemd-resolved.service "*/systemd/resolve/*) return 0 ;; esac
  return 1
}
area link; link_of /etc/resolv.conf
area file; here /etc/dhcp/dhclient.conf /etc/dnsmasq.d /etc/resolvconf/resolv.conf.d
area sidecar; here /usr/local/bin/pilot-agent /usr/local/bin/envoy
area program
for name in awk flock getent ip ss dnsmasq resolvconf dhclient iptables iptables-legacy iptables-nft dpkg rpm openssl curl; do
  for folder in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
    if at "$folder/$name" && test -f "$A" && test -x "$A"; then echo "$name"; break; fi
  done
done
# meshx's programs identify processes with it; busybox's find lacks it.
if live && ! find / -maxdepth 0 -lname x -printf '' 2>/dev/null; then echo find-without-printf; fi
# The marker of the sidecar's package; without one, an installation that the journal knows was interrupted.
if at /var/lib/meshx/package && test -f "$A"; then area package; head -n 1 -- "$A" | head -c 4096
elif live && grep -q '^package istio-sidecar ' /var/lib/meshx/undo/index 2>/dev/null; then area package; echo interrupted; fi
area etc-istio
to=$(link_of /etc/istio)
if test -n "$to"; then echo "$to"; elif at /etc/istio && test -e "$A"; then echo directory; fi
# Files of root and of the sidecar's user, with any content.
if at /var/lib/meshx/membership && test -f "$A" && { ! live || test "$(stat -c %u -- "$A")" = 0; }; then
  area membership; head -c 65536 -- "$A" | base64 -w 0; echo
fi
if at /var/lib/istio/envoy/cluster.env && test -f "$A"; then area cluster-env; head -c 65536 -- "$A" | base64 -w 0; echo; fi
# The agent of an earlier join. Files of root alone: others cannot write there.
if live; then
  area machine-id; head -c 64 /etc/machine-id 2>/dev/null
  if test -f /etc/meshx/agent.yaml; then area agent; head -c 262144 -- /etc/meshx/agent.yaml | base64 -w 0; echo; fi
  if test -x /usr/local/lib/meshx/agent/current/meshx; then area agent-program; readlink /usr/local/lib/meshx/agent/current; fi
  if test -d /etc/meshx/services.d; then
    area agent-service
    for each in /etc/meshx/services.d/*.yaml; do
      if test -f "$each" && test ! -h "$each"; then echo "${each##*/} $(head -c 16385 -- "$each" | base64 -w 0)"; fi
    done
    area agent-drain
    for each in /etc/systemd/system/meshx-drain-*.service; do if test -f "$each"; then echo "${each##*/}"; fi; done
  fi
fi
at /usr && usr=$A && at /var && { area disk; df -Pk "$usr" "$A" 2>/dev/null; }
if ! live; then
  area elf; if at /bin/sh; then od -An -tu1 -j18 -N1 "$A" 2>/dev/null; fi
  # Units that a boot will start, and the unit that resolv.conf links to, if it is installed.
  area active
  for unit in systemd-resolved NetworkManager dnsmasq systemd-networkd networking; do
    if starts "$unit.service"; then echo "$unit"; fi
  done
  area resolved
  for path in /etc/systemd/resolved.conf $(in_folder /etc/systemd/resolved.conf.d); do
    if at "$path" && test -f "$A"; then echo "# $path"; cat -- "$A"; echo; fi
  done
  exit 0
fi
system=$(uname -n -m)
area machine; echo "${system##* }"
area hostname; echo "${system% *}"
area clock; date +%s
area systemd
newline='
'
if test -d /run/systemd/system; then version=$(systemctl --version 2>/dev/null); echo "${version%%"$newline"*}"; fi
units=$newline$(systemctl list-units --type=service,timer --state=active,reloading --plain --no-legend --no-pager 2>/dev/null)
area unit; printf '%s\n' "$units"
area active
for unit in systemd-resolved NetworkManager dnsmasq systemd-networkd networking; do
  case $units in *"$newline$unit.service "*) echo "$unit" ;; esac
done
area resolved
for folder in /etc /run /usr/local/lib /usr/lib /lib; do
  if test -e "$folder/systemd/resolved.conf" || test -e "$folder/systemd/resolved.conf.d"; then systemd-analyze cat-config systemd/resolved.conf 2>/dev/null; break; fi
done
area socket; ss -Htuane 2>/dev/null
found=$(running envoy pilot-agent node_agent istio-agent kubelet kube-proxy k3s k0s rke2 unbound named dnsmasq pdns_recursor nscd docker-proxy conmon rootlessport rootlesskit pasta slirp4netns)
# Processes of root and the sidecar: any other user can run a program of the same name. Resolvers have accounts of their own.
known=$(printf '%s\n' "$found" | of_users 0 "$(id -u istio-proxy 2>/dev/null)")
area process; printf '%s\n' "$known"; printf '%s\n' "$found" | resolvers
area known; printf '%s\n' "$known"
area holder; find /proc/[0-9]*/fd -lname 'socket:\[*\]' -printf '%p %l\n' 2>/dev/null
area main; systemctl show -p MainPID -p Id '*.service' 2>/dev/null
area socket-unit; systemctl show -p Listen ssh.socket sshd.socket dropbear.socket 2>/dev/null
area sshd; ssh_sockets; sshd -T 2>/dev/null
area address; ip -o addr show scope global 2>/dev/null
. ./coexistence.sh
. ./firewall.sh
# Without the names of its caches, apt writes none.
if test "$2" != -; then area offered; apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= show --no-all-versions "$2" 2>/dev/null; fi
port=$1
shift 2
for address in "$@"; do
  area route; ip -o route get "$address" 2>/dev/null
  area reach
  if ! command -v bash >/dev/null 2>&1; then echo "$address unknown"; continue; fi
  # shellcheck disable=SC2016 # bash expands it
  if timeout 4 bash -c 'command exec 3<>"/dev/tcp/$0/$1"' "$address" "$port" 2>/dev/null; then echo "$address open"; else echo "$address closed"; fi
done
}
probe "$@" | print_areas
