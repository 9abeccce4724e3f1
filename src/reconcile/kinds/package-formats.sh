# shellcheck shell=sh
# Functions: `install_deb`, `install_rpm` and `install_directory` install $S/package. They need package-tree.sh and undo/rpm.sh.
# Exit codes: 181 incomplete, 183 a dependency is missing, 184 a program is missing, 186 unsafe.

# dpkg does not wait for the lock that unattended upgrades hold.
install_deb() {
  mkdir "$S/tree" || exit
  if ! live; then
    if command -v dpkg-deb >/dev/null; then dpkg-deb -x "$S/package" "$S/tree" || exit
    else
      need ar ', nor is dpkg-deb'
      (cd "$S/tree" && data=$(ar t "$S/package" | grep -x 'data\.tar[.a-z0-9]*') && ar x "$S/package" "$data" && tar -xpf "$data" && rm -f -- "$data") || exit
    fi
    spread; return
  fi
  need dpkg
  tries=0
  until DEBIAN_FRONTEND=noninteractive dpkg -i --force-confold "$S/package" > "$S/said" 2>&1 </dev/null; do
    tail -n 40 "$S/said" > "$S/end"
    if grep -q 'lock.*by another process\|lock is held' "$S/end" && test "$tries" -lt 30; then tries=$((tries + 1)); sleep 2; continue; fi
    cat "$S/end" >&2
    ! grep -q 'dependency problems' "$S/end" || exit 183
    exit 1
  done
}
odd_names() { # of what cpio lists: absolute and climbing names, and those below a link
  awk '{
    link = /^l/
    for (i = 0; i < 8; i++) sub(/^[^ ]+ +/, "")
    if (link) sub(/ -> .*/, "")
    sub(/^(\.\/)+/, "")
    if ($0 ~ /^\// || $0 ~ /(^|\/)\.\.(\/|$)/) print
    all[$0]
    if (link) links[$0]
  }
  END { for (name in all) { folder = name; while (sub(/\/[^\/]*$/, "", folder)) if (folder in links) print name } }'
}
# --oldpackage: the operator may request an older version.
install_rpm() {
  if ! live; then
    need rpm2cpio; need cpio
    # cpio may follow a link that it has just created.
    mkdir "$S/tree" && rpm2cpio "$S/package" > "$S/payload" && odd=$(cpio -itnv --quiet < "$S/payload" | odd_names) || exit
    test -z "$odd" || refuse "$odd" 'a name that leaves the root'
    (cd "$S/tree" && cpio -idm --quiet --no-absolute-filenames < "$S/payload") && rm -f -- "$S/payload" && spread || exit
    return
  fi
  need rpm
  with_rpm -U --replacepkgs --oldpackage "$S/package" || { ! grep -q 'Failed dependencies' "$S/said" || exit 183; exit 1; }
  # To rpm that is a warning; without what %post makes, the sidecar has no user and no rights.
  ! grep 'scriptlet failed' "$S/said" >&2 || exit
}
install_directory() {
  mkdir "$S/tree" && tar -x -p --no-same-owner -f "$S/package" -C "$S/tree" || exit 181
  test -f "$S/tree/.meshx-complete" || { echo 'the stream ended early' >&2; exit 181; }
  rm -f -- "$S/tree/.meshx-complete"
  spread
}
