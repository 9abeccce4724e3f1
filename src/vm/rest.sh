# shellcheck shell=sh
# WAITED TOOK, in hundredths of a second: sleeps before the next look at something that is awaited. 0.05 s at first, since most waits are
# short; then a twentieth of the whole wait, or half the time of the last look if that is longer, up to 0.5 s. So a long wait, or a
# look that Envoy needs long for, does not keep a machine busy.
rest() {
  _rest=5
  test "$(($1 / 20))" -le "$_rest" || _rest=$(($1 / 20))
  test "$(($2 / 2))" -le "$_rest" || _rest=$(($2 / 2))
  test "$_rest" -le 50 || _rest=50
  case $_rest in ?) _rest=0$_rest ;; esac
  sleep "0.$_rest"
}
