# shellcheck shell=sh
# BYTES, so many packed bytes on stdin: unpacks them with zstd. Debian seldom has that program, but from Debian 12 on dpkg-deb unpacks
# packages with it, and a package is an archive of ar(5): its header, and three members with headers of 60 bytes (deb(5)). What is in
# the last one dpkg-deb only unpacks.

unzstd() {
  if command -v zstd >/dev/null; then zstd -dc; return; fi
  {
    printf '!<arch>\n'
    _member debian-binary 4
    printf '2.0\n'
    _member control.tar 0
    _member data.tar.zst "$1"
    cat
  } | dpkg-deb --fsys-tarfile -
}
_member() { printf '%-16s%-12s%-6s%-6s%-8s%-10s`\n' "$1" 0 0 0 100644 "$2"; }
