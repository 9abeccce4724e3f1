#compdef meshx
# zsh completion of meshx; load it with: source <(meshx completion zsh)

# Lines of three columns: commands typed so far, what may come next, what it is.
_meshx_table=${TABLE}
# Lines of three columns: commands typed so far, an option or the number of an argument, its values.
_meshx_values=${VALUES}

# PLACE OPTION: prints the values, one a line; names that only files or the cluster know come from meshx itself.
_meshx_offered() {
  local rest=${_meshx_values#*$'\n'"$1"$'\t'"$2"$'\t'}
  if [[ $rest == "$_meshx_values" ]]; then return; fi
  rest=${rest%%$'\n'*}
  if [[ $rest == @* ]]; then meshx completion --values "${rest#@}" 2>/dev/null; else print -l -- ${=rest}; fi
}

_meshx() {
  local place=meshx skip='' word at description plain=0
  local -a found
  for word in "${(@)words[2,CURRENT-1]}"; do
    if [[ -n $skip ]]; then
      skip=''
    elif [[ " ${VALUED} " == *" $word "* ]]; then
      skip=$word
    elif [[ $_meshx_table == *$'\n'"$place $word"$'\t'* ]]; then
      place+=" $word"
    elif [[ $word != -* ]]; then
      plain=$((plain + 1))
    fi
  done
  if [[ -n $skip ]]; then
    found=(${(f)"$(_meshx_offered "$place" "$skip")"})
    found=("${(@)found//:/\\:}")
    if (( $#found )); then _describe meshx found; else _files; fi
    return
  fi
  while IFS=$'\t' read -r at word description; do
    if [[ $at == "$place" ]]; then found+=("${word//:/\\:}:$description"); fi
  done <<<"$_meshx_table"
  if [[ ${words[CURRENT]} != -* ]]; then
    for word in ${(f)"$(_meshx_offered "$place" "@$((plain + 1))")"}; do found+=("${word//:/\\:}"); done
  fi
  _describe meshx found || _files
}

# A file of $fpath is the body of the function when that is first called.
if [[ $funcstack[1] == _meshx ]]; then _meshx "$@"; else compdef _meshx meshx; fi
