# shellcheck shell=sh
# Functions that count mesh connections and read what the sidecar knows. $1 is the sidecar's user.
# The sidecar accepts captured connections on 15006 (inbound) and 15001 (outbound), as istio-proxy. A connection to itself, for a
# program that calls a service of its own machine, is already counted as outbound, or is idle in its pool. The agent's own connections
# do not count: it opens them again.

proxy=$(id -u "$1" 2>/dev/null) || proxy=none
agent=$(id -u meshx-agent 2>/dev/null) || agent=none
open() {
  ss -Htne state established 2>/dev/null | awk -v uid="uid:$proxy" -v agent="uid:$agent" '
    function plain(text) { if (text ~ /^\[::ffff:/) { sub(/^\[::ffff:/, "", text); sub(/\]/, "", text) } return text }
    # Stop there: a user chooses the name of a control group, which could look like other fields.
    { for (i = 5; i <= NF && $i !~ /^(ino|cgroup):/; i++) if ($i == uid) {
        own = plain($3); port = own; sub(/.*:/, "", port)
        if (port == "15006") inward[++n] = plain($4)
        else if (port == "15001") outward[++m] = plain($4)
        else opened[own] = 1
        break
    } else if ($i == agent) { agents[plain($3)] = 1; break } }
    END {
      for (i = 1; i <= n; i++) if (!(inward[i] in opened)) count++
      for (i = 1; i <= m; i++) if (!(outward[i] in agents)) others++
      print count + 0, others + 0
    }'
}
# ADDRESS…: services that have one of these addresses as an endpoint in the sidecar's clusters.
seen() {
  pilot-agent request GET clusters 2>/dev/null | MESHX_ADDRESSES="$*" awk -F '::' '
    BEGIN { n = split(ENVIRON["MESHX_ADDRESSES"], address, " ") }
    /^outbound\|/ && /::health_flags::/ {
      split($1, part, "|")
      for (i = 1; i <= n; i++) if (index($2, address[i] ":") == 1 || index($0, "::[" address[i] "]:")) print part[4]
    }' | sort -u
}
updates() {
  pilot-agent request GET 'stats?filter=update_success' 2>/dev/null | awk '/^(cluster|cluster_manager|listener_manager)\./ { n += $NF } END { print n + 0 }'
}
now() { date +%s%3N; }
