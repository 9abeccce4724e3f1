# shellcheck shell=sh
# NAME: asks the C library. A DHCP client that renews its lease empties resolv.conf and then writes it: what fails while it does so, or
# within the second of that, is asked again.
look() {
  for _ in 1 2 3 4 5; do
    asked=$(date +%s)
    timeout 20 getent ahostsv4 "$1" && return
    code=$?
    test "$(stat -L -c %Y /etc/resolv.conf)" -ge "$((asked - 1))" || break
    sleep 0.3
  done
  return "$code"
}
