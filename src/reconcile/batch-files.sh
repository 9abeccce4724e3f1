# shellcheck shell=sh
# shellcheck disable=SC2154 # what the prelude sets
# Files that wait: `file_later` writes one beside its target and changes nothing that exists; `settle_files` makes all that
# wait, in their order. Digest, owner and mode of all are asked for at once, so that most need no program but the one that renames
# them. That only reads: the owner of a directory may change what a path there leads to, so what is done to a file is done from
# within the folder that it lies in.

_files=0
file_later() { # the words of put
  test -d "$R${4%/*}/" || settle_files || return
  _fill "$((_files + 1))" "$2" "$4" input || return
  _files=$((_files + 1))
  eval "_file_$_files=\$_in/\$_files _owner_$_files=\$1 _mode_$_files=\$2 _sum_$_files=\$3 _path_$_files=\$4 _to_$_files=\$_to"
}
settle_files() {
  test "$_files" -gt 0 || return 0
  _wanted='' _listed='' _n=0
  set --
  while test "$_n" -lt "$_files"; do
    _n=$((_n + 1))
    eval "set -- \"\$@\" \"\$_file_$_n\"; _wanted=\$_wanted\$_newline\$_sum_$_n\"  \"\$_file_$_n
      _listed=\$_listed\$_newline\$_owner_$_n\" \"\$_mode_$_n\" \"\$_to_$_n"
  done
  # If this is not exactly the expected text, read each file's digest separately.
  _found=$(sha256sum -- "$@") || _found=
  test "$_newline$_found" = "$_wanted" || _wanted=
  # An image may not know the names of this machine, and its manifest has the owners.
  if live; then _format='%U:%G %04a'; else _format='%u:%g %04a' && _list "${_listed#"$_newline"}" || return; fi
  _owners=$(stat -c "$_format" -- "$@") || _owners=
  _to_disk -d -- "$@" || return
  _waited=0 _all=$_files _files=0
  while test "$_waited" -lt "$_all"; do
    _waited=$((_waited + 1)) _sizes='' _owned=${_owners%%"$_newline"*} _owners=${_owners#*"$_newline"}
    eval "set -- \"\$_owner_$_waited\" \"\$_mode_$_waited\" \"\$_sum_$_waited\" \"\$_path_$_waited\""
    place "$4" && _to=$W && _stage || return
    # The owner of the directory must not be able to make a protected file readable.
    case $2 in *[4-7]) ;; *) test -O .. || _owned= ;; esac
    if test -n "$_wanted"; then _sum=$3; else _digested "$_waited" || return; fi
    _finish "$_waited" "$_sum" "$_owned" "$@" >/dev/null || return
    echo 'done'
  done
  _listed=
}
names_to_disk() { # once for all that was renamed
  set --
  # shellcheck disable=SC2031 # put runs in a subshell elsewhere, here it does not
  while test "$_stages" -gt "$#"; do eval "set -- \"\$@\" \"\${_in_$(($# + 1))%/*}/.\""; done
  test $# = 0 || _to_disk -- "$@"
}
