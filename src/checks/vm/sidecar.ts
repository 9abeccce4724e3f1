import { unsupportedSkew } from '../../mesh/version-skew.ts';
import { compareVersions, parseVersion } from '../../mesh/version.ts';
import type { Seen } from '../check.ts';
import { judgeReady, judgeSynced } from '../join/control-plane.ts';
import { SUBJECT, type VmCheck, type VmFacts, wrongOn } from './facts.ts';

const sidecar = { category: 'sidecar', severity: 'error' } as const;

/** The running sidecar. */
export const sidecarChecks: readonly VmCheck[] = [
  {
    ...{ ...sidecar, id: 'sidecar-ready' },
    title: 'the sidecar is ready',
    needs: [...SUBJECT, 'units', 'ready'],
    judge: ready,
  },
  {
    ...{ ...sidecar, id: 'sidecar-synced' },
    title: "the sidecar has taken all of istiod's configuration",
    needs: [...SUBJECT, 'stats', 'rejected'],
    judge: synced,
  },
  {
    ...{ ...sidecar, id: 'sidecar-version', severity: 'warning' },
    title: 'the versions of sidecar and istiod fit',
    needs: [...SUBJECT, 'version', 'istiodVersion'],
    judge: version,
  },
  {
    ...{ ...sidecar, id: 'package-version', severity: 'warning' },
    title: 'the installed package is what runs, and fits istiod',
    needs: [...SUBJECT, 'version', 'packageVersion', 'istiodVersion'],
    judge: packaged,
  },
  {
    ...{ ...sidecar, id: 'sidecar-files' },
    title: 'the user of the sidecar may use its files',
    needs: [...SUBJECT, 'denied', 'processes'],
    judge: files,
  },
];

const LOGS = ['/var/log/istio/istio.err.log', '/var/log/istio/istio.log'];

/** A unit that does not run is the finding of another check. */
function ready(facts: VmFacts): readonly Seen[] {
  const isUp = facts.units.some(({ name, active }) => name === 'istio.service' && active === 'active');
  const { ok, detail } = judgeReady(facts.ready);
  if (!isUp || ok === true) return [];
  return [
    wrongOn(facts, `the sidecar is not ready: ${detail}`, {
      hint: `Read its log: ${facts.ssh('tail', '-n', '30', ...LOGS)}`,
    }),
  ];
}

/** Without an answer of Envoy nothing is known; it is not ready then. */
function synced(facts: VmFacts): readonly Seen[] {
  if (facts.stats === '') return [];
  const { ok, detail } = judgeSynced(facts.stats);
  if (ok === true) return [];
  const last = facts.rejected.at(-1);
  const why = last === undefined ? '' : `; last in its log: ${last.slice(0, 200)}`;
  return [
    wrongOn(facts, `${detail}${why}`, {
      hint: `Read what was rejected: ${facts.ssh('grep', '-hi', 'rejected', ...LOGS)}`,
    }),
  ];
}

/** After a package was replaced by hand, what runs is the former one until the next start. */
function packaged(facts: VmFacts): readonly Seen[] {
  const installed = parseVersion(facts.packageVersion);
  // A build without a version says 0.0.0.
  if (!installed || installed.major === 0) return [];
  const running = parseVersion(facts.version);
  if (running && compareVersions(installed, running) === 0) return [];
  const unfit = unsupportedSkew(facts.packageVersion, facts.istiodVersion ?? '');
  if (!running && unfit === undefined) return [];
  const what = `the installed package is ${facts.packageVersion}`;
  const detail = running
    ? `${what}, and the running sidecar ${facts.version}: the next start changes it`
    : `${what}, which the next start runs`;
  const hint =
    unfit === undefined
      ? `Restart it when its connections allow it: ${facts.ssh('systemctl', 'restart', 'istio.service')}`
      : `Install the package of istiod's version: ${facts.meshx('up', '--upgrade')}`;
  return [
    wrongOn(facts, `${detail}${unfit === undefined ? '' : `; istiod is ${facts.istiodVersion}: ${unfit.why}`}`, {
      hint,
    }),
  ];
}

/** The files of a joined VM have their owner from the join; of another, the owner of the machine gives them one. */
function files(facts: VmFacts): readonly Seen[] {
  const reads = facts.denied.filter(({ may }) => may === 'read').map(({ path }) => path);
  const writes = facts.denied.filter(({ may }) => may === 'write').map(({ path }) => path);
  // A unit of an operator may run the sidecar as root.
  const isRoot = facts.processes.some(({ program, uid }) => program === 'pilot-agent' && uid === 0);
  if (facts.denied.length === 0 || isRoot) return [];
  const may = [
    ...(reads.length > 0 ? [`read ${reads.join(', ')}`] : []),
    ...(writes.length > 0 ? [`write to ${writes.join(', ')}`] : []),
  ].join(' or ');
  const [first = ''] = [...reads, ...writes];
  const hint = `Give them back to it: ${facts.ssh('chown', '-R', 'istio-proxy:istio-proxy', ...new Set([...reads, ...writes].map(folder)))}; see who may enter: ${facts.ssh('namei', '-l', first)}`;
  return [
    wrongOn(facts, `istio-proxy may not ${may}: the sidecar does not start again, or keeps its old certificate`, {
      hint,
    }),
  ];
}

function folder(path: string): string {
  return path.startsWith('/etc/certs') ? '/etc/certs' : path;
}

/** The version that runs, compared with that of istiod. */
function version(facts: VmFacts): readonly Seen[] {
  const own = facts.version;
  const unfit = unsupportedSkew(own, facts.istiodVersion ?? '');
  if (unfit === undefined) return [];
  const detail = `the sidecar is ${own} and istiod ${facts.istiodVersion}: ${unfit.why}`;
  const hint =
    unfit.is === 'ahead'
      ? `Upgrade istiod, or install the package of its version: ${facts.meshx('up', '--upgrade')}`
      : `Install the package of istiod's version: ${facts.meshx('up', '--upgrade')}`;
  return [wrongOn(facts, detail, { hint })];
}
