# shellcheck shell=sh
# Docker with one container that serves a page on port 8090. A VM of the lab has /proc/sys read-only, and an overlay as its disk.
mkdir -p /etc/docker /etc/systemd/system/docker.service.d /root/image/bin /root/image/www
cat >/etc/systemd/system/docker.service.d/lab.conf <<'END'
[Service]
ExecStartPre=mount -o remount,rw /proc/sys
END
cat >/etc/docker/daemon.json <<'END'
{
  "storage-driver": "vfs",
  "default-runtime": "lab",
  "runtimes": { "lab": { "path": "/usr/local/bin/crun-without-cgroups" } }
}
END
systemctl daemon-reload
systemctl reset-failed docker.service
systemctl enable --now docker.service
cp /bin/busybox /root/image/bin/busybox
echo from-a-container >/root/image/www/index.html
tar -C /root/image -c . | docker import - page
docker run --detach --restart always --name page --publish 8090:80 page /bin/busybox httpd -f -p 80 -h /www
