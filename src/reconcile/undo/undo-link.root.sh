#!/bin/sh
# PATH TARGET: restores a link.

. ../../host/run/prelude.sh

place "$1" make && name=${P#./} && _stage && ln -s -- "$2" link && mv -fT -- link "../$name"
