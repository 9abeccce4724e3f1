#compdef meshx
# zsh completion of meshx; load it with: source <(meshx completion zsh)

# Lines of three columns: commands typed so far, what may come next, what it is.
_meshx_table=${TABLE}

_meshx() {
  local place=meshx skip='' word at description
  local -a found
  for word in "${(@)words[2,CURRENT-1]}"; do
    if [[ -n $skip ]]; then
      skip=''
    elif [[ " ${VALUED} " == *" $word "* ]]; then
      skip=1
    elif [[ $_meshx_table == *$'\n'"$place $word"$'\t'* ]]; then
      place+=" $word"
    fi
  done
  if [[ -n $skip ]]; then _files; return; fi
  while IFS=$'\t' read -r at word description; do
    if [[ $at == "$place" ]]; then found+=("${word//:/\\:}:$description"); fi
  done <<<"$_meshx_table"
  _describe meshx found || _files
}

# A file of $fpath is the body of the function when that is first called.
if [[ $funcstack[1] == _meshx ]]; then _meshx "$@"; else compdef _meshx meshx; fi
