# shellcheck shell=sh
# Functions: the links that [Install] asks for, as `systemctl enable` would make them; an image may be built where no systemctl is.

unit_file() {
  template=
  case $1 in *@*.*) template=${1%@*}@.${1##*.} ;; esac
  for dir in /etc/systemd/system /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system; do
    for name in "$1" $template; do
      place "$dir/$name" && test -f "$P" && test ! -h "$P" && { echo "$W"; return; }
    done
  done
}
install_value() {
  place "$1" all && sed -n "/^\[Install\]/,/^\[/s/^$2[ \t]*=[ \t]*//p" "$P"
}
links() {
  for target in $(install_value "$2" WantedBy); do echo "/etc/systemd/system/$target.wants/$1"; done
  for target in $(install_value "$2" RequiredBy); do echo "/etc/systemd/system/$target.requires/$1"; done
  for alias in $(install_value "$2" Alias); do echo "/etc/systemd/system/$alias"; done
}
