# shellcheck shell=sh
# NetworkManager owns the interface and /etc/resolv.conf. $1: the address of the VM.
mkdir -p /etc/NetworkManager/conf.d
cat >/etc/NetworkManager/conf.d/lab.conf <<'END'
[device]
match-device=interface-name:eth0
managed=1

[keyfile]
unmanaged-devices=interface-name:lo
END
# The lab gives the interface its address before the boot, which NetworkManager would leave to others.
mkdir -p /etc/systemd/system/NetworkManager.service.d
cat >/etc/systemd/system/NetworkManager.service.d/lab.conf <<'END'
[Service]
ExecStartPost=nmcli connection up owned
END
systemctl daemon-reload
umask 077
cat >/etc/NetworkManager/system-connections/owned.nmconnection <<END
[connection]
id=owned
type=ethernet
interface-name=eth0

[ipv4]
method=manual
address1=$1/24,10.150.0.1
dns=10.150.0.2;

[ipv6]
method=ignore
END
systemctl enable NetworkManager.service
systemctl restart NetworkManager.service
nm-online --quiet --timeout 30
