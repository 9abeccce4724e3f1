# shellcheck shell=sh
# shellcheck disable=SC2154,SC2317 # what undo.sh and the prelude set; a function whose name is handed on
# Prints the current state of everything in the journal, in the journal's format, with these lines added:
#
#     path file OWNER MODE MTIME PATH, then `digest SHA256 PATH`
#     copy SHA256 PATH                  the journal's copy of the state before
#     owned PATH                        belongs to a package of the journal
#     inside PATH                       lies in a directory that was absent before
#     base|ours|text LEVEL BASE64 PATH  the texts of an edit, and the text now
#     former NAME FORMAT FILE           the package's former version, where the machine still has it
#     tables NAME…
#     chains NAME…                      built-in chains, `nft:ip:nat:OUTPUT`, that are new in a table that was there
#     snapshot                          there is one from before the first change; it stays when the rest of the journal is gone
#     undone                            an undo went to its end, but for what waits for a decision, and nothing was changed since
#
# Reads only. Needs the prelude, picture.sh and undo.sh.

found() {
place "${MESHX_UNDO-/var/lib/meshx/undo}" all && J=$R$W || exit 0
test ! -f "$J/before.gz" || echo snapshot
test -f "$J/index" || exit 0
things() { awk -v kind="$1" '$1 == kind { if (kind == "path") print substr($0, index($0, " /") + 1); else print $2 }' "$J/index"; }
packaged() {
  things package | while IFS= read -r name; do
    # Beside a configuration file may lie that of another version, or a changed one.
    if own_dpkg; then
      dpkg-query -L "$name" 2>/dev/null
      dpkg-query -W -f '${Conffiles}' "$name" 2>/dev/null | sed -n 's!^ \(/[^ ]*\) .*!\1.dpkg-dist!p'
    else
      rpm -ql "$name" 2>/dev/null
      rpm -qc "$name" 2>/dev/null | sed 'h; s/$/.rpmnew/p; g; s/$/.rpmsave/'
    fi
  done
}
# The snapshot from before the first change lists the chains of each table.
new_chains() {
  test -f "$J/before.gz" || return 0
  { gzip -dc < "$J/before.gz"; rule_chains; } | awk -F '\t' '
    $1 == "rules" { split($2, part, " "); if (part[1] == "nft") { known["nft:" part[2] ":" part[3]] = 1; if (part[4] == "chain") was["nft:" part[2] ":" part[3] ":" part[5]] = 1 } next }
    /^nft:/ { name = $0; sub(/ .*/, "", name); table = name; sub(/:[^:]*$/, "", table); if (table in known && !(name in was)) print name }'
}
shown() { # PATH: its text of up to 1 MiB in base64
  test ! -f "$1" || test "$(stat -c %s -- "$1")" -gt 1048576 || held "$1" _encoded
}
_encoded() { base64 -w 0 <&9; }
text_of() { # WORD LEVEL FILE PATH
  test ! -f "$3" || printf '%s %s %s %s\n' "$1" "$2" "$(shown "$3")" "$4"
}
digest_line() { # WORD FILE PATH
  _digest=$(sha256sum < "$2")
  printf '%s\n' "$1 ${_digest%% *} $3"
}
is_owned() { case $_newline$owned$_newline in *"$_newline$1$_newline"*) ;; *) return 1 ;; esac; }
path_now() { # PATH WORD: the word of its line
  place "$1" || { echo "path other $1"; return; }
  if test -h "$P"; then echo "path link $(readlink -n -- "$P" | base64 -w 0) $1"
  elif test -f "$P"; then
    _file=$P
    state_of "$1"
    printf '%s\n' "path file $_state $1"
    # What a package brought goes with it; large programs are not read for nothing.
    { test "$2" = absent && test ! -d "$J/edits$1" && is_owned "$1"; } || digest_line digest "$_file" "$1"
  elif test -d "$P"; then
    _file=$P
    state_of "$1"
    printf '%s\n' "path directory $_state $1"
    case $2 in absent) skip=$owned ;; *) skip= ;; esac
    case $2 in absent | tree-absent) find "$R$W" -xdev -mindepth 1 2>/dev/null | { if test -n "$skip"; then printf '%s
' "$skip" | grep -vxF -f - /dev/fd/3; else cat <&3; fi; } 3<&0 | head -n 1000 | sed 's/^/inside /' ;; esac
  elif test -e "$P"; then printf '%s\n' "path other $1"
  else printf '%s\n' "path absent $1"
  fi
  test ! -f "$J/files$1" || digest_line copy "$J/files$1" "$1"
  test -d "$J/edits$1" || return 0
  level=1
  while test -f "$J/edits$1/$level.ours"; do
    text_of base "$level" "$J/edits$1/$level.base" "$1"; text_of ours "$level" "$J/edits$1/$level.ours" "$1"
    level=$((level + 1))
  done
  place "$1" && { test -h "$P" || text_of text 0 "$P" "$1"; }
}
test ! -f "$J/undone" || echo undone
owned=$(packaged)
# One program for all: a journal has some forty paths.
awk '$1 == "path" { path = substr($0, index($0, " /") + 1); if (!(path in word)) word[path] = $2; print word[path], path }' "$J/index" | while IFS= read -r line; do
  path=${line#* }
  path_now "$path" "${line%% *}" || exit
  if is_owned "$path"; then printf 'owned %s\n' "$path"; fi
done || exit
live || exit 0
# Units that have a line, and those whose file was made.
set -f
# shellcheck disable=SC2046 # one word per unit
set -- $({ things unit; things path | sed -n 's!^/etc/systemd/system/\([^/]*[^/@]\.\(service\|timer\|socket\|path\)\)$!\1!p'; } | sort -u)
set +f
test $# = 0 || units_now "$@"
things user | while IFS= read -r user; do
  group_of "$user"
  if getent passwd -- "$user" >/dev/null; then echo "user $user present $_group"; else echo "user $user absent $_group"; fi
done
awk '$1 == "package" { print $2, $3 }' "$J/index" | while read -r name before; do
  package_version "$name"
  echo "package $name $_version"
  case $before in absent | config-files | "$_version") continue ;; esac
  for file in "$J/../packages"/*/package /var/cache/apt/archives/"$name"_*.deb; do
    test -f "$file" || continue
    case $(dpkg-deb -f "$file" Package Version 2>/dev/null | tr '\n' ' ') in "Package: $name Version: $before ") echo "former $name deb $file"; break ;; esac
    if test "$(rpm -qp --qf '%{NAME} %{VERSION}-%{RELEASE}' -- "$file" 2>/dev/null)" = "$name $before"; then echo "former $name rpm $file"; break; fi
  done
done
echo "tables $(tables_there)"
echo "chains $(new_chains | tr '\n' ' ')"
}
