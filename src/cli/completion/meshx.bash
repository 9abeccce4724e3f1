# bash completion of meshx (bash 4 and later); load it with: source <(meshx completion bash)

# Lines of three columns: commands typed so far, what may come next, what it is.
_meshx_table=${TABLE}
# Lines of three columns: commands typed so far, an option or the number of an argument, its values.
_meshx_values=${VALUES}

# PLACE OPTION: prints the values; names that only files or the cluster know come from meshx itself.
_meshx_offered() {
  local rest=${_meshx_values#*$'\n'"$1"$'\t'"$2"$'\t'}
  if [[ $rest == "$_meshx_values" ]]; then return; fi
  rest=${rest%%$'\n'*}
  if [[ $rest == @* ]]; then meshx completion --values "${rest#@}" 2>/dev/null; else echo "$rest"; fi
}

_meshx() {
  local place=meshx skip='' words='' plain=0 word at
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
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
  COMPREPLY=()
  # The value of an option without values of its own: bash's own completion, which knows files.
  if [[ -n $skip ]]; then
    words=$(_meshx_offered "$place" "$skip")
  else
    while IFS=$'\t' read -r at word _; do
      if [[ $at == "$place" ]]; then words+=" $word"; fi
    done <<<"$_meshx_table"
    if [[ ${COMP_WORDS[COMP_CWORD]} != -* ]]; then words+=" $(_meshx_offered "$place" "@$((plain + 1))")"; fi
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _meshx meshx
