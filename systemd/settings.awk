# Reads KEY=value files as systemd reads them for EnvironmentFile= (systemd.exec(5)). A line break and a line that holds only
# \001 end a file; the line break is not part of it.
# Prints one assignment per line in their order, KEY=value with \001 for a line break; with -v form=words all on one line, quoted
# for a POSIX shell.
#
# Ignores, as systemd does, invalid variable names and values with control characters. Also ignores variables for the shell, the
# loader or the C library.
function ends(c) { return c == "\n" || c == "\r" }
function blank(c) { return c == " " || c == "\t" || ends(c) }
function foreign(name) {
  return name ~ /^(LD_.*|BASH_.*|BASHOPTS|SHELLOPTS|ENV|IFS|PS4|CDPATH|PATH|GCONV_PATH|LOCPATH|GLIBC_TUNABLES|MALLOC_.*|MESHX_.*)$/ || name ~ /^(HOME|SHELL|USER|LOGNAME|PWD|OLDPWD|TMPDIR)$/
}
function quoted(text, part, n, i, all) {
  n = split(text, part, "\047")
  all = part[1]
  for (i = 2; i <= n; i++) all = all "\047\"\047\"\047" part[i]
  return "\047" all "\047"
}
function emit() {
  state = "start"
  if (key !~ /^[A-Za-z_][A-Za-z0-9_]*$/ || foreign(key) || value ~ /[\001-\010\013-\037\177]/) return
  if (form == "words") { printf "%s=%s ", key, quoted(value); return }
  gsub(/\n/, "\001", value)
  print key "=" value
}
function finish() {
  if (state != "start" && state != "comment" && state != "key") emit()
  state = "start"
}
function take(c) {
  if (state == "start") {
    if (c == "#" || c == ";") state = "comment"
    else if (!blank(c)) { state = "key"; key = c }
  } else if (state == "comment") {
    if (ends(c)) state = "start"
  } else if (state == "key") {
    if (ends(c)) state = "start"
    else if (c == "=") { state = "before"; value = ""; blanks = ""; sub(/[ \t]+$/, "", key) }
    else key = key c
  } else if (state == "before") {
    # Before the value, or after a quoted part of it.
    if (ends(c)) emit()
    else if (c == "\047") state = "single"
    else if (c == "\"") state = "double"
    else if (c == "\\") state = "escape"
    else if (!blank(c)) { state = "value"; value = value c; blanks = "" }
  } else if (state == "value") {
    if (ends(c)) emit()
    else if (blank(c)) blanks = blanks c
    else {
      value = value blanks
      blanks = ""
      if (c == "\\") state = "escape"
      else value = value c
    }
  } else if (state == "escape") {
    state = "value"
    if (!ends(c)) value = value c
  } else if (state == "single") {
    if (c == "\047") state = "before"
    else value = value c
  } else if (state == "double") {
    if (c == "\"") state = "before"
    else if (c == "\\") state = "double escape"
    else value = value c
  } else {
    state = "double"
    if (index("\"\\`$", c)) value = value c
    else if (c != "\n") value = value "\\" c
  }
}
BEGIN { state = "start" }
$0 == "\001" { finish(); inside = 0; next }
{
  if (inside) take("\n")
  inside = 1
  n = length($0)
  for (at = 1; at <= n; at++) take(substr($0, at, 1))
}
END { finish() }
