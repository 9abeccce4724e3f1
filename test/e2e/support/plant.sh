#!/bin/sh
# What istio-proxy may have written on a VM of a former build: programs of its own, and settings that lead to them.
# FOLDER SIDECAR-ENV NAME…
folder=$1 env=$2
shift 2
mkdir "$folder" && cp "$env" "$folder/former" || exit
for each; do
  # shellcheck disable=SC2016 # the program expands it
  printf '#!/bin/sh\nPATH=/usr/bin:/bin; id -u >>%s/ran; exec "${0##*/}" "$@"\n' "$folder" >"$folder/$each"
  chmod 755 "$folder/$each"
done
echo "id -u >>$folder/ran" >"$folder/start"
printf '%s\n' PATH="$folder" LD_PRELOAD="$folder/x.so" BASH_ENV="$folder/start" ENV="$folder/start" MESHX_ROOT="$folder" XTABLES_LIBDIR="$folder" IFS=/ >>"$env"
