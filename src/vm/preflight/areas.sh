# shellcheck shell=sh
# `print_areas`, for preflight.root.sh: prints stdin, in which a line \001AREA starts an area, and files, as lines AREA|TEXT. Of files
# of other software only the keys named here are printed, as some contain passwords. Plain awk, for mawk and busybox.
# Filesystems: those with connections of the kernel, whose sockets have no user. PAM: modules that use another machine.

print_areas() {
sssd=
if live && test -e /etc/sssd/sssd.conf; then sssd='/etc/sssd/sssd.conf /etc/sssd/conf.d/*.conf'; fi
set --
# :AREA, then its files; awk reads the existing ones, each with its area before it.
# shellcheck disable=SC2086 # one word per file
for path in :os /etc/os-release /usr/lib/os-release :hosts /etc/hosts :nsswitch /etc/nsswitch.conf :resolv /etc/resolv.conf \
  :mount /proc/mounts :fstab /etc/fstab \
  :pam /etc/pam.d/sshd /etc/pam.d/common-auth /etc/pam.d/common-account /etc/pam.d/system-auth /etc/pam.d/password-auth \
  :sssd $sssd :ldap /etc/nslcd.conf /etc/ldap.conf /etc/ldap/ldap.conf /etc/openldap/ldap.conf \
  :duo /etc/duo/pam_duo.conf /etc/duo/login_duo.conf /etc/security/pam_duo.conf \
  :cron /etc/crontab /etc/cron.d/* /var/spool/cron/* /var/spool/cron/crontabs/*; do
  case $path in
    # An image has only the files before these.
    :mount) if live; then from=mount; continue; else break; fi ;;
    :*) from=${path#:}; continue ;;
    # os-release(5): the file in /usr/lib is used if /etc has none.
    /usr/lib/os-release) test $# = 0 || continue ;;
  esac
  if at "$path" && test -f "$A" && test -r "$A"; then set -- "$@" "from=$from" "$A"; fi
done
awk '
  function once(text) { if (!said[text]++) print text }
  function ssh(port) { if (port ~ /^[0-9]+$/) of_ssh[port + 0] }
  function value_of() { sub(/^[^=]*=[ \t]*/, ""); return $0 }
  # A listening socket. Nothing after its inode is read: a user chooses the name of a control group.
  function socket(i, text) {
    if (!(($1 == "tcp" && $2 == "LISTEN") || ($1 == "udp" && $2 == "UNCONN"))) return
    text = $1 "|" $2 " " $3 " " $4 " " $5 " " $6
    for (i = 7; i <= NF && $i !~ /^cgroup:/; i++) {
      if ($i ~ /^uid:/) text = text " " $i
      if ($i ~ /^ino:/) { inode[sockets + 1] = substr($i, 5); wanted[substr($i, 5)]; break }
    }
    waiting[++sockets] = text
  }
  # /proc/PID/fd/N socket:[INODE]
  function holder(part, i) {
    if (!match($2, /^socket:\[[0-9]+\]$/)) return
    i = substr($2, 9, RLENGTH - 9)
    if (!(i in wanted) || split($1, part, "/") != 5 || counted[i, part[3]]++) return
    holders[i] = holders[i] " " part[3]
  }
  # A block of `systemctl show` for each unit. A name with other characters is of no use here.
  function main_process() {
    if (/^MainPID=/) main = substr($0, 9)
    if (/^Id=/) id = substr($0, 4)
    if (main == "" || id == "") return
    if (main + 0 > 0 && id ~ /^[A-Za-z0-9:_.@-]+$/) print "main|" main + 0 " " id
    main = id = ""
  }
  # For messages only, hence the mark: every process chooses its name.
  function called(pid, file, name) {
    file = "/proc/" pid "/comm"
    if ((getline name < file) < 1) name = "?"
    close(file)
    gsub(/[^A-Za-z0-9._:\/@+-]/, "?", name)
    return "~" name
  }
  function users(pids, pid, n, i, text) {
    n = split(pids, pid, " ")
    for (i = 1; i <= n; i++) text = text (i > 1 ? "," : "") "(\"" (pid[i] in program ? program[pid[i]] : called(pid[i])) "\",pid=" pid[i] ")"
    return n ? " users:(" text ")" : ""
  }
  function link(name, i) {
    name = $2; sub(/[:@].*/, "", name)
    for (i = 3; i <= NF; i++) {
      if ($i ~ /^(bridge|wireguard|xfrm|vti|gre|ipip)$/) { print "interface|" name, $i; return }
      if ($i == "tun" && $(i + 1) == "type") { print "interface|" name, $(i + 2); return }
    }
  }
  function mount(text, n, i, option) {
    if ($1 ~ /^#/ || $3 !~ /^(nfs|nfs4|cifs|smb3|ceph|glusterfs|lustre)$/) return
    if (area == "fstab") { print "fstab|" $3, $1, $2; return }
    text = "mount|" $3 " " $1 " " $2; n = split($4, option, ",")
    for (i = 1; i <= n; i++) if (option[i] ~ /^(mount)?addr=/) { sub(/.*=/, "", option[i]); text = text " " option[i] }
    print text
  }
  function emit(key) {
    if (area == "") print
    else if (area == "disk") { if (rows++) print "disk|" $4, $6 }
    else if (area == "unit") { if (NF) print "unit|" $1 }
    else if (area == "socket") socket()
    else if (area == "socket-unit") while (match($0, /:[0-9]+ \(Stream\)/)) { ssh(substr($0, RSTART + 1, RLENGTH - 10)); $0 = substr($0, RSTART + RLENGTH) }
    else if (area == "sshd") {
      if (/^port /) ssh($2)
      if (/^authorizedkeyscommand [^ ]/ && $0 != "authorizedkeyscommand none") print "keys-command|" $2
    }
    # Settings of systemd-resolved without the drop-in of meshx, so a second run reads the same.
    else if (area == "resolved") { if (/^# \//) own = $2 ~ /\/meshx\.conf$/; if (!own && /^[ \t]*DNS[ \t]*=/) print "resolved|" $0 }
    else if (area == "offered") { if (/^(Version|Architecture|SHA256|Size): /) print "offered|" $0 }
    else if (area == "address") { if (NF) print "address|" $2, $4 }
    else if (area == "route") { if (match($0, / src [^ ]+/)) print "route|" substr($0, RSTART + 5, RLENGTH - 5) }
    else if (area == "process") { if (NF) once("process|" $2) }
    else if (area == "known") { if (NF) program[$1] = $2 }
    else if (area == "holder") holder()
    else if (area == "main") main_process()
    else if (area == "link-details") link()
    else if (area == "rule") { if (NF && !/from all lookup (local|main|default)/) print "rule|" $0 }
    else if (area == "mount" || area == "fstab") mount()
    else if (area == "apparmor") { if (/envoy|pilot-agent|istio|xtables|iptables|\/nft/ && /\(enforce\)/) print "apparmor|" $0 }
    else if (area == "pam") { if (match($0, /^[^#]*pam_(duo|okta|yubico|sss|winbind|ldap|krb5|oslogin_login|oslogin_admin|radius_auth)\.so/)) { key = substr($0, RSTART, RLENGTH - 3); sub(/.*pam_/, "", key); once("pam|" key) } }
    else if (area == "sssd") { if (/^[ \t]*(ldap_uri|ldap_backup_uri|krb5_server|ad_server|ipa_server)[ \t]*=/) { key = $1; sub(/=.*/, "", key); print "login|" key " " value_of() } }
    else if (area == "ldap") { if (/^[ \t]*[Uu][Rr][Ii][ \t]/) { sub(/^[ \t]*[^ \t]+[ \t]+/, ""); print "login|ldap_uri " $0 } }
    else if (area == "duo") { if (/^[ \t]*host[ \t]*=[ \t]*[A-Za-z0-9.-]/) { value_of(); sub(/[^A-Za-z0-9.-].*/, ""); print "login|duo " $0 } }
    else if (area == "cron") { if (/ansible-pull|puppet agent|chef-client|salt-call|cf-agent/) once("cron|" FILENAME) }
    else print area "|" $0
  }
  # A line is held until the next one: an empty line before a new area is the end of the previous area.
  function flush() { if (held && text != "") { $0 = text; emit() } held = 0 }
  from != "" { line = $0; flush(); area = from; $0 = line; emit(); next }
  /^\001/ { line = $0; flush(); area = substr(line, 2); next }
  { line = $0; if (held) { $0 = text; emit() } text = line; held = 1 }
  END {
    flush()
    for (i = 1; i <= sockets; i++) print waiting[i] users(i in inode ? holders[inode[i]] : "")
    for (port in of_ssh) { for (i = ++n; i > 1 && all[i - 1] + 0 > port + 0; i--) all[i] = all[i - 1]; all[i] = port }
    for (i = 1; i <= n; i++) print "ssh|" all[i]
  }
' - "$@"
}
