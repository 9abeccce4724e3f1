import type { Change, Kind, PlannedScript } from '../kind.ts';
import { runsPresentFiles, unitState, type UnitState } from './unit-state.ts';

/** A systemd unit that runs, with the present content of the files it reads. */
export interface UnitWant {
  readonly kind: 'unit';
  readonly name: string;
  /** Files the unit reads at start. It is restarted when one of them is newer than the running process. */
  readonly reads: readonly string[];
  /** Ids of further resources whose change asks for a restart (`user:istio-proxy`). */
  readonly after?: readonly string[];
  /** False: the unit must be stopped. True when absent. */
  readonly active?: boolean;
  /** Files that the running unit makes: ours, where they were absent before. */
  readonly makes?: readonly string[];
  /** Milliseconds until a start counts as failed; 90 000 when absent. */
  readonly startTimeoutMs?: number;
  /** InvocationID of a run that someone else started and that has its settings already: it goes on, and counts as ours. */
  readonly keeps?: string;
}

/**
 * `look FILE…` sets `$seen`: change time, modification time, size and inode of each. A start leaves a note of what the files
 * were, with the invocation id that systemd gave to this run of the unit; it is gone after a reboot, as /run is.
 */
const LOOK = `notes=\${MESHX_RUN-/run/meshx}/units
look() {
  for each; do
    shift
    test ! -e "$each" || set -- "$@" "$each"
  done
  seen=
  test $# = 0 || seen=$(stat -L -c "\${mark-}%.9Z %.9Y %s %i %n" -- "$@")
}
`;

// systemd before 247 knows no --timestamp and answers in whole seconds.
export const PROBE = `live || { say Image=yes; return; }
${LOOK}properties=LoadState,ActiveState,NeedDaemonReload,FragmentPath,DropInPaths,InvocationID,ActiveEnterTimestamp
A=$(systemctl show --timestamp=us+utc -p "$properties" -- "$1" 2>/dev/null) ||
  A=$(TZ=UTC systemctl show -p "$properties" -- "$1") || return
note=$notes/$1; shift
mark=Read=; look "$@"
A=$A$_newline
test -z "$seen" || say "$seen"
test -f "$note" || return 0
while IFS= read -r line; do say "Note=$line"; done < "$note"`;

const START = `${LOOK}verb=$1 name=$2 limit=$3; shift 3
# Before the start: what is written while the unit starts may or may not have been read.
look "$@"
begin() { timeout --foreground -- "$limit" systemctl "$verb" -- "$name"; }
begin
code=$?
# Too many starts before this one: it was not even tried.
if test $code != 0 && test "$(systemctl show -p Result -- "$name")" = Result=start-limit-hit; then
  systemctl reset-failed -- "$name" 2>/dev/null
  begin
  code=$?
fi
state=$(systemctl show -p ActiveState -p InvocationID -- "$name" 2>/dev/null)
run=\${state#*InvocationID=} run=\${run%%[!0-9a-f-]*}
case $code:$state in
0:*ActiveState=active* | 0:*ActiveState=reloading* | 0:*ActiveState=refreshing*)
  # The note is a convenience: without it the times are compared.
  { { test -d "$notes" || mkdir -p -- "$notes"; } && printf '%s\\n' "InvocationID=$run" "$seen" > "$notes/$name.new" &&
    mv -f -- "$notes/$name.new" "$notes/$name"; } 2>/dev/null
  exit 0 ;;
esac
{ systemctl status --no-pager --lines=0 -- "$name"; journalctl --no-pager -o cat -n 20 -u "$name"; } 2>&1 | tail -c 3000 >&2
# Only the client ended: a start that still waits must not come true when no one looks. An enabled unit may.
if test "$(systemctl is-active -- "$name")" = activating && ! systemctl is-enabled --quiet -- "$name" 2>/dev/null; then
  timeout 25 systemctl stop -- "$name"
fi
exit 1`;

/** The note of a start, for a run that is kept. `INVOCATION NAME FILE…` */
const KEEP = `${LOOK}kept=$1 name=$2; shift 2
look "$@"
{ systemctl is-active --quiet -- "$name" && test "$(systemctl show -p InvocationID -- "$name")" = "InvocationID=$kept"; } ||
  { echo "$name was started again or stopped since it was looked at" >&2; exit 1; }
mkdir -p -- "$notes" && printf '%s\\n' "InvocationID=$kept" "$seen" > "$notes/$name.new" && mv -f -- "$notes/$name.new" "$notes/$name"`;

const START_TIMEOUT_MS = 90_000;

/** A unit is not looked at in an image: nothing runs there. */
export const unit: Kind<UnitWant> = {
  id: (want) => `unit:${want.name}`,
  probe: (want) => ({ name: 'unit', args: [want.name, ...want.reads] }),
  touches: ({ name, makes }) => ({ units: [name], ...(makes && { trees: makes }) }),

  changes(want, answer, touched) {
    const state = unitState(answer.stdout);
    if (state.image) return [];
    const reload = state.needsReload ? [reloadUnits(['asked'])] : reloadOfTouched(want, touched);
    if (want.active === false) return state.running ? [...reload, stop(want)] : [];
    const verb = startVerb(want, state, touched);
    if (verb === 'restart' && state.active && want.keeps === state.invocation)
      return [...reload, keep(want, want.keeps)];
    return verb ? [...reload, start(want, verb)] : [];
  },
};

function startVerb(want: UnitWant, state: UnitState, touched: ReadonlySet<string>): 'start' | 'restart' | undefined {
  const reads = want.reads.map((path) => `path:${path}`);
  const isTouched = [...reads, ...(want.after ?? [])].some((id) => touched.has(id));
  const stale = isTouched || state.needsReload || !runsPresentFiles(state);
  if (!state.running) return 'start';
  if (stale) return 'restart';
  return state.active ? undefined : 'start';
}

/**
 * For a plan that writes unit files or drop-ins, or installs a package that may bring some, where no change of a unit has made
 * systemd read them since. The units that are concerned go with it.
 */
function reloadOfTouched(want: UnitWant, touched: ReadonlySet<string>): readonly Change[] {
  const ids = [...touched];
  const since = ids.slice(ids.findLastIndex((id) => id.startsWith('unit:')) + 1);
  const units = since.flatMap((id) => /^path:.*\/systemd\/system\/([^/]+?)(?:\.d\/.*)?$/.exec(id)?.[1] ?? []);
  const packages = since.some((id) => id.startsWith('package:'));
  if (units.length === 0 && !packages) return [];
  return [reloadUnits([packages ? 'package' : 'written', ...new Set([want.name, ...units])])];
}

/**
 * Reading all unit files again takes a fifth of a second and more. A unit that systemd has not in memory it reads when it is
 * asked for it, its drop-ins too; so it is asked first, in one question. Only a plain yes counts: each unit is loaded, from
 * /etc where it is there, with each drop-in that is there, and needs no reload; what an old systemd does not find is a no, and so is a template. A package sets the
 * times of its files, and systemd goes by these: after one, what was loaded from elsewhere than /etc is read again.
 * `asked`: systemd itself has said that it needs to.
 */
const RELOAD_UNITS = `why=$1; shift
newline='
'
known() {
  said=$newline$(systemctl show -p Id -p LoadState -p FragmentPath -p DropInPaths -p NeedDaemonReload -- "$@" 2>/dev/null)$newline
  for unit; do
    case $said in *"\${newline}Id=$unit$newline"*) ;; *) return 1 ;; esac
    # Of a folder that is new systemd 252 does not say that it needs to read it.
    for part in "/etc/systemd/system/$unit.d"/*.conf "/run/systemd/system/$unit.d"/*.conf; do
      test ! -e "$part" || case $said in *"=$part"[[:space:]]* | *" $part"[[:space:]]*) ;; *) return 1 ;; esac
    done
    test "$why" = package || test -e "/etc/systemd/system/$unit" || continue
    case $said in *"\${newline}FragmentPath=/etc/systemd/system/$unit$newline"*) ;; *) return 1 ;; esac
  done
  case $said in *"\${newline}LoadState="[!l]* | *"\${newline}NeedDaemonReload="[!n]*) return 1 ;; esac
}
if test "$why" != asked && known "$@"; then exit 0; fi
systemctl daemon-reload`;
const STOP = 'systemctl stop -- "$1"';

function reloadUnits(args: readonly string[]): Change {
  const script = { name: 'daemon-reload', text: RELOAD_UNITS, args };
  return { summary: 'let systemd read its unit files again', scripts: [{ script }] };
}

function start(want: UnitWant, verb: 'start' | 'restart'): Change {
  const timeoutMs = want.startTimeoutMs ?? START_TIMEOUT_MS;
  const args = [verb, want.name, `${timeoutMs / 1000}`, ...want.reads];
  // The limit on the machine comes first, so that its message, with the journal, is the one that is seen.
  const script: PlannedScript = { script: { name: 'unit-start', text: START, args }, timeoutMs: timeoutMs + 30_000 };
  return { summary: `${verb} ${want.name}`, scripts: [script] };
}

function keep(want: UnitWant, invocation: string): Change {
  const script = { name: 'unit-keep', text: KEEP, args: [invocation, want.name, ...want.reads] };
  return { summary: `take over the running ${want.name} without a restart`, scripts: [{ script }] };
}

function stop(want: UnitWant): Change {
  const script = { name: 'unit-stop', text: STOP, args: [want.name] };
  return { summary: `stop ${want.name}`, scripts: [{ script, timeoutMs: START_TIMEOUT_MS + 30_000 }] };
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [RELOAD_UNITS, START, KEEP, STOP];
