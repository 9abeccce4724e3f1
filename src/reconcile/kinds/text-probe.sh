# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# PATH: prints owner and mode, digest, and the text. Follows a link to the file that is edited. Reads the digest again, so a change in
# between does not look like a damaged text.

probe_text() {
place "$1" all || return
test -e "$P" || return 0
owned "$1" && digest_of "$1" && held "$P" text_of /proc/self/fd/9 && A=$OWNED$_newline$SUM$_newline$TEXT
}
