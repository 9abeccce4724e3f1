# shellcheck shell=sh
# Part of preflight.root.sh: what else on the machine handles traffic. It must cost little: a file is looked for before a program
# is started for it, and all units come from one call. What is printed here is filtered by say.sh, which also reads the files of
# others.

# Prints those of the files that are there, at the cost of no program when none is.
there() { for path in "$@"; do if test -e "$path"; then cat "$path" 2>/dev/null; fi; done; }
area link-details; ip -o -d link show 2>/dev/null
area rule; ip -4 rule show 2>/dev/null; ip -6 rule show 2>/dev/null
area iscsi; there /sys/class/iscsi_connection/*/address
area selinux; there /sys/fs/selinux/enforce
area apparmor; there /sys/kernel/security/apparmor/profiles
area istio; here /var/lib/istio/envoy/cluster.env /etc/certs/cert-chain.pem
area meshx; here /var/lib/meshx /usr/local/lib/meshx/capture
