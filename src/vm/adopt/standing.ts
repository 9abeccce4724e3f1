import type { Host } from '../../host/host.ts';
import { scriptCommand } from '../../host/shell.ts';
import { parseEnv } from '../../mesh/env-value.ts';
import { vmProblems } from '../../problems/vm.ts';
import { PLACES } from '../places.ts';

/** What stands on a VM that was joined by hand. Settings are those of the running agent, else those of its files. */
export interface Standing {
  /** The run of istio.service that the agent is in; absent when the agent does not run, or runs outside of it. */
  readonly invocation?: string;
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

// The environment is binary: base64. The mesh configuration by the name under which the agent reads it.
const READ = `systemctl show -p ActiveState -p InvocationID -- istio.service 2>/dev/null
for each in /proc/[0-9]*; do
  test "$(cat "$each/comm" 2>/dev/null)" = pilot-agent && tr '\\0' '\\n' < "$each/environ" 2>/dev/null | grep -q '^PROV_CERT=' || continue
  echo "agent=$(grep -c '/istio[.]service$' "$each/cgroup")"
  echo "environment=$(base64 -w 0 < "$each/environ")"
  age=$(ps -o etimes= -p "\${each#/proc/}" | tr -d ' ')
  echo "age=$age"
done
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

/** Reads it in one round trip. Changes nothing. Throws `nothing-to-adopt` and what `Host.run` throws. */
export async function readStanding(host: Host, signal?: AbortSignal): Promise<Standing> {
  const command = scriptCommand({ name: 'adopt-read', text: READ, args: [PLACES.clusterEnv, PLACES.meshConfig] });
  const standing = parseStanding((await host.run({ ...command, timeoutMs: 30_000 }, signal)).stdout);
  const missing = ['ISTIO_META_WORKLOAD_NAME', 'POD_NAMESPACE'].filter((key) => !standing.settings.get(key));
  if (missing.length > 0) throw vmProblems.nothingToAdopt({ vm: host.name, missing });
  return standing;
}

/** The answer of the script; what is not there is empty. Pure. */
export function parseStanding(text: string): Standing {
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const decoded = (key: string): string => Buffer.from(value(key), 'base64').toString('utf8');
  const environment = new Map(decoded('environment').split('\0').flatMap(pair));
  const inUnit = value('ActiveState') === 'active' && Number(value('agent')) > 0 && value('InvocationID') !== '';
  const istiod = value('istiod');
  return {
    running: value('environment') !== '',
    environment,
    settings: new Map([...parseEnv(decoded('cluster')), ...environment]),
    meshConfig: decoded('mesh'),
    meshConfigIsNewer: Number(value('mesh-age')) + 1 < Number(value('age')),
    ...(inUnit && { invocation: value('InvocationID') }),
    ...(istiod !== '' && { istiodAddress: istiod }),
  };
}

function pair(entry: string): readonly (readonly [string, string])[] {
  const at = entry.indexOf('=');
  return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)]] : [];
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [READ];
