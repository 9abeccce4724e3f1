# shellcheck shell=sh
# NAME: asks the C library. A DHCP client that renews its lease empties resolv.conf and then writes it: what fails within the
# second of that is asked once more.
look() {
  timeout 20 getent ahostsv4 "$1" && return
  code=$?
  test "$(($(date +%s) - $(stat -L -c %Y /etc/resolv.conf)))" -le 1 || return "$code"
  sleep 0.2
  timeout 20 getent ahostsv4 "$1"
}
