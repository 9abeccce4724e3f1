# shellcheck shell=sh disable=SC2154 # J and L are those of audit.sh and lock.sh
# `newer_format`, after `audit_file`: prints `newer KIND KNOWN FORMAT BY FILE` for the first file of a newer meshx, if any. BY is the
# version of meshx that last changed the machine, `-` if the audit lacks it. formats.ts has the same numbers.
#
# One awk reads the first lines of all files, and the last line of the audit. Each form has its number at the start of a line, where no
# name or value that others choose can be.

newer_format() {
  set --
  for _each in "lock 1 $L" "journal 2 ${MESHX_UNDO-/var/lib/meshx/undo}/README" "membership 1 ${J%/*}/membership" \
    "switch 1 ${J%/*}/armed" "switch 1 ${J%/*}/reverted" "bypass 1 ${J%/*}/bypass/state"; do
    _file=${_each#* * }
    _kind=${_each%% *} _known=${_each#* }
    test ! -f "$_file" || set -- "$@" "kind=$_kind" "known=${_known%% *}" "$_file"
  done
  { test ! -s "$J" || tail -n 1 -- "$J"; echo; } | awk -v audit="$J" '
    FNR > 3 { next }
    kind == "audit" {
      if (match($0, /"meshx":"[0-9A-Za-z.+-]+"/)) by = substr($0, RSTART + 9, RLENGTH - 10)
      if (!match($0, /"format":[0-9]+/)) next
    }
    kind != "audit" && !match($0, /^(meshx undo journal, |  ")?format"?[ :=]+[0-9]+/) { next }
    {
      format = substr($0, RSTART, RLENGTH)
      sub(/.*[^0-9]/, "", format)
      if (format + 0 > known + 0 && newer == "") {
        newer = "newer " kind " " known " " format
        file = kind == "audit" ? audit : FILENAME
      }
    }
    END { if (newer != "") print newer, by == "" ? "-" : by, file }' kind=audit known=1 - "$@"
}
