import { parseEnv } from '../../mesh/env-value.ts';
import { lines } from '../../vm/preflight/probe.ts';
import { isLoopback, parseListeners } from '../../vm/preflight/sockets.ts';
import type { Seen } from '../check.ts';
import { SUBJECT, type VmCheck, type VmFacts, wrongOn } from './facts.ts';

const sidecar = { category: 'sidecar', severity: 'error' } as const;

/** The processes of the sidecar, and the settings that they run with. */
export const processChecks: readonly VmCheck[] = [
  {
    ...{ ...sidecar, id: 'sidecar-orphan' },
    title: 'every Envoy on the VM has its agent',
    needs: [...SUBJECT, 'processes'],
    judge: orphan,
  },
  {
    ...{ ...sidecar, id: 'sidecar-older', severity: 'warning' },
    title: 'nothing of an older sidecar is left',
    needs: [...SUBJECT, 'processes', 'units'],
    judge: older,
  },
  {
    ...{ ...sidecar, id: 'env-conflict', severity: 'warning' },
    title: 'cluster.env and sidecar.env agree',
    needs: [...SUBJECT, 'env', 'isJoined'],
    judge: conflict,
  },
  {
    ...{ ...sidecar, id: 'env-applied', severity: 'warning' },
    title: 'the sidecar runs with the present settings',
    needs: [...SUBJECT, 'env', 'environments', 'isJoined'],
    judge: applied,
  },
  {
    ...{ ...sidecar, id: 'admin-loopback' },
    title: "Envoy's admin interface listens on loopback only",
    needs: [...SUBJECT, 'machine'],
    judge: admin,
  },
];

function orphan(facts: VmFacts): readonly Seen[] {
  const agents = new Set(facts.processes.filter(({ program }) => program !== 'envoy').map(({ pid }) => pid));
  const left = facts.processes.filter(({ program, parent }) => program === 'envoy' && !agents.has(parent));
  return left.map(({ pid }) =>
    wrongOn(facts, `Envoy ${pid} has lost its agent and holds the ports of the next one`, {
      hint: `End it, then start the sidecar: ${facts.ssh('kill', '-9', String(pid))}; ${facts.ssh('systemctl', 'restart', 'istio.service')}`,
    }),
  );
}

const OLD_PROGRAMS = ['node_agent', 'istio-agent'];
const OLD_UNIT = 'istio-auth-node-agent.service';

function older(facts: VmFacts): readonly Seen[] {
  const current = facts.processes.filter(({ program }) => program === 'pilot-agent');
  const old = facts.processes.filter(({ program }) => OLD_PROGRAMS.includes(program));
  const unit = facts.units.find(
    ({ name, active, file }) => name === OLD_UNIT && (active === 'active' || file === 'enabled'),
  );
  const seen: Seen[] = [];
  if ((old.length > 0 || unit) && current.length > 0)
    seen.push(
      wrongOn(
        facts,
        `${unit ? OLD_UNIT : old[0]?.program} of a sidecar before istiod is left, beside the present one`,
        {
          hint: `Stop it: ${facts.ssh('systemctl', 'disable', '--now', OLD_UNIT)}`,
        },
      ),
    );
  if (current.length > 1)
    seen.push(
      wrongOn(
        facts,
        `${current.length} agents of Istio run, as processes ${current.map(({ pid }) => pid).join(', ')}`,
        {
          hint: `See which belongs to the unit, and end the others: ${facts.ssh('systemctl', 'status', 'istio.service')}`,
          severity: 'error',
        },
      ),
    );
  return seen;
}

const CLUSTER_ENV = 'cluster.env';
const SIDECAR_ENV = 'sidecar.env';

/** Names of some settings may hold credentials, so values of these only are shown. */
const SHOWN =
  /^(?:ISTIO_|CA_|PILOT_|POD_|PROV_|OUTPUT_|SERVICE_ACCOUNT|TRUST_|INSTANCE_IP|CANONICAL_|ENABLE_|PROXY_UID)/;

function shownValue(key: string, value: string | undefined): string {
  if (value === undefined) return 'not set';
  return SHOWN.test(key) ? value.slice(0, 80) || 'empty' : 'another value';
}

function fileOf({ env }: Pick<VmFacts, 'env'>, name: string): ReadonlyMap<string, string> {
  return parseEnv([...env].find(([path]) => path.endsWith(`/${name}`))?.[1] ?? '');
}

/** Names of one service, which agents of istiod do not read: istioctl and meshx write different ones. */
const UNREAD = new Set(['ISTIO_SERVICE', 'ISTIO_NAMESPACE']);

/** meshx lets sidecar.env win. The package's start script reads cluster.env last. */
function conflict(facts: VmFacts): readonly Seen[] {
  const [cluster, own] = [fileOf(facts, CLUSTER_ENV), fileOf(facts, SIDECAR_ENV)];
  const winner = facts.isJoined ? SIDECAR_ENV : CLUSTER_ENV;
  const keys = [...cluster.keys()].filter(
    (key) => !UNREAD.has(key) && own.has(key) && own.get(key) !== cluster.get(key),
  );
  return keys.map((key) => {
    const detail = `${key} is ${shownValue(key, cluster.get(key))} in ${CLUSTER_ENV} and ${shownValue(key, own.get(key))} in ${SIDECAR_ENV}; ${winner} wins`;
    const hint = `Keep it in one of them: ${facts.ssh('grep', '-n', `${key}=`, '/var/lib/istio/envoy/cluster.env', '/var/lib/istio/envoy/sidecar.env')}`;
    return wrongOn(facts, detail, { hint });
  });
}

/** The last file that sets a key wins. */
function wanted(facts: VmFacts): ReadonlyMap<string, string> {
  const names = facts.isJoined ? [CLUSTER_ENV, 'instance.env', SIDECAR_ENV] : [SIDECAR_ENV, CLUSTER_ENV];
  return new Map(names.flatMap((name) => [...fileOf(facts, name)]));
}

/** Only sidecar-start of meshx passes every setting on. */
function applied(facts: VmFacts): readonly Seen[] {
  const [running] = [...facts.environments.values()];
  if (!running || facts.environments.size > 1) return [];
  const differing = [...wanted(facts)].filter(([key, value]) =>
    running.has(key) ? running.get(key) !== value : facts.isJoined,
  );
  if (differing.length === 0) return [];
  const shown = differing
    .slice(0, 3)
    .map(([key, value]) => `${key} is ${shownValue(key, value)}, and runs as ${shownValue(key, running.get(key))}`);
  const more = differing.length > 3 ? ` and ${differing.length - 3} more` : '';
  const detail = `settings changed since the sidecar started, so it needs a restart: ${shown.join('; ')}${more}`;
  return [wrongOn(facts, detail, { hint: `Restart it: ${facts.ssh('systemctl', 'restart', 'istio.service')}` })];
}

function admin(facts: VmFacts): readonly Seen[] {
  const open = parseListeners(lines(facts.machine, 'tcp')).filter(
    (listener) => listener.port === 15000 && !isLoopback(listener),
  );
  return open.map(({ address }) =>
    wrongOn(facts, `port 15000 listens on ${address}: every client that reaches it can read keys and stop the proxy`, {
      hint: `Find what sets another address for it, such as proxyAdminPort or a bootstrap: ${facts.ssh('grep', '-rn', 'admin', '/etc/istio/proxy/', '/var/lib/istio/envoy/')}`,
    }),
  );
}
