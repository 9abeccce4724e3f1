#!/bin/sh
# Written by meshx. Everything that meshx may do here as root: sudo lets a user run this program and nothing else, and
# knows it by its digest. What it can do is equal to root: it writes files, installs packages and starts units.
unset MESHX_ROOT MESHX_UNDO MESHX_RUN MESHX_AUDIT CDPATH TMPDIR ENV BASH_ENV
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin IFS=' 	
'
cd /
