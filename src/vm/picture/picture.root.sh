#!/bin/sh
# LIMIT MOST: what a check of a mesh VM needs beyond the preflight, in one command: lines `NAME TEXT` for each part, and
# `NAME end MILLISECONDS` after a complete one (answers.sh). All parts are read in parallel. Read-only: files of others are printed
# with a limit, and of tokens only the part that says until when they are valid.

. ../../host/run/prelude.sh
. ../../../systemd/processes
. ../../../systemd/rules
. ../questions/answers.sh
. ../questions/questions.sh
. ./parts.sh
. ./paths.sh

# A full disk is one of the reasons to look, and /run is in memory.
TMPDIR=/run RUN=/run/meshx
export TMPDIR
# NAME FUNCTION ARG…
part() {
  numbers="$numbers $1"
  answer "$@" &
  workers="$workers $!"
}
answers_begin
answers_watch
part units part_units
part env part_env
part mesh part_mesh
part processes part_processes
part nat part_nat
part package part_package
part files part_files
part identity part_identity
part disk part_disk
part agent part_agent
part names part_names
part istiod part_istiod
part servers part_servers
part path part_path
part eastwest part_eastwest
part capture part_capture
part loaded part_loaded
part ready part_ready
part certs part_page certs
part version part_version
part stats part_page 'stats?filter=^(cluster_manager.cds|listener_manager.lds).update_(success|rejected)$|control_plane.connected_state$'
part rejected part_rejected
answers_end
answers_print 0
