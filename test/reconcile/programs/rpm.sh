#!/bin/sh
# Enough of rpm: a "package" is a tar of files, unpacked in the test's folder. Where a test made the file rpm-packages, the machine is one
# of rpm: the file has the version while the package is installed. -qc answers with the file rpm-configuration.
# The first run that changes something ends as rpm-says tells: its first line is the exit code, the rest is said.
case " $* " in
  *' -qc '*) cat "$STATE/rpm-configuration" 2>/dev/null; exit ;;
  *' -q'*) test -s "$STATE/rpm-packages" && cat "$STATE/rpm-packages"; exit ;;
esac
for word; do file=$word; done
echo "rpm $*" >>"$STATE/rpm.log"
if test -e "$STATE/rpm-says"; then
  { read -r code; cat >&2; } <"$STATE/rpm-says"
  rm "$STATE/rpm-says"
  test "$code" = 0 || exit "$code"
fi
case " $* " in *' --test '*) exit ;; esac
version=
case " $* " in *' -U '*) tar -xf "$file" -C "$TARGET" --no-same-owner && version=1.29.1-1 ;; esac
test ! -e "$STATE/rpm-packages" || printf %s "$version" >"$STATE/rpm-packages"
