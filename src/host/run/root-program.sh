#!/bin/sh
# Written by meshx. Everything that meshx may do here as root: sudo allows a user this program only, pinned by its digest.
# Its scripts are equal to root: they write files, install packages and start units.
unset MESHX_ROOT MESHX_UNDO MESHX_RUN MESHX_AUDIT CDPATH TMPDIR ENV BASH_ENV
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin IFS=' 	
'
cd /
