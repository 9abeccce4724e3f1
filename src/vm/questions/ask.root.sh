#!/bin/sh
# LIMIT MOST, then NAME COUNT ARG… for each question of questions.sh. All run in parallel. Prints each line of an answer after the
# number of its question, and `NUMBER end MILLISECONDS` for each complete answer. Exits with 64 for an unknown question.

. ../../host/run/prelude.sh
. ./answers.sh
. ./questions.sh

# COUNT FUNCTION ARG…: calls the function with the first COUNT arguments.
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
  command -v "question_$1" >/dev/null || exit 64
  question=question_$1 count=$2 asked=$((asked + 1))
  numbers="$numbers $asked"
  shift 2
  answer "$asked" with_first "$count" "$question" "$@" &
  workers="$workers $!"
  shift "$count"
done
answers_end
answers_print 0
