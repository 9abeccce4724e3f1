# The same for tables of nft, as nft commands: see `firewall`. Variable: skip, the families whose table `filter` belongs to iptables. A
# table with flags owner accepts no rules of other programs.
# A rule gets one twin per element of a literal list, because nft cannot read back its own output for a list of such ranges; a named
# set, a map and a concatenation stay unchanged.
function print_twins(before, text, i, list, count, element) {
  if (match(text, /(tcp|th) dport (\{[^}]*\}|[0-9-]+)( |$)/) && substr(text, RSTART - 2, 2) != ". ") {
    list = substr(text, RSTART, RLENGTH)
    i = RSTART
    tail = substr(text, RSTART + RLENGTH)
    if (tail !~ /^\. /) {
      gsub(/^(tcp|th) dport|[{},]/, " ", list)
      count = split(list, element, " ")
      text = substr(text, 1, i - 1)
      for (i = 1; i <= count; i++) if (captured(element[i])) print_twin(before, text "ct original proto-dst " element[i] " " tail)
      return
    }
  }
  gsub(/(tcp|th) dport/, "ct original proto-dst", text)
  print_twin(before, text)
}
# A rule as input of nft; sets `handle`.
function plain(text) {
  match(text, / # handle [0-9]+$/)
  handle = substr(text, RSTART + 10)
  text = substr(text, 1, RSTART - 1)
  sub(/^\t+/, "", text)
  sub(/ comment "[^"]*"/, "", text)
  return text
}
function about(text) { return text ~ /(tcp|th) dport / && text !~ /l4proto udp|ip protocol udp/ }
function print_bypass(where, to, port, count, i, text) {
  text = "insert rule " where " tcp dport " sidecar " ct status dnat"
  count = ports == "*" || ports == "" ? 0 : split(ports, port, ",")
  for (i = 1; i <= count; i++) print text " ct original proto-dst " port[i] " goto " to " comment \"" mark "\""
  if (!count) print text " goto " to " comment \"" mark "\""
}
function accepts_redirected(text) { return text ~ /ct status (\{[^}]*)?([a-z-]+,)*dnat/ && text ~ / accept/ && text !~ /dport|ct original/ }
function says_too_much(text) {
  if (accepts_redirected(text)) return 1
  if (!about(text)) return 0
  if (text ~ /dport !=/) return 1
  return match(text, /(tcp|th) dport (vmap |map )?(\{[^}]*\}|[0-9-]+)/) && holds_sidecar(substr(text, RSTART, RLENGTH))
}
# Copies a chain from rule `i` on to a chain of its own, for redirected packets only.
function print_rest(chain, i, to, text) {
  print "add chain " to
  for (; i <= count_of[chain]; i++) {
    text = plain(rule[chain, i])
    if (accepts_redirected(text)) continue
    if (about(text)) { gsub(/(tcp|th) dport/, "ct original proto-dst", text); text = "tcp dport " sidecar " " text }
    print "add rule " to " " text
  }
}
function print_twin(before, text) {
  print "insert rule " before " tcp dport " sidecar " ct status dnat " text " comment \"" mark "\""
}
$1 == "table" { family = $2; table = $3; chain = ""; next }
/^\t[a-z]+ .*\{/ { chain = $1 == "chain" ? family SUBSEP table SUBSEP $2 : ""; next }
/^\tflags .*owner/ { owned[family, table] = 1 }
/^\t\}/ { chain = "" }
chain == "" { next }
$1 == "type" && /hook input/ { if (!(chain in seen)) { seen[chain] = 1; queue[++last] = chain } next }
{
  line = $0
  gsub(/"[^"]*"/, "", line)
  while (match(line, /(jump|goto) [^ ,}]+/)) {
    target = substr(line, RSTART + 5, RLENGTH - 5)
    leads[chain] = leads[chain] " " target
    line = substr(line, RSTART + RLENGTH)
  }
}
match($0, / # handle [0-9]+$/) { rule[chain, ++count_of[chain]] = $0 }
END {
  for (q = 1; q <= last; q++) {
    split(queue[q], at, SUBSEP)
    m = split(leads[queue[q]], to, " ")
    for (j = 1; j <= m; j++) {
      next_chain = at[1] SUBSEP at[2] SUBSEP to[j]
      if (!(next_chain in seen)) { seen[next_chain] = 1; queue[++last] = next_chain }
    }
  }
  for (q = 1; q <= last; q++) {
    split(queue[q], at, SUBSEP)
    if ((at[1] SUBSEP at[2]) in owned) continue
    if (at[2] == "filter" && index(" " skip " ", " " at[1] " ")) continue
    for (i = 1; i <= count_of[queue[q]]; i++) {
      text = plain(rule[queue[q], i])
      where = at[1] " " at[2] " " at[3] " position " handle
      if (says_too_much(text)) {
        rests++
        print_rest(queue[q], i, at[1] " " at[2] " " rest rests)
        print_bypass(where, rest rests)
        break
      }
      if (about(text)) print_twins(where, text)
    }
  }
}
