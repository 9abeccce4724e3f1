# shellcheck shell=sh
# `own_dpkg`: the machine's packages are in the database of dpkg. RHEL may have dpkg, from EPEL, and Debian rpm, and each tells nothing of
# the machine. Where both are, dpkg is asked for itself; rpm is not, as it would make a database.

own_dpkg() {
  command -v dpkg-query >/dev/null 2>&1 && { ! command -v rpm >/dev/null 2>&1 || dpkg-query -W dpkg >/dev/null 2>&1; }
}
