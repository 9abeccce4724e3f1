# What both readers of the firewall's rules share: a port or a range of ports, and whether a captured port is in it. See `firewall`.
# Variables: ports (captured, with commas between), sidecar (the port that packets are redirected to), mark, rest.
function captured(text, i, n, port, part) {
  if (ports == "*" || ports == "") return 1
  n = split(ports, port, ",")
  split(text, part, /[-:]/)
  if (part[2] == "") part[2] = part[1]
  for (i = 1; i <= n; i++) if (port[i] + 0 >= part[1] + 0 && port[i] + 0 <= part[2] + 0) return 1
  return 0
}
# A range, not the very port: who names 15006 means 15006.
function holds_sidecar(text, count, element, part, i) {
  gsub(/[^0-9:-]+/, " ", text)
  count = split(text, element, " ")
  for (i = 1; i <= count; i++) if (split(element[i], part, /[-:]/) == 2 && part[1] + 0 <= sidecar + 0 && part[2] + 0 >= sidecar + 0) return 1
  return 0
}
