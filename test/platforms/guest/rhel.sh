# shellcheck shell=sh
# Makes a VM of Debian 12 look like RHEL 9 to what installs packages and asks for them: rpm has a database of the machine, dpkg and apt are
# gone, the shell is bash, iptables is nft alone, and sudo leaves /usr/local out of the search path. The programs are Debian's.

# The names of RHEL, and the packages of Debian whose files are here.
names='bash:bash sudo:sudo iproute:iproute2 iptables-nft:iptables gawk:gawk hostname:hostname openssh-server:openssh-server'
work=/root/rpms
mkdir -p "$work" /etc/rpm
echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros

# iptables, ip6tables, their -save and -restore are links to the program for nft, as in RHEL; update-alternatives is dpkg's.
for name in iptables ip6tables; do
  for suffix in '' -save -restore; do ln -sf xtables-nft-multi "/usr/sbin/$name$suffix"; done
done
rm -f /usr/sbin/*tables-legacy* /usr/sbin/xtables-legacy-multi /etc/alternatives/*tables*
ln -sf gawk /usr/bin/awk
ln -sf bash /usr/bin/sh

cat >"$work/machine.spec" <<END
Name: filesystem
Version: 9
Release: 1
Summary: Files of the machine
License: none
AutoReqProv: no
%description
Files of the machine.
%install
mkdir -p %{buildroot}/etc %{buildroot}/usr/local/bin %{buildroot}/usr/lib/systemd/system %{buildroot}/var/lib %{buildroot}/var/log
cat $work/*.files | tr -d '"' | tar -C / -cPf - --no-recursion -T - | tar -C %{buildroot} -xf - 2>/dev/null
%files
%dir /etc
%dir /usr/local/bin
%dir /usr/lib/systemd/system
%dir /var/lib
%dir /var/log
END
for each in $names; do
  name=${each%:*}
  dpkg -L "${each#*:}" | while read -r path; do
    if test -e "$path" && test ! -d "$path"; then echo "\"$path\""; fi
  done >"$work/$name.files"
  {
    printf '%%package -n %s\nSummary: Files of the machine\nAutoReqProv: no\n' "$name"
    case $name in bash) echo 'Provides: /bin/sh' ;; iptables-nft) echo 'Provides: iptables' ;; esac
    printf '%%description -n %s\nFiles of the machine.\n%%files -n %s -f %s/%s.files\n' "$name" "$name" "$work" "$name"
  } >>"$work/machine.spec"
done
rpmbuild -bb --quiet --buildroot "$work/root" --define "_topdir $work" --define '_binary_payload w0.ufdio' \
  --define '__os_install_post %{nil}' --define '_build_id_links none' "$work/machine.spec"
rpm --install --justdb "$work"/RPMS/*/*.rpm
rm -r "$work"

rm -rf /usr/bin/dpkg* /usr/sbin/dpkg* /usr/bin/apt* /usr/bin/deb-systemd-* /usr/bin/update-alternatives /usr/bin/rpmbuild /usr/bin/alien \
  /var/lib/dpkg /var/lib/apt /var/cache/apt /var/cache/debconf /etc/apt /etc/dpkg /etc/debian_version /etc/network /etc/cron.daily/apt* \
  /var/lib/systemd/deb-systemd-* /root/.rpmdb
mkdir -p /etc/sysconfig /etc/pki/tls/certs
echo 'Rocky Linux release 9.4, as the lab makes it of Debian' >/etc/redhat-release
rm -f /etc/os-release
cat >/etc/os-release <<'END'
NAME="Rocky Linux"
VERSION="9.4"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PLATFORM_ID="platform:el9"
PRETTY_NAME="Rocky Linux 9.4, as the lab makes it of Debian"
END
echo 'Defaults secure_path = /sbin:/bin:/usr/sbin:/usr/bin' >/etc/sudoers.d/rhel
chmod 0440 /etc/sudoers.d/rhel
# What rpm says before the join.
{ rpm -qa | sort; rpm -Va || true; } >/root/rpm-before
