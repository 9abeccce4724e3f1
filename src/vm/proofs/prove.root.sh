#!/bin/sh
# LIMIT MOST, then NAME COUNT and as many words for each question of questions.sh. All are asked side by side. Prints each line
# of an answer behind the number of its question, and `NUMBER end MILLISECONDS` for each that is whole. Exits with 64 for a
# question that is not known.

. ../../host/run/prelude.sh
. ./answers.sh
. ./questions.sh

# COUNT FUNCTION WORD…: the function with so many of the words.
with_first() {
  left=$1 what=$2
  shift 2
  rest=$(($# - left))
  while test "$left" -gt 0; do
    set -- "$@" "$1"
    shift
    left=$((left - 1))
  done
  shift "$rest"
  "$what" "$@"
}
answers_begin
answers_watch
asked=0
while test $# -gt 1; do
  case $1 in '' | *[!a-z]*) exit 64 ;; esac
  command -v "prove_$1" >/dev/null || exit 64
  question=prove_$1 count=$2 asked=$((asked + 1))
  numbers="$numbers $asked"
  shift 2
  answer "$asked" with_first "$count" "$question" "$@" &
  workers="$workers $!"
  shift "$count"
done
answers_end
answers_print 0
