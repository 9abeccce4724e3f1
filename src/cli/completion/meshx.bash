# bash completion of meshx (bash 4 and later); load it with: source <(meshx completion bash)

# Lines of three columns: commands typed so far, what may come next, what it is.
_meshx_table=${TABLE}

_meshx() {
  local place=meshx skip='' words='' word at
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $skip ]]; then
      skip=''
    elif [[ " ${VALUED} " == *" $word "* ]]; then
      skip=1
    elif [[ $_meshx_table == *$'\n'"$place $word"$'\t'* ]]; then
      place+=" $word"
    fi
  done
  COMPREPLY=()
  # The value of an option: bash's own completion, which knows files.
  if [[ -n $skip ]]; then return; fi
  while IFS=$'\t' read -r at word _; do
    if [[ $at == "$place" ]]; then words+=" $word"; fi
  done <<<"$_meshx_table"
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _meshx meshx
