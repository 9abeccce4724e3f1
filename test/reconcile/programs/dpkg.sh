#!/bin/sh
# Enough of dpkg: a "package" is a tar of files, unpacked in the test's folder. A test that wants it known writes NAME VERSION to
# dpkg-installs before; what a package brought and its version are then in the folder dpkg.
for word; do file=$word; done
echo "dpkg $*" >>"$STATE/dpkg.log"
test ! -e "$STATE/dpkg-says" || { cat "$STATE/dpkg-says"; exit 1; }
case " $* " in
  *' --purge '* | *' --remove '*)
    while read -r each; do test -d "$TARGET/$each" || rm -f "$TARGET/$each"; done <"$STATE/dpkg/$file.list"
    sort -r "$STATE/dpkg/$file.list" | while read -r each; do rmdir "$TARGET/$each" 2>/dev/null; done
    rm -f "$STATE/dpkg/$file.list" "$STATE/dpkg/$file.version"
    exit 0
    ;;
esac
test ! -e "$STATE/dpkg-installs" || {
  read -r name version <"$STATE/dpkg-installs"
  mkdir -p "$STATE/dpkg"
  echo "$version" >"$STATE/dpkg/$name.version"
  tar -tf "$file" | sed -e 's!^\./!!' -e '/^$/d' >"$STATE/dpkg/$name.list"
}
tar -xf "$file" -C "$TARGET" --no-same-owner
