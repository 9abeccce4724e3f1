# fish completion of meshx (fish 3.0 and later); load it with: meshx completion fish | source

# Whether these are the commands typed so far.
function __meshx_at
    set -l place meshx
    set -l skip
    for word in (commandline -opc)[2..-1]
        if test -n "$skip"
            set skip
        else if contains -- $word (string split -- ' ' '${VALUED}')
            set skip 1
        else if contains -- "$place $word" $__meshx_places
            set place "$place $word"
        end
    end
    test "$place" = "$argv[1]"
end

set -g __meshx_places (string split -- , '${PLACES}')

# What may come next at each place.${LINES}
