# shellcheck shell=sh disable=SC2034,SC2154,SC2317 # variables of picture.root.sh and for it; functions that are called by name
# Parts of picture.root.sh that the machine alone answers.

envoy_files='/var/lib/istio/envoy/cluster.env /run/meshx/instance.env /var/lib/istio/envoy/sidecar.env'

part_units() {
  systemctl show --no-pager -p Id -p LoadState -p ActiveState -p SubState -p UnitFileState -p NRestarts -p Result \
    -p NeedDaemonReload istio.service istio-auth-node-agent.service meshx-capture.service meshx-resolver.service \
    meshx-watch.service meshx-guard.service meshx-agent.service meshx-agent.socket meshx-agent-root.socket
}

# The settings of the mesh, with the readiness probe that pilot-agent runs.
part_mesh() { encoded /etc/istio/config/mesh 65536; echo "$text"; }

# FILE MOST: sets $text to its content in base64.
encoded() { text=; test ! -f "$1" || text=$(timeout 5 head -c "$2" -- "$1" | base64 -w 0); }
part_env() {
  for file in $envoy_files; do
    encoded "$file" 65536
    test -z "$text" || echo "$file $text"
  done
}

# Prints `PID NAME UID PARENT` of each process of a sidecar, of its user or of root: every user may run these programs.
sidecar_processes() {
  proxy=$(id -u istio-proxy 2>/dev/null)
  running pilot-agent envoy node_agent istio-agent | of_users 0 "$proxy" | while read -r pid name; do
    parent='' user=''
    while read -r key value _; do
      case $key in PPid:) parent=$value ;; Uid:) user=$value; break ;; esac
    done <"$R/proc/$pid/status"
    case $name in
      # Another product may have an Envoy of its own.
      envoy) test "$user" = "$proxy" || continue ;;
      # The same program also loads rules and asks Envoy, for a moment.
      pilot-agent) tr '\0' '\n' <"$R/proc/$pid/cmdline" | grep -qx proxy || continue ;;
    esac
    echo "$pid $name ${user:--} ${parent:--}"
  done 2>/dev/null
}
# PROCESSES: whether there is one agent, and every Envoy is its child. While a sidecar restarts this may not hold.
is_one_sidecar() {
  printf '%s\n' "$1" | awk '
    $2 == "envoy" { parents[$4] } $2 != "envoy" { agents[$1] } $2 == "pilot-agent" { n++ }
    END { for (each in parents) if (!(each in agents)) exit 1; several = n > 1; exit several }'
}
# The same, and of an agent the variables that the env files name, in base64, as they are in force.
part_processes() {
  found=$(sidecar_processes)
  if ! is_one_sidecar "$found"; then sleep 2; found=$(sidecar_processes); fi
  printf '%s\n' "$found" | while read -r pid name more; do
    echo "$pid $name $more"
    test "$name" = pilot-agent || continue
    # shellcheck disable=SC2086 # one word per file
    echo "environ $pid $(tr '\0' '\n' <"$R/proc/$pid/environ" | awk '
      BEGIN { for (i = 1; i < ARGC - 1; i++) { while ((getline line < ARGV[i]) > 0) { sub(/^[ \t]*(export[ \t]+)?/, "", line); sub(/=.*/, "", line); wanted[line] } ARGV[i] = "" } }
      { key = $0; sub(/=.*/, "", key); if (key in wanted) print }' $envoy_files - | head -c 65536 | base64 -w 0)"
  done 2>/dev/null
}

. ../../reconcile/undo/own-dpkg.sh
# The version of the installed package; `installed` alone is not enough, as files of a removed one may be left.
part_package() {
  # shellcheck disable=SC2016 # dpkg-query expands it
  if own_dpkg; then dpkg-query -W -f '${db:Status-Status} ${Version}' istio-sidecar 2>/dev/null | sed -n 's/^installed //p'
  elif command -v rpm >/dev/null; then rpm -q --qf '%{VERSION}' istio-sidecar 2>/dev/null | grep '^[0-9]'
  fi
}

# `denied -r|-w PATH` for what the sidecar's user may not read or write. A filesystem that is read-only counts, too.
part_files() {
  # shellcheck disable=SC2016 # the other shell expands it
  runuser -u istio-proxy -- sh -c 'for each; do test "${each%% *}" "${each#* }" || echo "denied $each"; done' sh \
    "-r /etc/certs/root-cert.pem" "-r /etc/certs/cert-chain.pem" "-r /etc/certs/key.pem" "-w /etc/certs" \
    "-r /run/secrets/tokens/istio-token" "-w /var/log/istio" |
    while read -r denied how path; do test ! -e "$path" || echo "$denied $how $path"; done
}

# `PROGRAM RULE`: the nat tables of both backends, where they are loaded.
part_nat() {
  programs
  for program in $programs; do
    echo "$program loaded"
    timeout 10 "$program-save" -t nat 2>/dev/null | grep -E '^(:|-A )' | head -n 2000 | sed "s/^/$program /; s/ \\[[0-9:]*\\]\$//"
  done
}

# FILE: prints the payload of a token, which is no secret without its signature.
payload() { test ! -f "$1" || { IFS=. read -r _ middle _ <"$1"; printf '%s\n' "$middle" | head -c 8192; }; }
part_identity() {
  for file in /etc/certs/cert-chain.pem /etc/certs/root-cert.pem; do
    encoded "$file" 262144
    test -z "$text" || echo "$file $text"
  done
  for file in /run/secrets/tokens/istio-token /var/lib/meshx-agent/api-token; do
    test ! -f "$file" || echo "$file $(payload "$file")"
  done
}

# `KIND FREE ALL MOUNT`: of blocks in KiB, and of inodes.
part_disk() {
  for kind in k i; do
    df -P"$kind" /var/lib/istio /var/log/istio /var/lib/meshx /etc/certs /run /tmp 2>/dev/null |
      awk -v kind="$kind" 'NR > 1 && !said[$6]++ { print kind, $4, $2, $6 }'
  done
}

part_agent() {
  test -e /etc/meshx/agent.yaml || return 0
  echo installed
  command -v curl >/dev/null || return 0
  echo asked
  curl -q -s --max-time 5 --unix-socket /run/meshx-agent/agent.sock http://agent/status 2>/dev/null | head -c 1048576 | base64 -w 0
}

part_loaded() {
  if test -f "$RUN/capture.env"; then head -c 65536 "$RUN/capture.env" | sed 's/^/capture /'; fi
  if command -v sudo >/dev/null; then echo sudo yes; fi
  for file in /etc/resolv.conf "$RUN/resolv.conf"; do
    if test -f "$file"; then head -c 65536 "$file" | sed -n "s|^nameserver[ 	]|$file |p"; fi
  done
}

# Rules that an operator turned off are not lost.
part_capture() {
  test ! -x /usr/local/lib/meshx/capture || question_capture
  if test -s /var/lib/meshx/bypass/state || test -s "$RUN/bypass/state"; then echo bypassed=yes; fi
}
part_ready() { limit=2; question_ready istio.service; }
part_page() { test "$(admin GET "$1" | head -c 1048577 | tee "$dir/page.${1%%\?*}" | wc -c)" -le 1048576 && base64 -w 0 "$dir/page.${1%%\?*}"; }
# The version of the running agent, in Envoy's node.
part_version() { admin GET server_info | sed -n 's/.*"ISTIO_VERSION": *"\([0-9A-Za-z.+-]*\)".*/\1/p' | head -n 1; }
# The last lines in which Envoy says what it rejected.
part_rejected() { tail -q -n 400 /var/log/istio/istio.log /var/log/istio/istio.err.log 2>/dev/null | grep -iE 'rejected' | tail -n 3 | cut -c 1-400; }
