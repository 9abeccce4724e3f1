import type { Host } from '../../host/host.ts';
import { type Script, scriptCommand } from '../../host/shell.ts';
import { parseEnv } from '../../mesh/env-value.ts';
import { vmProblems } from '../../problems/vm.ts';
import { PLACES } from '../places.ts';

/** The unit of Istio's own package. */
export const SIDECAR_UNIT = 'istio.service';

/** What stands on a VM that was joined by hand. Settings are those of the running agent, else those of its files. */
export interface Standing {
  /** The run of istio.service that the agent is in; absent when the agent does not run, or runs outside of it. */
  readonly invocation?: string;
  /** Why the running agent is not believed. */
  readonly fault?: string;
  /** Whether any pilot-agent runs. */
  readonly running: boolean;
  /** The environment of the running agent; may hold secrets: only keys of DECISIVE are ever shown. */
  readonly environment: ReadonlyMap<string, string>;
  /** cluster.env, overlaid with what the agent runs with. */
  readonly settings: ReadonlyMap<string, string>;
  /** Text of the mesh configuration, and whether it is newer than the agent. */
  readonly meshConfig: string;
  readonly meshConfigIsNewer: boolean;
  /** The address that /etc/hosts gives for an istiod. */
  readonly istiodAddress?: string;
}

// The environment is binary: base64. The mesh configuration by the name under which the agent reads it. The agent is the main process of
// the unit, or what that process started as root (sudo or su of the package's start script); a process is known by its program, never
// by the name that it gives itself.
const READ = `unit=$3
systemctl show -p ActiveState -p InvocationID -- "$unit" 2>/dev/null
program() { readlink "/proc/$1/exe" 2>/dev/null; }
only_roots() { # FILE: root alone can change it, and every folder above it
  case $1 in *' (deleted)') echo "fault=$1 was replaced since the sidecar started"; return 1 ;; esac
  _at=$1
  while :; do
    _mode=$(stat -c '%u %a' -- "$_at" 2>/dev/null) || { echo "fault=$_at cannot be read"; return 1; }
    case $_mode in
    '0 '*[2367]? | '0 '*[2367]) echo "fault=others than root can write $_at"; return 1 ;;
    '0 '*) ;;
    *) echo "fault=$_at does not belong to root"; return 1 ;;
    esac
    test "$_at" != / || return 0
    _at=\${_at%/*}
    test -n "$_at" || _at=/
  done
}
pid=$(systemctl show -p MainPID --value -- "$unit" 2>/dev/null)
hops=0
while test "\${pid:-0}" -gt 0; do
  program=$(program "$pid")
  case $program in */pilot-agent | */pilot-agent' (deleted)') break ;; esac
  hops=$((hops + 1))
  if test "$hops" -gt 4 || test "$(stat -c %u "/proc/$pid" 2>/dev/null)" != 0; then pid=; break; fi
  pid=$(ps -o pid= --ppid "$pid" | awk 'NR == 1 { print $1 }')
done
if test "\${pid:-0}" -gt 0; then
  if only_roots "$program"; then
    echo agent=1
    echo "environment=$(base64 -w 0 < "/proc/$pid/environ")"
    age=$(ps -o etimes= -p "$pid" | tr -d ' ')
    echo "age=$age"
  fi
else
  for each in /proc/[0-9]*; do
    case $(program "\${each#/proc/}") in */pilot-agent) echo agent=0; break ;; esac
  done
fi
test ! -f "$1" || echo "cluster=$(base64 -w 0 < "$1")"
mesh=/etc/istio/config/mesh undo=/var/lib/meshx/undo
written=$(stat -L -c %Y "$mesh" 2>/dev/null)
# A run of adopt that died has written ours already: the journal has the one before it, with its time.
before=$(P=$2 awk '$1 == "path" && $2 == "file" && $6 == ENVIRON["P"] { print int($5); exit }' "$undo/index" 2>/dev/null)
if test -n "$before" && test -f "$undo/files$2" && test -n "\${age-}" && test "$(($(date +%s) - written))" -lt "$((age - 1))"; then
  mesh=$undo/files$2 written=$before
fi
test ! -f "$mesh" || { echo "mesh=$(base64 -w 0 < "$mesh")"; echo "mesh-age=$(($(date +%s) - written))"; }
awk '$1 !~ /^#/ { for (i = 2; i <= NF; i++) if ($i ~ /^istiod[^.]*[.].*[.]svc$/) { print "istiod=" $1; exit } }' /etc/hosts`;

/** The script that reads it. `unit`: the one whose main process is the agent. */
export function standingScript(unit: string): Script {
  return { name: 'adopt-read', text: READ, args: [PLACES.clusterEnv, PLACES.meshConfig, unit] };
}

/** Reads it in one round trip. Changes nothing. Throws `nothing-to-adopt`, `agent-not-trusted` and what `Host.run` throws. */
export async function readStanding(host: Host, unit: string, signal?: AbortSignal): Promise<Standing> {
  const command = { ...scriptCommand(standingScript(unit)), timeoutMs: 30_000 };
  const standing = parseStanding((await host.run(command, signal)).stdout, unit);
  if (standing.fault !== undefined) throw vmProblems.agentNotTrusted({ vm: host.name, unit, fault: standing.fault });
  const missing = ['ISTIO_META_WORKLOAD_NAME', 'POD_NAMESPACE'].filter((key) => !standing.settings.get(key));
  if (missing.length > 0) throw vmProblems.nothingToAdopt({ vm: host.name, missing });
  return standing;
}

/** The answer of the script; what is not there is empty. Pure. */
export function parseStanding(text: string, unit = SIDECAR_UNIT): Standing {
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const decoded = (key: string): string => Buffer.from(value(key), 'base64').toString('utf8');
  const environment = new Map(decoded('environment').split('\0').flatMap(pair));
  const inUnit =
    unit === SIDECAR_UNIT &&
    value('ActiveState') === 'active' &&
    Number(value('agent')) > 0 &&
    value('InvocationID') !== '';
  const [istiod, fault] = [value('istiod'), value('fault')];
  return {
    running: value('agent') !== '',
    environment,
    settings: new Map([...parseEnv(decoded('cluster')), ...environment]),
    meshConfig: decoded('mesh'),
    meshConfigIsNewer: Number(value('mesh-age')) + 1 < Number(value('age')),
    ...(inUnit && { invocation: value('InvocationID') }),
    ...(fault !== '' && { fault }),
    ...(istiod !== '' && { istiodAddress: istiod }),
  };
}

function pair(entry: string): readonly (readonly [string, string])[] {
  const at = entry.indexOf('=');
  return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)]] : [];
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [READ];
