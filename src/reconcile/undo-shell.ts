import { PICTURE_FUNCTIONS } from './undo/picture-shell.ts';

/**
 * Shell for the undo journal, format 2. `/var/lib/meshx/undo/index` has one line for each thing that meshx changed, in the
 * order of the first changes, with the state before it:
 *
 *     tables NAME…                            rule tables that were there: nft:ip:nat, legacy:ip6:filter
 *     path absent PATH
 *     path tree-absent PATH                   the same, and all that will be in it is ours too
 *     path file OWNER MODE MTIME PATH         copy with the same name under files/
 *     path directory OWNER MODE MTIME PATH
 *     path link TARGET-AS-BASE64 PATH
 *     path secret DIGEST PATH                 never copied: when it is another one now, going back means that it is gone
 *     path other PATH                         left as it is
 *     unit NAME ACTIVE-STATE ENABLED-STATE
 *     user NAME absent|present absent|GID     the second for the group of that name
 *     package NAME absent|config-files|VERSION
 *
 * A thing that has a line keeps it: the first state, the one before meshx, survives every later run. A line is written when
 * its copy is whole. Everything is readable by root only, as copies may hold secrets. Beside it:
 *
 *     wrote          `SHA256 PATH`, `OWNER=MODE PATH`, `link=BASE64 PATH`: what meshx was about to write, see `put` in host/shell.ts
 *     edits/PATH/    N.base and N.ours: the text before and after our edits; a new N where somebody else wrote in between
 *     before.gz      the picture of the whole machine before the first change
 *     undone         empty: an undo left the journal only for what waits for a decision; goes with the next change
 *
 * Format 1 had no tables, tree-absent, wrote, edits and picture, no digest of a secret, no group of a user, and after the
 * line of a disabled unit a line with `-`. Its README stays, so that a reader knows how the journal began.
 */
export const UNDO = '/var/lib/meshx/undo';

/** Functions `undo_open`, `keep_path`, `keep_tree`, `keep_unit`, `keep_user`, `keep_package`, `undo_close`; they need the prelude. */
export const UNDO_FUNCTIONS = `undo_open() { # with an argument: keeps the picture of the machine too, when nothing was changed yet
  place "\${MESHX_UNDO-${UNDO}}" all && J=$P || return
  _picture=
  if test -n "\${1-}" && live && test ! -s "$J/index"; then
    # The audit of this very run may have made the folder.
    _picture=$(picture | grep -v "^file	\${J%/*}[/	]" | gzip -c -1 | base64) || return
  fi
  (umask 022; mkdir -p -- "\${J%/*}") && (umask 077; mkdir -p -- "$J/files") && chmod 0700 -- "$J" || return
  rm -f -- "$J/undone" || return
  test -f "$J/README" || (umask 077; echo 'meshx undo journal, format 2: the state of each thing before meshx changed it' > "$J/README") || return
  test -n "$_picture" || return 0
  (umask 077; printf '%s\\n' "$_picture" | base64 -d > "$J/before.new") && mv -fT -- "$J/before.new" "$J/before.gz" &&
    note "tables $(rule_tables | cut -d ' ' -f 1 | tr '\\n' ' ')"
}
kept() { # KIND THING: whether there is a line; things are compared as text, not as patterns
  test -f "$J/index" && MESHX_KIND=$1 MESHX_THING=$2 awk '
    $1 == ENVIRON["MESHX_KIND"] {
      if ($1 == "path") { at = index($0, " /"); thing = substr($0, at + 1) } else thing = $2
      if (thing == ENVIRON["MESHX_THING"]) { found = 1; exit }
    }
    END { exit !found }' "$J/index"
}
note() { (umask 077; printf '%s\\n' "$1" >> "$J/index"); }
state_of() { # PATH: as owner_mode, with numbers where a number has no name
  _state=$(owner_mode "$1") || return
  case $_state in *UNKNOWN*) place "$1" all && _state=$(stat -c '%u:%g %04a' -- "$P") || return ;; esac
  echo "$_state"
}
keep_path() { # PATH [WORD FOR ABSENT]
  kept path "$1" && return
  place "$1" || return
  case $1 in /run/* | /var/run/* | */key.pem)
    if test -f "$P" && test ! -h "$P"; then note "path secret $(sha256sum < "$P" | cut -c 1-64) $1"; return; fi ;; esac
  if test -h "$P"; then
    note "path link $(readlink -n -- "$P" | base64 -w 0) $1" || return
    # An edit follows the link. What lies in /run is made anew at each boot.
    place "$1" all 2>/dev/null && test -f "$P" || return 0
    case \${P#"$R"} in /run/* | "$1") ;; *) keep_path "\${P#"$R"}" ;; esac
  elif test -f "$P"; then
    _at=$P _state=$(state_of "$1") || return
    ( umask 077; mkdir -p -- "$J/files\${1%/*}" && cp -- "$_at" "$J/files$1.new" && chmod 0600 -- "$J/files$1.new" &&
      mv -fT -- "$J/files$1.new" "$J/files$1" ) || return
    note "path file $_state $(stat -c '%.9Y' -- "$_at") $1"
  elif test -d "$P"; then _at=$P; note "path directory $(state_of "$1") $(stat -c '%.9Y' -- "$_at") $1"
  elif test -e "$P"; then note "path other $1"
  else
    # What a change makes on the way is new as well.
    case \${1%/*} in '') ;; *) test -e "\${P%/*}" || keep_path "\${1%/*}" || return ;; esac
    note "path \${2-absent} $1"
  fi
}
# A file that somebody else's program made is theirs, whatever ours writes into it (a log): it is not copied.
keep_tree() {
  kept path "$1" && return
  place "$1" || return
  if test -e "$P" && test ! -d "$P" && test ! -h "$P"; then note "path other $1"; else keep_path "$1" tree-absent; fi
}
keep_unit() {
  live && ! kept unit "$1" || return 0
  _enabled=$(systemctl is-enabled -- "$1" 2>/dev/null) || :
  _active=$(systemctl is-active -- "$1" 2>/dev/null) || :
  note "unit $1 \${_active:-unknown} \${_enabled:--}"
}
keep_user() {
  live && ! kept user "$1" || return 0
  _group=$(getent group -- "$1" | cut -d : -f 3)
  if getent passwd -- "$1" >/dev/null; then note "user $1 present \${_group:-absent}"; else note "user $1 absent \${_group:-absent}"; fi
}
package_version() {
  if command -v dpkg-query >/dev/null; then
    _version=$(dpkg-query -W -f '\${db:Status-Status} \${Version}' -- "$1" 2>/dev/null) || _version=
    case $_version in '' | 'not-installed '*) _version= ;; 'config-files '*) _version=config-files ;; *) _version=\${_version#* } ;; esac
  else _version=$(rpm -q --qf '%{VERSION}-%{RELEASE}' -- "$1" 2>/dev/null) || _version=
  fi
  echo "\${_version:-absent}"
}
keep_package() { if live && ! kept package "$1"; then note "package $1 $(package_version "$1")"; fi; }
# A power cut after the first change must find the journal on the disk.
undo_close() { test ! -f "$J/index" || { find "$J" -type f -newer "$J/README" -exec sync -- {} + && sync -- "$J/index"; } 2>/dev/null || :; }
`;

/** The same with the functions that take a picture of the machine. */
export const UNDO_WITH_PICTURE = PICTURE_FUNCTIONS + UNDO_FUNCTIONS;
