#!/bin/sh
# Makes a fresh Debian tree into the image of a VM: sh customize.sh ROOT GUEST_FOLDER SUITE
root=$1 guest=$2 suite=$3

# `operator` may use sudo with a password (operator-password), `deploy` without one.
# Debian has a group `operator` from the start.
chroot "$root" useradd --create-home --shell /bin/bash --gid operator --groups sudo operator
chroot "$root" useradd --create-home --shell /bin/bash deploy
chroot "$root" useradd --create-home --shell /bin/bash nobodyspecial
echo 'operator:operator-password' | chroot "$root" chpasswd
echo 'deploy ALL=(ALL) NOPASSWD: ALL' > "$root/etc/sudoers.d/deploy"
chmod 0440 "$root/etc/sudoers.d/deploy"

# A small HTTP service, started on a port by: systemctl enable --now lab-http@8080
install -D -m 755 "$guest/lab-http.py" "$root/usr/local/lib/meshx-lab/lab-http.py"
install -D -m 644 "$guest/lab-http@.service" "$root/etc/systemd/system/lab-http@.service"

# What every VM has of its own is made when the VM is made.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/etc/resolv.conf"
: > "$root/etc/machine-id"
mkdir -p "$root/var/log/journal"
echo 'UseDNS no' > "$root/etc/ssh/sshd_config.d/lab.conf"
# No terminal is attached, and nothing outside answers.
for unit in console-getty.service getty@tty1.service apt-daily.timer apt-daily-upgrade.timer fstrim.timer \
  e2scrub_all.timer dpkg-db-backup.timer systemd-timesyncd.service systemd-networkd.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# Installed but off; ufw is off by its own configuration.
chroot "$root" systemctl disable firewalld.service
# Only there because polkitd asks for it: a login costs no session.
DEBIAN_FRONTEND=noninteractive chroot "$root" pam-auth-update --package --remove systemd

case $suite in
  bookworm)
    # Installed but off: the classic setup turns it on.
    chroot "$root" systemctl disable dnsmasq.service
    echo 'nameserver 10.150.0.2' > "$root/etc/resolv.conf"
    ;;
  trixie)
    mkdir -p "$root/etc/systemd/resolved.conf.d"
    printf '[Resolve]\nDNS=10.150.0.2\nDNSSEC=no\n' > "$root/etc/systemd/resolved.conf.d/lab.conf"
    ln -s ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
    chroot "$root" systemctl enable systemd-resolved.service
    ;;
esac

rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
