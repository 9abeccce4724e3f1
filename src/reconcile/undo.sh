# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude and the scripts that source this set
# Shell for the undo journal, format 2. `/var/lib/meshx/undo/index` has one line for each thing that meshx changed, in the
# order of the first changes, with the state before it:
#
#     tables NAME…                            rule tables that were there: nft:ip:nat, legacy:ip6:filter
#     path absent PATH
#     path tree-absent PATH                   the same, and all that will be in it is ours too
#     path file OWNER MODE MTIME PATH         copy with the same name under files/
#     path directory OWNER MODE MTIME PATH
#     path link TARGET-AS-BASE64 PATH
#     path secret DIGEST PATH                 never copied: if it has changed, undo removes it
#     path other PATH                         left as it is
#     unit NAME ACTIVE-STATE ENABLED-STATE
#     user NAME absent|present absent|GID     the second for the group of that name
#     package NAME absent|config-files|VERSION
#
# A thing that has a line keeps it: the first state, the one before meshx, survives every later run. A line is written when
# its copy is whole. Everything is readable by root only, as copies may hold secrets. Beside it:
#
#     wrote          `SHA256 PATH`, `OWNER=MODE PATH`, `link=BASE64 PATH`: what meshx was about to write, see `put` in host/shell.ts
#     edits/PATH/    N.base and N.ours: the text before and after our edits; a new N if another process wrote in between
#     before.gz      the snapshot of the whole machine before the first change; alone, an undo left it to be compared again
#     undone         empty: an undo left the journal only for what waits for a decision; goes with the next change
#
# Format 1 had no tables, tree-absent, wrote, edits and snapshot, no digest of a secret, no group of a user, and after the
# line of a disabled unit a line with `-`. Its README stays, so that a reader knows how the journal began.
#
# Functions `undo_open`, `keep_path`, `keep_tree`, `keep_units`, `keep_user`, `keep_package`, `undo_close`; they need the prelude.
# A run names some forty things: what the index has is read once, and each costs a program only where there is something to keep.

. ./undo/own-dpkg.sh
undo_open() { # WHAT: if not empty, also keeps the snapshot of the machine, if nothing was changed yet
  place "${MESHX_UNDO-/var/lib/meshx/undo}" all && J=$R$W || return
  test -d "${J%/*}" || (umask 022; mkdir -p -- "${J%/*}") || return
  test -d "$J/files" || (umask 077; mkdir -p -- "$J/files") || return
  chmod 0700 -- "$J" || return
  test ! -e "$J/undone" || rm -f -- "$J/undone" || return
  # Renamed when it is whole: a full disk would leave an empty one, and a journal without a format cannot be undone.
  test -s "$J/README" || {
    (umask 077; echo 'meshx undo journal, format 2: the state of each thing before meshx changed it' > "$J/README.new") &&
      mv -f -- "$J/README.new" "$J/README"
  } || return
  _known=
  if test -s "$J/index"; then
    _known=$(awk '$1 == "path" { print $1, substr($0, index($0, " /") + 1) } $1 != "path" { print $1, $2 }' "$J/index") || return
  elif test -n "$1" && live; then keep_picture || return
  fi
}
# With $_given, in base64, and $_tables it was taken before this run made anything (undo/first-picture.ts); else it is taken now.
keep_picture() {
  if test -n "${_given-}"; then
    case $_tables in *[!A-Za-z0-9:_' '-]*) echo 'a table has no such name' >&2; return 1 ;; esac
    printf %s "$_given" | (umask 077; base64 -d > "$J/before.new") || return
  else
    (umask 077; first_picture "${J%/*}" > "$J/before.new") && _tables=$(tables_there) || return
  fi
  mv -fT -- "$J/before.new" "$J/before.gz" && note "tables $_tables" tables
}
kept() { # KIND THING: whether there is a line; things are compared as text, not as patterns
  case "$_newline$_known$_newline" in *"$_newline$1 $2$_newline"*) return 0 ;; esac
  return 1
}
note() { # LINE KIND [THING]
  test -f "$J/index" || (umask 077; true > "$J/index") || return
  printf '%s\n' "$1" >> "$J/index" && _known=$_known$_newline$2${3+ $3}
}
_stat_of() { stat -c "$1" -- "$_file"; }
# PATH, which lies at $_file: sets $_state to OWNER MODE MTIME, with numbers where a number has no name
state_of() {
  if live; then _state=$(_stat_of '%U:%G %04a %.9Y'); else owner_mode_of "$1" '%04a %.9Y' && _state=$OWNED; fi || return
  case $_state in *UNKNOWN*) _state=$(_stat_of '%u:%g %04a %.9Y') ;; esac
}
keep_path() { # PATH [WORD FOR ABSENT]
  kept path "$1" && return
  place "$1" || return
  case $1 in /run/* | /var/run/* | */key.pem)
    if test -f "$P" && test ! -h "$P"; then note "path secret $(sha256sum < "$P" | cut -c 1-64) $1" path "$1"; return; fi ;; esac
  if test -h "$P"; then
    note "path link $(readlink -n -- "$P" | base64 -w 0) $1" path "$1" || return
    # An edit follows the link. What lies in /run is made anew at each boot.
    place "$1" all 2>/dev/null && test -f "$P" || return 0
    case $W in /run/* | "$1") ;; *) keep_path "$W" ;; esac
  elif test -f "$P"; then
    _file=$P
    state_of "$1" || return
    ( umask 077; mkdir -p -- "$J/files${1%/*}" && held "$_file" _shown > "$J/files$1.new" && chmod 0600 -- "$J/files$1.new" &&
      mv -fT -- "$J/files$1.new" "$J/files$1" ) || return
    note "path file $_state $1" path "$1"
  elif test -d "$P"; then _file=$P; state_of "$1" && note "path directory $_state $1" path "$1"
  elif test -e "$P"; then note "path other $1" path "$1"
  else
    # What a change makes on the way is new as well.
    case ${1%/*} in '') ;; *) test "$P" != "$_nowhere" || keep_path "${1%/*}" || return ;; esac
    note "path ${2-absent} $1" path "$1"
  fi
}
# A file that someone else's program made is theirs, whatever ours writes into it (a log): it is not copied.
keep_tree() {
  kept path "$1" && return
  place "$1" || return
  if test -e "$P" && test ! -d "$P" && test ! -h "$P"; then note "path other $1" path "$1"; else keep_path "$1" tree-absent; fi
}
# NAME…: `unit NAME ACTIVE-STATE ENABLED-STATE` for each, with `-` for one that systemd has no file of.
units_now() {
  systemctl show -p ActiveState -p UnitFileState -- "$@" 2>/dev/null | MESHX_UNITS=$* awk -F = '
    function flush() { print "unit", name[++n], active == "" ? "unknown" : active, enabled == "" ? "-" : enabled; active = enabled = "" }
    BEGIN { all = split(ENVIRON["MESHX_UNITS"], name, " ") }
    $1 == "ActiveState" { active = $2 } $1 == "UnitFileState" { enabled = $2 }
    NF == 0 { flush() }
    END { while (n < all) flush() }'
}
keep_units() { # NAME…
  live || return 0
  for _unit; do shift; kept unit "$_unit" || set -- "$@" "$_unit"; done
  test $# -gt 0 || return 0
  _units=$(units_now "$@") && note "$_units" unit "$1" || return
  for _unit; do _known="$_known${_newline}unit $_unit"; done
}
# NAME: sets $_group to the id of the group of that name, `absent` when there is none
group_of() {
  _group=$(getent group -- "$1") || { _group=absent; return 0; }
  _group=${_group#*:*:} _group=${_group%%:*}
}
keep_user() {
  live && ! kept user "$1" || return 0
  group_of "$1"
  if getent passwd -- "$1" >/dev/null; then note "user $1 present $_group" user "$1"; else note "user $1 absent $_group" user "$1"; fi
}
# NAME: sets $_version, also to `absent` or `config-files`
package_version() {
  if own_dpkg; then
    _version=$(dpkg-query -W -f '${db:Status-Status} ${Version}' -- "$1" 2>/dev/null) || _version=
    case $_version in '' | 'not-installed '*) _version= ;; 'config-files '*) _version=config-files ;; *) _version=${_version#* } ;; esac
  else _version=$(rpm -q --qf '%{VERSION}-%{RELEASE}' -- "$1" 2>/dev/null) || _version=
  fi
  _version=${_version:-absent}
}
keep_package() {
  live && ! kept package "$1" || return 0
  package_version "$1"
  note "package $1 $_version" package "$1"
}
# A power cut after the first change must find the journal on the disk.
undo_close() { test ! -f "$J/index" || { find "$J" -type f -newer "$J/README" -exec sync -- {} + && sync -- "$J/index"; } 2>/dev/null || :; }
