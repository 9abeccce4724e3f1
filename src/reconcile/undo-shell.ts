/**
 * Shell for the undo journal, format 1: `/var/lib/meshx/undo/index` has one line for each thing that meshx changed, in the
 * order of the first changes, with the state before it:
 *
 *     path absent PATH
 *     path file OWNER MODE MTIME PATH         copy with the same name under files/
 *     path directory OWNER MODE MTIME PATH
 *     path link TARGET-AS-BASE64 PATH
 *     path secret PATH                        never copied: going back means that it is gone
 *     unit NAME ACTIVE-STATE ENABLED-STATE
 *     user NAME absent|present
 *     package NAME absent|VERSION
 *
 * A thing that has a line keeps it: the first state, the one before meshx, survives every later run. A line is written when
 * its copy is whole. Everything is readable by root only, as copies may hold secrets.
 */
export const UNDO = '/var/lib/meshx/undo';

/** Functions `undo_open`, `keep_path`, `keep_unit`, `keep_user`, `keep_package`, `undo_close`; they need the prelude. */
export const UNDO_FUNCTIONS = `undo_open() {
  place "\${MESHX_UNDO-${UNDO}}" all && J=$P && (umask 022; mkdir -p -- "\${J%/*}") && (umask 077; mkdir -p -- "$J/files") &&
    chmod 0700 -- "$J" || return
  test -f "$J/README" || (umask 077; echo 'meshx undo journal, format 1: the state of each thing before meshx changed it' > "$J/README")
}
kept() { # KIND THING: whether there is a line; things are compared as text, not as patterns
  test -f "$J/index" && MESHX_KIND=$1 MESHX_THING=$2 awk '
    $1 == ENVIRON["MESHX_KIND"] {
      if ($1 == "path") { at = index($0, " /"); thing = substr($0, at + 1) } else thing = $2
      if (thing == ENVIRON["MESHX_THING"]) { found = 1; exit }
    }
    END { exit !found }' "$J/index"
}
note() { (umask 077; echo "$1" >> "$J/index"); }
keep_path() {
  kept path "$1" && return
  place "$1" || return
  # A secret is never copied; going back means that it is gone.
  case $1 in /run/* | /var/run/* | */key.pem) if test -f "$P"; then note "path secret $1"; return; fi ;; esac
  if test -h "$P"; then note "path link $(readlink -n -- "$P" | base64 -w 0) $1"
  elif test -f "$P"; then
    _at=$P _state=$(owner_mode "$1") || return
    ( umask 077; mkdir -p -- "$J/files\${1%/*}" && cp -- "$_at" "$J/files$1.new" && chmod 0600 -- "$J/files$1.new" &&
      mv -fT -- "$J/files$1.new" "$J/files$1" ) || return
    note "path file $_state $(stat -c '%.9Y' -- "$_at") $1"
  elif test -d "$P"; then _at=$P; note "path directory $(owner_mode "$1") $(stat -c '%.9Y' -- "$_at") $1"
  elif test -e "$P"; then note "path other $1"
  else
    # What a change makes on the way is new as well.
    case \${1%/*} in '') ;; *) test -e "\${P%/*}" || keep_path "\${1%/*}" || return ;; esac
    note "path absent $1"
  fi
}
keep_unit() {
  live && ! kept unit "$1" || return 0
  note "unit $1 $(systemctl is-active -- "$1" 2>/dev/null || :) $(systemctl is-enabled -- "$1" 2>/dev/null || echo -)"
}
keep_user() {
  live && ! kept user "$1" || return 0
  if getent passwd -- "$1" >/dev/null; then note "user $1 present"; else note "user $1 absent"; fi
}
keep_package() {
  live && ! kept package "$1" || return 0
  _version=$(dpkg-query -W -f '\${Version}' -- "$1" 2>/dev/null || rpm -q --qf '%{VERSION}-%{RELEASE}' -- "$1" 2>/dev/null) || _version=absent
  note "package $1 \${_version:-absent}"
}
# A power cut after the first change must find the journal on the disk.
undo_close() { test ! -f "$J/index" || { find "$J" -type f -newer "$J/README" -exec sync -- {} + && sync -- "$J/index"; } 2>/dev/null || :; }
`;
