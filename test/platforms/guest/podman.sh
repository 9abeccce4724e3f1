# shellcheck shell=sh
# Podman with one container that serves a page on port 8090, started by a unit. A VM of the lab has /proc/sys read-only, an overlay as its
# disk, and no control groups of its own.
mkdir -p /etc/containers /root/image/bin /root/image/www
cat >/etc/containers/storage.conf <<'END'
[storage]
driver = "vfs"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
END
cat >/etc/containers/containers.conf <<'END'
[containers]
keyring = false
cgroups = "disabled"
END
cat >/etc/systemd/system/page.service <<'END'
[Unit]
After=network.target

[Service]
ExecStartPre=mount -o remount,rw /proc/sys
ExecStart=podman run --replace --name page --publish 8090:80 localhost/page:latest /bin/busybox httpd -f -p 80 -h /www
ExecStop=podman stop --time 1 page
Delegate=yes

[Install]
WantedBy=multi-user.target
END
cp /bin/busybox /root/image/bin/busybox
echo from-a-container >/root/image/www/index.html
tar -C /root/image -c . | podman import - page
systemctl daemon-reload
systemctl enable --now page.service
