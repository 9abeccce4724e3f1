# shellcheck shell=bash disable=SC2034,SC2317
# FOLDER: what `firewall_right` says of the filter table in the file `now`, after `firewall_open` has seen that in `before`. $0 is
# systemd/firewall. For bash: a name with a dash is no function's in dash.
R='' RUN=$1
# shellcheck source=systemd/rules
. "${0%/*}/rules"
has() { false; }
programs() { programs=iptables-nft; }
iptables-nft-save() { cat "$RUN/$shown"; }
iptables-nft-restore() { cat >/dev/null; }
# shellcheck source=systemd/firewall
. "$0"
shown=before
firewall_open 3306 15006 || exit 9
shown=now
firewall_right 3306 15006
case $? in 0) echo right ;; 1) echo removed ;; 2) echo outdated ;; esac
