# shellcheck shell=sh disable=SC2034 # used by the scripts that source this
# Sets $now to hundredths of a second of uptime, which setting the clock does not change.
now() { read -r now _ </proc/uptime && now=${now%.*}${now#*.}; }
