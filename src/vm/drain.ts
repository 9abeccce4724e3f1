import type { Host } from '../host/host.ts';
import { scriptCommand } from '../host/shell.ts';
import { vmProblems } from '../problems/vm.ts';
import { PROXY_USER } from './places.ts';

/** TCP connections that run through the sidecar. Its own to istiod are none of them. */
export interface MeshConnections {
  /** From clients to this VM. */
  readonly inward: number;
  /** From programs of this VM to others. */
  readonly outward: number;
}

/** What the sidecar knows before a VM goes out of rotation. */
export interface BeforeDrain extends MeshConnections {
  /** Services of which the VM's own sidecar sees the VM as an endpoint: it will see istiod drop them. */
  readonly seen: readonly string[];
  /** Updates that istiod's pushes have made in this sidecar. */
  readonly updates: number;
}

export interface DrainOptions {
  readonly before: BeforeDrain;
  readonly addresses: readonly string[];
  /** Hosts that were taken out of rotation, `mysqldb.vm`; nothing is waited for without one. */
  readonly hosts: readonly string[];
  /** How long connections may take to end, milliseconds. */
  readonly limitMs: number;
  readonly signal?: AbortSignal;
}

/** How a drain ended. */
export interface Drained {
  /**
   * How it was known that clients have no endpoint any more: this sidecar's own view, or istiod's next push to it. `nothing`
   * when nothing was taken out of rotation; undefined when the limit was over before.
   */
  readonly dropped: 'endpoint' | 'push' | 'nothing' | undefined;
  readonly droppedMs: number;
  /** Still open: these end with the sidecar. */
  readonly left: MeshConnections;
  readonly waitedMs: number;
}

/** How long istiod may take to drop an endpoint. Its debounce is at most 10 s, and 0.1 s when little happens. */
const DROP_MS = 10_000;

// The sidecar accepts captured connections on 15006 (inbound) and 15001 (outbound), as istio-proxy. What it opens to itself,
// for a program that calls a service of its own machine, is the outbound one counted already, or lies idle in its pool.
const LOOK = `proxy=$(id -u "$1" 2>/dev/null) || proxy=none
open() {
  ss -Htne state established 2>/dev/null | awk -v uid="uid:$proxy" '
    function plain(text) { if (text ~ /^\\[::ffff:/) { sub(/^\\[::ffff:/, "", text); sub(/\\]/, "", text) } return text }
    # A user can name a control group as the fields before it.
    { for (i = 5; i <= NF && $i !~ /^(ino|cgroup):/; i++) if ($i == uid) {
        own = plain($3); port = own; sub(/.*:/, "", port)
        if (port == "15006") inward[++n] = plain($4)
        else if (port == "15001") outward++
        else opened[own] = 1
        break
    } }
    END { for (i = 1; i <= n; i++) if (!(inward[i] in opened)) count++; print count + 0, outward + 0 }'
}
# ADDRESS…: services with one of these addresses among their endpoints, as the sidecar's own clusters show it.
seen() {
  pilot-agent request GET clusters 2>/dev/null | MESHX_ADDRESSES="$*" awk -F '::' '
    BEGIN { n = split(ENVIRON["MESHX_ADDRESSES"], address, " ") }
    /^outbound\\|/ && /::health_flags::/ {
      split($1, part, "|")
      for (i = 1; i <= n; i++) if (index($2, address[i] ":") == 1 || index($0, "::[" address[i] "]:")) print part[4]
    }' | sort -u
}
updates() {
  pilot-agent request GET 'stats?filter=update_success' 2>/dev/null | awk '/^(cluster|cluster_manager|listener_manager)\\./ { n += $NF } END { print n + 0 }'
}
now() { date +%s%3N; }
`;

const BEFORE = `${LOOK}shift
echo "open $(open)"
echo "updates $(updates)"
seen "$@" | sed 's/^/seen /'
echo end`;

const DRAIN = `${LOOK}drop=$2 limit=$3 updates=$4 names=$5; shift 5
start=$(now)
passed() { echo $(($(now) - start)); }
dropped() {
  if test -n "$names"; then
    for each in $(seen "$@"); do case " $names " in *" $each "*) return 1 ;; esac; done
    how=endpoint
  else
    test "$(updates)" -gt "$updates" || return 1
    how=push
  fi
}
how=none
if test "$drop" -gt 0; then
  until dropped "$@"; do test "$(passed)" -lt "$drop" || break; sleep 0.05; done
  echo "dropped $how $(passed)"
  # A client's sidecar hears of it some 200 ms later than this one at most.
  sleep 0.2
fi
# shellcheck disable=SC2046 # two numbers
set -- $(open)
while test $(($1 + $2)) -gt 0 && test "$(passed)" -lt "$limit"; do 
  sleep 0.1
  # shellcheck disable=SC2046 # two numbers
  set -- $(open)
done
echo "open $1 $2"
echo "waited $(passed)"
echo end`;

/** Counts, and notes what the sidecar sees of this VM. Only reads; all is 0 where no sidecar runs. */
export async function beforeDrain(
  host: Host,
  addresses: readonly string[],
  signal?: AbortSignal,
): Promise<BeforeDrain> {
  const script = { name: 'mesh-connections', text: BEFORE, args: [PROXY_USER, ...addresses] };
  const { stdout } = checked(host, await host.run(scriptCommand(script), signal));
  const values = (key: string) => valuesOf(stdout, key);
  return { ...openOf(stdout), seen: values('seen'), updates: Number(values('updates')[0] ?? 0) };
}

/**
 * Waits on the VM until istiod has dropped it as an endpoint, then until its mesh connections have ended; in one round
 * trip. Where a Sidecar's egress hides the VM's own services, the next push of istiod to this sidecar is waited for.
 */
export async function drain(host: Host, options: DrainOptions): Promise<Drained> {
  const { before, addresses, hosts, limitMs, signal } = options;
  const seen = before.seen.filter((each) => hosts.some((host) => each === host || each.startsWith(`${host}.`)));
  const limits = [hosts.length > 0 ? DROP_MS : 0, limitMs, before.updates].map(String);
  const args = [PROXY_USER, ...limits, seen.join(' '), ...addresses];
  const command = { ...scriptCommand({ name: 'drain', text: DRAIN, args }), timeoutMs: limitMs + 60_000 };
  const { stdout } = checked(host, await host.run(command, signal));
  const [how = 'none', ms = '0'] = (valuesOf(stdout, 'dropped')[0] ?? 'nothing').split(' ');
  return {
    dropped: (['endpoint', 'push', 'nothing'] as const).find((word) => word === how),
    droppedMs: Number(ms),
    left: openOf(stdout),
    waitedMs: Number(valuesOf(stdout, 'waited')[0] ?? 0),
  };
}

// The agent gives connections five seconds to end before it ends itself. Stopped first, so that systemd does not start it again.
const END = `systemctl stop meshx-capture.service 2>/dev/null
systemctl stop --no-block istio.service || exit
for _ in 1 2 3 4 5 6 7 8 9 10; do test "$(systemctl is-active istio.service)" = active || break; sleep 0.05; done
systemctl kill -s KILL istio.service 2>/dev/null
systemctl stop istio.service || exit
systemctl reset-failed istio.service 2>/dev/null
:`;

/** Ends a sidecar at once that has no connection left to wait for; its capture goes first. Whatever is left of it is for who stops the units. */
export async function endSidecar(host: Host, signal?: AbortSignal): Promise<void> {
  await host.run(scriptCommand({ name: 'sidecar-end', text: END, args: [] }), signal);
}

/** All of them. */
export function total({ inward, outward }: MeshConnections): number {
  return inward + outward;
}

/** `3 connections (2 from clients, 1 to others)` for people. */
export function showConnections({ inward, outward }: MeshConnections): string {
  const count = inward + outward;
  const parts = [inward > 0 ? `${inward} from clients` : '', outward > 0 ? `${outward} to others` : ''];
  const detail = count === 0 ? '' : ` (${parts.filter((part) => part !== '').join(', ')})`;
  return `${count} connection${count === 1 ? '' : 's'} through the mesh${detail}`;
}

function checked(
  host: Host,
  output: { readonly stdout: string; readonly stderr: string },
): { readonly stdout: string } {
  if (output.stdout.endsWith('end\n')) return output;
  throw vmProblems.probeUnreadable({ host: host.name, answer: output.stdout || output.stderr });
}

function openOf(stdout: string): MeshConnections {
  const [inward, outward] = (valuesOf(stdout, 'open')[0] ?? '').split(' ').map(Number);
  return { inward: inward ?? 0, outward: outward ?? 0 };
}

function valuesOf(stdout: string, key: string): readonly string[] {
  return stdout.split('\n').flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [BEFORE, DRAIN, END];
