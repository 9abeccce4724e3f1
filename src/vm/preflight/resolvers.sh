# shellcheck shell=sh
# `resolvers`, for preflight.root.sh: of the lines `PID NAME` of stdin, prints the resolvers of the machine. They run as root, or as the
# account that distributions give them. It needs systemd/processes.

resolvers() {
  while read -r pid name; do
    case $name in
      unbound | dnsmasq | nscd) accounts=$name ;;
      named) accounts='named bind' ;;
      pdns_recursor) accounts='pdns pdns-recursor' ;;
      *) continue ;;
    esac
    users=0
    for account in $accounts; do users="$users $(id -u "$account" 2>/dev/null)"; done
    # shellcheck disable=SC2086 # one word per user
    echo "$pid $name" | of_users $users
  done
}
