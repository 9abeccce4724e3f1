#!/bin/sh
# Stdin: a sudoers file. Exits with 0 when visudo reads it. visudo is in sbin, which is not in every user's PATH; the
# prelude has put it there.

. ../../host/run/prelude.sh

visudo -c -q -f - 2>&1
