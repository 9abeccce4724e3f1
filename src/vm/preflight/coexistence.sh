# shellcheck shell=sh
# Part of preflight.root.sh: other software on the machine that handles traffic. Keep it cheap: test for a file before starting a
# program for it; one call lists all units. areas.sh filters the output, and reads files of other software.

# FILE…: prints the existing files; starts no program if there is none.
there() { for path in "$@"; do if test -e "$path"; then cat "$path" 2>/dev/null; fi; done; }
area link-details; ip -o -d link show 2>/dev/null
area rule; ip -4 rule show 2>/dev/null; ip -6 rule show 2>/dev/null
area iscsi; there /sys/class/iscsi_connection/*/address
area selinux; there /sys/fs/selinux/enforce
area apparmor; there /sys/kernel/security/apparmor/profiles
area istio; here /var/lib/istio/envoy/cluster.env /etc/certs/cert-chain.pem
area meshx; here /var/lib/meshx /usr/local/lib/meshx/capture
