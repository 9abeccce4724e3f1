# Prints the twins of a filter table of iptables, for PROGRAM-restore: see `firewall`. Only of chains that INPUT jumps to.
# Splits a line into words; a quoted word keeps its quotes.
function words(text, i, c, quoted, open) {
  n = 0; open = 0; quoted = 0
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "\"" && substr(text, i - 1, 1) != "\\") quoted = !quoted
    if (c == " " && !quoted) { open = 0; continue }
    if (!open) { word[++n] = ""; open = 1 }
    word[n] = word[n] c
  }
}
# Finds the ports of a rule for TCP: sets `where` and `negated`.
function find_ports(i, tcp) {
  where = 0
  for (i = 3; i <= n; i++) {
    if (word[i] == "-p" && word[i + 1] == "tcp" && word[i - 1] != "!") tcp = 1
    if (word[i] == "--dport" || word[i] == "--dports") { where = i; negated = word[i - 1] == "!" }
  }
  return tcp && where
}
# The rule with the original port instead of its own.
function twin(port, k, text, jump) {
  for (k = 3; k <= n; k++) {
    if (negated && k == where - 1) continue
    if (k == where) { text = text " --dport " sidecar; k++; continue }
    if (word[where] == "--dports" && word[k] == "-m" && word[k + 1] == "multiport") { text = text " -m tcp"; k++; continue }
    if (!jump && (word[k] == "-j" || word[k] == "-g")) {
      jump = 1
      text = text " -m conntrack --ctstate DNAT" (negated ? " !" : "") " --ctorigdstport " port " -m comment --comment " mark
    }
    text = text " " word[k]
  }
  return text
}
# The twins of a rule, one for each captured port that it matches.
function print_twins(line, before, port, count, i) {
  words(line)
  if (!find_ports() || negated) return 0
  count = split(word[where + 1], port, ",")
  for (i = count; i >= 1; i--) if (captured(port[i])) print before twin(port[i])
  return 1
}
function accepts_redirected(line) { return line ~ /--ctstate [A-Z,]*DNAT/ && line ~ / -j ACCEPT/ && line !~ /--ctorigdstport/ }
function says_too_much(line) {
  if (accepts_redirected(line)) return 1
  words(line)
  return find_ports() && (negated || holds_sidecar(word[where + 1]))
}
# Copies a chain from rule `at` on to a chain of its own.
function print_rest(chain_name, at, to, i, line) {
  print ":" to " - [0:0]"
  for (i = at; i <= count_of[chain_name]; i++) {
    line = rule[chain_name, i]
    if (accepts_redirected(line)) continue
    if (print_twins(line, "-A " to)) continue
    if (find_ports() && word[where] == "--dport") print "-A " to twin(word[where + 1])
    else { sub(/^-A [^ ]+/, "-A " to, line); print line }
  }
}
function print_bypass(chain_name, at, to, port, count, i, text) {
  text = "-I " chain_name " " at " -p tcp -m tcp --dport " sidecar " -m conntrack --ctstate DNAT"
  count = ports == "*" || ports == "" ? 0 : split(ports, port, ",")
  for (i = 1; i <= count; i++) print text " --ctorigdstport " port[i] " -m comment --comment " mark " -g " to
  if (!count) print text " -m comment --comment " mark " -g " to
}
/^:/ { name = substr($1, 2); chain[name] = 1 }
$1 == "-A" {
  rule[$2, ++count_of[$2]] = $0
  for (i = 3; i < NF; i++) if ($i == "-j" || $i == "-g") { leads[$2] = leads[$2] " " $(i + 1) }
}
END {
  queue[1] = "INPUT"; seen["INPUT"] = 1; last = 1
  for (q = 1; q <= last; q++) {
    m = split(leads[queue[q]], to, " ")
    for (j = 1; j <= m; j++) if ((to[j] in chain) && !(to[j] in seen)) { seen[to[j]] = 1; queue[++last] = to[j] }
  }
  for (q = 1; q <= last; q++) {
    name = queue[q]
    for (first = 1; first <= count_of[name] && !says_too_much(rule[name, first]); first++);
    if (first <= count_of[name]) {
      rests++
      print_rest(name, first, rest rests)
      print_bypass(name, first, rest rests)
    }
    for (at = first - 1; at >= 1; at--) print_twins(rule[name, at], "-I " name " " at)
  }
}
