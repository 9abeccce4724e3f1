# shellcheck shell=sh
# Shell that lists the machine: `picture` prints one fact on each line, `AREA tab NAME tab STATE`, sorted, below a line with
# its format. Needs the prelude, only reads, and loads no kernel module that is not loaded: a legacy iptables program is
# asked only when its tables are there.
#
# What is read of files, so that it ends soon on any machine:
# - /etc, the unit files in /usr/lib/systemd/system (and /lib, /run), crontabs, /usr/local/{bin,sbin,etc} and
#   /usr/local/lib/meshx: content, of files up to 1 MiB; larger ones by size and time of change;
# - the rest of /usr/local, /opt and /srv to a depth of 4, /root to 2: size and time of change;
# - /var/log to a depth of 2 (without systemd's journal), /var/lib, /var/cache, /run and /dev/shm to 1, /var/lib/istio,
#   /var/lib/meshx, /run/meshx and /run/secrets whole: names, owners and modes.
# Never read: data below /var/lib (a database's), /home, /tmp, /proc and /sys.
# MESHX_PICTURE: a folder that replaces all of these in tests.
#
# A legacy table without rules counts as none: a kernel gives a loaded one back only at its next boot.

. ./own-dpkg.sh
_has() { command -v "$1" >/dev/null 2>&1; }
# FIND-ARGUMENTS…: names end with NUL, so that none can pretend to be a line.
_names() { find "$@" \( -path "${MESHX_UNDO-/var/lib/meshx/undo}" -o -path /var/log/journal -o -path '/run/meshx/operator*' \) -prune -o -printf "$_what" 2>/dev/null; }
# What they are called and what they hold, side by side: the one is piped through the other.
_picture_files() {
  if test -n "${MESHX_PICTURE-}"; then set -- "$MESHX_PICTURE"
  else
    set -- /etc /usr/lib/systemd/system /run/systemd/system /var/spool/cron /usr/local/bin /usr/local/sbin /usr/local/etc /usr/local/lib/meshx
    test -h /lib || set -- "$@" /lib/systemd/system
  fi
  find "$@" -xdev -path "${MESHX_UNDO-/var/lib/meshx/undo}" -prune -o -type f -size -1025k -print0 2>/dev/null | xargs -0 -r sha256sum -z 2>/dev/null |
    { _picture_names "$@"; cat; }
}
_picture_names() {
  _whole='%y %u:%g %m\t%l\t%p\0' _sized='%y %u:%g %m %s %T@\t%l\t%p\0'
  if test -n "${MESHX_PICTURE-}"; then
    _what=$_sized; _names "$MESHX_PICTURE" | grep -z '^f'
    _what=$_whole; _names "$MESHX_PICTURE" | grep -z -v '^f'
    return
  fi
  _what=$_sized; _names "$@" -xdev
  _names /usr/local /opt /srv -xdev -maxdepth 4 \( -path /usr/local/bin -o -path /usr/local/sbin -o -path /usr/local/etc -o -path /usr/local/lib/meshx \) -prune -o
  _names /root -xdev -maxdepth 2
  _what=$_whole; _names /var/log -xdev -maxdepth 2
  # While a run holds its lock, /run/meshx is there.
  _names /var/lib /var/cache /run /dev/shm -maxdepth 1 -path /run/meshx -prune -o
  _names /var/lib/istio /var/lib/meshx /run/meshx /run/secrets /var/lib/systemd/deb-systemd-helper-enabled -mindepth 1
}
_picture_accounts() {
  awk -F : -v OFS='\t' '{ area = FILENAME ~ /passwd/ ? "user" : "group"; name = $1; $1 = $2 = ""; sub(/^\t\t/, ""); gsub(/\t/, ":"); print area, name, $0 }' /etc/passwd /etc/group
}
_picture_packages() {
  if own_dpkg; then dpkg-query -W -f 'package\t${binary:Package}\t${db:Status-Abbrev}${Version}\n'
  elif _has rpm; then rpm -qa --qf 'package\t%{NAME}.%{ARCH}\t%{VERSION}-%{RELEASE}\n'; fi
}
# Not by systemctl list-unit-files, which takes half a second: the links that make a unit start say the same.
# Sessions come and go by themselves; what ran once and ended, and what a timer runs for a moment, is no state.
_picture_units() {
  find /etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system -maxdepth 2 -name '*.*' ! -type d -printf '%P\t%l\n' 2>/dev/null | sort -u | awk -F '\t' -v OFS='\t' '
    { n = split($1, part, "/"); name = part[n] }
    n == 2 && part[1] ~ /\.(wants|requires)$/ { started[name] = started[name] " by " part[1] }
    n == 1 { seen[name] = 1; if ($2 == "/dev/null") masked[name] = 1 }
    END { for (name in started) seen[name] = 1
      for (name in seen) print "unit-file", name, name in masked ? "masked" : name in started ? "enabled" started[name] : "not enabled" }'
  systemctl list-units --no-legend --no-pager --plain --state=active,failed --type=service,socket,timer,path,target,mount 2>/dev/null |
    awk -v OFS='\t' 'NF > 3 && $4 != "exited" && $1 !~ /^(session-|user@|user-runtime-dir@|run-user-|sshd?@|run-|proc-)/ { print "unit", $1, $3 }'
}
# *-save on stdin: one line for each chain, with its policy and rules; counters are left out, and tables without rules.
_chains() {
  awk -v OFS='\t' -v backend="$1" '
    function flush(i) { if (used) for (i = 1; i <= n; i++) print "rules", backend " " table " " chain[i], rule[chain[i]]; n = used = 0; split("", rule) }
    /^\*/ { table = substr($0, 2) }
    /^:/ { chain[++n] = substr($1, 2); rule[chain[n]] = $2; if ($2 != "ACCEPT") used = 1 }
    /^(\[[0-9:]*\] )?-A / { sub(/^\[[0-9:]*\] /, ""); name = $2; sub(/^-A [^ ]* /, ""); rule[name] = rule[name] "; " $0; used = 1 }
    /^COMMIT/ { flush() }'
}
_nft_lists() { # table by table, each chain, set and so on with its lines
  nft -s list ruleset 2>/dev/null | awk -v OFS='\t' '
    /^table / { table = $2 " " $3; print "rules", "nft " table, "table"; next }
    /^\t[a-z].*\{$/ { sub(/^\t/, ""); sub(/ \{$/, ""); part = $0; text = ""; next }
    /^\t\}/ { print "rules", "nft " table " " part, text; part = ""; next }
    part != "" { gsub(/^[ \t]+|[ \t]+$/, ""); gsub(/[ \t]+/, " "); text = text (text == "" ? "" : "; ") $0 }'
}
_picture_rules() {
  if _has nft; then _nft_lists
  else for family in iptables ip6tables; do if _has "$family-nft-save"; then "$family-nft-save" 2>/dev/null | _chains "$family-nft"; fi; done
  fi
  for family in iptables ip6tables; do
    if read -r _table 2>/dev/null <"/proc/net/${family%tables}_tables_names" && _has "$family-legacy-save"; then
      "$family-legacy-save" 2>/dev/null | _chains "$family-legacy"
    fi
  done
}
# nft's tables that are there, whether used or not: nft:FAMILY:TABLE, and how many rules, sets and chains of its own it has.
rule_tables() {
  test -z "${MESHX_PICTURE-}" || return 0
  for family in iptables ip6tables; do
    ip=${family%tables}
    if _has "$family-nft-save"; then
      "$family-nft-save" 2>/dev/null | awk -v at="nft:$ip:" '/^\*/ { table = substr($0, 2); n = 0 } /^-A / || (/^:/ && $2 == "-") || (/^:/ && $2 == "DROP") { n++ } /^COMMIT/ { print at table, n }'
    fi
  done
}
# Built-in chains of nft's own iptables tables: nft:FAMILY:TABLE:CHAIN, and how many rules it has; a policy other than accept
# counts as one. Only nft tells which of them are there: to iptables all of them are, always.
rule_chains() {
  test -z "${MESHX_PICTURE-}" && _has nft || return 0
  _nft_lists | awk -F '\t' '
    $2 ~ /^nft ip6? (raw|mangle|nat|filter|security) chain (PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/ {
      split($2, part, " ")
      print "nft:" part[2] ":" part[3] ":" part[5], $3 ~ /^type [^;]*; policy accept;$/ ? 0 : 1
    }'
}
# The kernel makes the route of an IPv6 address when no one else was found to have it, 1 to 2 s after a start: until then it is
# tentative (0x40 of its flags, without 0x08: someone has it).
_tentative() {
  while read -r _ _ _ _ _flags _; do case $_flags in [4-7c-f][0-7]) return 0 ;; esac; done <"$1"
  return 1
}
_picture_network() {
  _tries=0
  while test -r /proc/net/if_inet6 && test "$_tries" -lt 30 && _tentative /proc/net/if_inet6; do sleep 0.1; _tries=$((_tries + 1)); done
  for family in -4 -6; do
    echo "= $family"; printf '%s\n' 'rule show' 'route show table all' | ip "$family" -force -batch -
  done 2>/dev/null
  echo '= listening'; ss -Htuln 2>/dev/null
}
# Below a line `= FAMILY` its rules, which begin with their number, and its routes.
_network_lines() {
  awk -v OFS='\t' '
    $1 == "=" { family = $2; next }
    family == "listening" { print family, $1 " " $5, ""; next }
    $1 ~ /^[0-9]+:$/ { print "ip-rule", family " " $0, ""; next }
    { sub(/ expires [0-9]*sec/, ""); sub(/[ \t]*$/, ""); print "route", family " " $0, "" }'
}
# Counters, random numbers and measured values are no settings, nor are the old names of a few. Not by sysctl -a, which takes
# three times as long to say the same.
_picture_sysctl() {
  grep -r -s -a '' /proc/sys 2>/dev/null | awk -v OFS='\t' '
    { at = index($0, ":"); key = substr($0, 11, at - 11); value = substr($0, at + 1); gsub(/\//, ".", key) }
    at == 0 || key ~ /^(dev\.cdrom|kernel\.(random|ns_last_pid|pty\.nr|perf_event_max_sample_rate|perf_cpu|sched_domain|hung_task_detect)|fs\.(dentry-state|file-nr|inode|quota|aio-nr|binfmt_misc)|vm\.(stat|drop)|net\.netfilter\.nf_conntrack_(count|buckets)|sunrpc)/ { next }
    key ~ /^net\.ipv[46]\.neigh\..*\.(base_reachable_time|retrans_time)$/ { next }
    { gsub(/\t/, " ", value); print "sysctl", key, value }'
}
_resolv_lines() {
  _n=0
  while IFS= read -r _line || test -n "$_line"; do
    _n=$((_n + 1))
    printf 'resolver\tresolv.conf line %s\t%s\n' "$_n" "$_line"
  done </etc/resolv.conf
  test "$_n" -gt 0
}
_picture_resolver() {
  printf 'resolver\tresolv.conf leads to\t%s\n' "$(readlink -f /etc/resolv.conf)"
  # A DHCP client that renews its lease empties the file and then writes it (Debian's dhclient-script).
  test ! -r /etc/resolv.conf || _resolv_lines || { sleep 0.1; _resolv_lines; }
  # It says nothing of a systemd-resolved that does not run, and takes its time for that.
  if test -d /run/systemd/resolve && _has resolvectl; then
    for what in dns domain; do resolvectl "$what" | sed "s/^/$what:/"; done 2>/dev/null | awk -v OFS='\t' '
      { at = index($0, ":"); what = substr($0, 1, at - 1); rest = substr($0, at + 1)
        at = index(rest, ":"); print "resolver", "resolvectl " what " " substr(rest, 1, at - 1), substr(rest, at + 1) }'
  fi
}
# A pipe from the rest through the files: both are looked at side by side.
picture() (
  echo 'meshx picture, format 1'
  _picture_rest | {
    _picture_files | tr '\n\0' '?\n' | awk -F '\t' -v OFS='\t' '
      # What a file holds: 64 digits, two blanks, its name. The other lines begin with one letter and a blank.
      substr($0, 2, 1) != " " { hash = substr($1, 1, 64); name = substr($1, 67); for (i = 2; i <= NF; i++) name = name "?" $i; digest[name] = hash; next }
      { name = $3; for (i = 4; i <= NF; i++) name = name "?" $i }
      { state[name] = $1; link[name] = $2 }
      # Its own folder is left out of the first snapshot.
      END { skip = ENVIRON["MESHX_SKIP"]; for (name in state) {
        if (skip != "" && (name == skip || index(name, skip "/") == 1)) continue
        value = state[name]; split(value, part, " ")
        if (part[1] != "f") value = part[1] " " part[2] " " part[3]
        else if (name in digest) value = part[1] " " part[2] " " part[3] " " digest[name]
        print "file", name, value (link[name] == "" ? "" : " " link[name])
      } }'
    cat
  } | sort -u
)
_picture_rest() {
  test -z "${MESHX_PICTURE-}" || return 0
  printf 'boot\tid\t%s\n' "$(cat /proc/sys/kernel/random/boot_id)"
  _picture_accounts; _picture_packages; _picture_rules; _picture_network | _network_lines; _picture_sysctl; _picture_resolver; _picture_units
}
# FOLDER: the snapshot from before meshx, packed, without its own folder, which the audit may have made already; and the tables of then.
first_picture() { MESHX_SKIP=$1 picture | gzip -c -1; }
tables_there() {
  test -z "${MESHX_PICTURE-}" || { echo; return; }
  _there=
  for family in iptables ip6tables; do
    if _has "$family-nft-save"; then for _table in $("$family-nft-save" 2>/dev/null | sed -n 's/^\*//p'); do _there="$_there nft:${family%tables}:$_table"; done; fi
    while read -r _table; do _there="$_there legacy:${family%tables}:$_table"; done 2>/dev/null <"/proc/net/${family%tables}_tables_names"
  done
  echo "${_there# }"
}
