import { PLACES } from '../places.ts';

/** Filesystems whose servers the kernel talks to by itself: its sockets belong to no user. */
const NETWORK_FILESYSTEMS = 'nfs|nfs4|cifs|smb3|ceph|glusterfs|lustre';

/** Programs that share a machine with a sidecar badly, or are an older one; names as in /proc/PID/comm. */
const NEIGHBOURS = [
  ...['envoy', 'pilot-agent', 'node_agent', 'istio-agent'],
  ...['kubelet', 'kube-proxy', 'k3s-server', 'k3s-agent', 'k0s', 'rke2'],
  ...['unbound', 'named', 'dnsmasq', 'pdns_recursor', 'nscd'],
] as const;

/** PAM modules of a login that asks others than this machine. */
const PAM_MODULES = 'duo|okta|yubico|sss|winbind|ldap|krb5|oslogin_login|oslogin_admin|radius_auth';

// Part of the preflight's one script. It must cost little: a file is looked for before a program is started for it, and all
// units come from one call. Of other people's files only the keys named here are read: some hold passwords.
export const COEXISTENCE_PROBE = `
# Prints those of the files that are there, at the cost of no program when none is.
there() { for path in "$@"; do if test -e "$path"; then cat "$path" 2>/dev/null; fi; done; }
area process; cat /proc/[0-9]*/comm 2>/dev/null | grep -xE '${NEIGHBOURS.join('|')}' | sort -u
area ''
ip -o -d link show 2>/dev/null | awk '{
  name = $2; sub(/[:@].*/, "", name)
  for (i = 3; i <= NF; i++) if ($i ~ /^(bridge|wireguard|xfrm|vti|gre|ipip)$/) { print "interface|" name, $i; next } else if ($i == "tun" && $(i + 1) == "type") { print "interface|" name, $(i + 2); next }
}'
{ ip -4 rule show; ip -6 rule show; } 2>/dev/null | awk '!/from all lookup (local|main|default)/ { print "rule|" $0 }'
awk '
  $1 ~ /^#/ || $3 !~ /^(${NETWORK_FILESYSTEMS})$/ { next }
  FILENAME != "/proc/mounts" { print "fstab|" $3, $1, $2; next }
  {
    text = "mount|" $3 " " $1 " " $2; n = split($4, option, ",")
    for (i = 1; i <= n; i++) if (option[i] ~ /^(mount)?addr=/) { sub(/.*=/, "", option[i]); text = text " " option[i] }
    print text
  }' /proc/mounts /etc/fstab 2>/dev/null
area iscsi; there /sys/class/iscsi_connection/*/address
area selinux; there /sys/fs/selinux/enforce
area apparmor; there /sys/kernel/security/apparmor/profiles | grep -E 'envoy|pilot-agent|istio|xtables|iptables|/nft' | grep -F '(enforce)'
area ''
grep -ohsE '^[^#]*pam_(${PAM_MODULES})\\.so' /etc/pam.d/sshd /etc/pam.d/common-auth /etc/pam.d/common-account /etc/pam.d/system-auth /etc/pam.d/password-auth | sed 's/.*pam_\\([a-z0-9_]*\\)\\.so/pam|\\1/' | sort -u
if test -e /etc/sssd/sssd.conf; then there /etc/sssd/sssd.conf /etc/sssd/conf.d/*.conf | sed -nE 's/^[[:space:]]*(ldap_uri|ldap_backup_uri|krb5_server|ad_server|ipa_server)[[:space:]]*=[[:space:]]*(.*)/login|\\1 \\2/p'; fi
there /etc/nslcd.conf /etc/ldap.conf /etc/ldap/ldap.conf /etc/openldap/ldap.conf | sed -nE 's/^[[:space:]]*([Uu][Rr][Ii])[[:space:]]+(.*)/login|ldap_uri \\2/p'
there /etc/duo/pam_duo.conf /etc/duo/login_duo.conf /etc/security/pam_duo.conf | sed -nE 's/^[[:space:]]*host[[:space:]]*=[[:space:]]*([A-Za-z0-9.-]+).*/login|duo \\1/p'
area ''; printf '%s\\n' "$sshd" | sed -nE '/^authorizedkeyscommand none$/d; s/^authorizedkeyscommand ([^ ]+).*/keys-command|\\1/p'
area cron; grep -lsE 'ansible-pull|puppet agent|chef-client|salt-call|cf-agent' /etc/crontab /etc/cron.d/* /var/spool/cron/* /var/spool/cron/crontabs/*
area istio; here /var/lib/istio/envoy/cluster.env /etc/certs/cert-chain.pem
area meshx; here /var/lib/meshx ${PLACES.capture}
`;

// What the input and output hooks of the filter say. No legacy program is asked whose table is not loaded: to ask would load
// it. Others' chains for containers and pods can be thousands, and are of other hooks.
export const FIREWALL_PROBE = `
nft=$(if command -v nft >/dev/null 2>&1; then nft list ruleset 2>/dev/null | awk '
  $1 == "table" { print "table", $2, $3; next }
  /^\\tflags .*owner/ { print "owner" }
  /^\\t[a-z]+ .*\\{$/ { keep = $1 == "chain" && $2 !~ /^(KUBE-|DOCKER|cali-|CILIUM|ISTIO_|MESHX_|meshx_|FORWARD|PREROUTING|POSTROUTING)/; if ($2 ~ /^(ISTIO_INBOUND|KUBE-SERVICES)$/ || keep) print "chain", $2; next }
  /^\\t\\}/ { keep = 0 }
  keep && /hook|dport|ct status|jump|goto|drop|reject|accept|dnat/ { sub(/^\\t+/, ""); print }' | head -n 800; else echo absent; fi)
area nft; test "$nft" = absent || test -z "$nft" || printf '%s\\n' "$nft"
area ''
for family in ip ip6; do
  for kind in -nft -legacy ''; do
    program=\${family}tables$kind
    command -v "$program-save" >/dev/null 2>&1 || continue
    if test -z "$kind"; then
      if command -v "$program-nft-save" >/dev/null 2>&1 || command -v "$program-legacy-save" >/dev/null 2>&1; then continue; fi
      case $("$program" --version 2>/dev/null) in *nf_tables*) kind=-nft ;; *) kind=-legacy ;; esac
    fi
    if test "$kind" = -legacy; then
      grep -qx filter "/proc/net/\${family}_tables_names" 2>/dev/null || continue
    else
      case $nft in absent | *"table $family filter"*) ;; *) continue ;; esac
    fi
    "$program-save" -t filter 2>/dev/null | grep -E '^(:|-A )' | grep -vE '^(:|-A )(FORWARD|KUBE-|DOCKER|cali-|CILIUM|ISTIO_|MESHX_|meshx_)' | head -n 800 | sed "s/^/iptables|$program /"
  done
done
area legacy-nat
if grep -qx nat /proc/net/ip_tables_names 2>/dev/null; then iptables-legacy-save -t nat 2>/dev/null | grep -oE '^:(ISTIO_INBOUND|KUBE-SERVICES) '; fi
`;
