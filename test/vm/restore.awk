# What `iptables-restore --noflush` does to a nat table: a chain that is declared is emptied, -I goes in front, -D and -X need what
# they name. Reads the file `table` and then its input. With a `refusal` it says that and changes nothing.
function without(start, i, left) {
  for (i = 1; i <= n; i++) if (index(line[i], start) != 1) line[++left] = line[i]
  n = left + 0
}
function insert(at, text, i) {
  for (i = n; i >= at; i--) line[i + 1] = line[i]
  line[at] = text
  n++
}
function bad() { if (refusal == "") refusal = "Bad rule" }

FILENAME == table { line[++n] = $0; next }
{ call = call $0 ";"; rule = $0 }
/^:/ { chain = substr($1, 2); without("-A " chain " "); without($1 " "); insert(1, $0) }
$1 == "-A" { line[++n] = $0 }
$1 == "-I" {
  for (at = 1; at <= n && line[at] !~ /^-A/; at++);
  text = "-A " $2
  for (i = 4; i <= NF; i++) text = text " " $i
  insert(at, text)
}
$1 == "-D" { before = n; sub(/^-D/, "-A", rule); without(rule); if (n == before) bad() }
$1 == "-F" { without("-A " $2 " ") }
$1 == "-X" { before = n; without(":" $2 " "); if (n == before) bad() }
END {
  print call >> calls
  if (refusal != "") { print refusal > "/dev/stderr"; exit 1 }
  printf "" > table
  for (i = 1; i <= n; i++) print line[i] > table
  print "nat" > loaded
}
