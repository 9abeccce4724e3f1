# shellcheck shell=sh
# PORT TENTHS: waits so many tenths of a second until a program listens there.
listening() {
  n=0
  until ss -Hltn | grep -q ":$1 "; do
    n=$((n + 1))
    [ "$n" -lt "$2" ] || exit 1
    sleep 0.1
  done
}
