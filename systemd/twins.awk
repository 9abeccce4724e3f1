# Shared by both readers of the host firewall: whether a captured port is in a port range. See `firewall`.
# Variables: ports (captured, separated by commas), sidecar (the port of the redirect), mark, rest.
function captured(text, i, n, port, part) {
  if (ports == "*" || ports == "") return 1
  n = split(ports, port, ",")
  split(text, part, /[-:]/)
  if (part[2] == "") part[2] = part[1]
  for (i = 1; i <= n; i++) if (port[i] + 0 >= part[1] + 0 && port[i] + 0 <= part[2] + 0) return 1
  return 0
}
# A range, not the single port: a rule for exactly 15006 means 15006.
function holds_sidecar(text, count, element, part, i) {
  gsub(/[^0-9:-]+/, " ", text)
  count = split(text, element, " ")
  for (i = 1; i <= count; i++) if (split(element[i], part, /[-:]/) == 2 && part[1] + 0 <= sidecar + 0 && part[2] + 0 >= sidecar + 0) return 1
  return 0
}
