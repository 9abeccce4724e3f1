import { parseVersion, type Version } from '../../mesh/version.ts';
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

/** Istio's rule: the control plane may be one minor version ahead, and the sidecar never. */
function version(facts: VmFacts): readonly Seen[] {
  const own = facts.version;
  const [sidecarVersion, istiod] = [parseVersion(own), parseVersion(facts.istiodVersion ?? '')];
  if (!sidecarVersion || !istiod) return [];
  const ahead = minors(sidecarVersion) - minors(istiod);
  if (ahead <= 0 && ahead >= -1) return [];
  const detail =
    ahead > 0
      ? `the sidecar is ${own} and istiod ${facts.istiodVersion}: Istio supports no sidecar that is ahead of istiod`
      : `the sidecar is ${own} and istiod ${facts.istiodVersion}: Istio supports a sidecar that is one minor version behind`;
  const hint =
    ahead > 0
      ? `Upgrade istiod, or install an older package: ${facts.meshx('up', '--package', 'FILE')}`
      : `Install a package of istiod's version: ${facts.meshx('up', '--package', 'FILE')}`;
  return [wrongOn(facts, detail, { hint })];
}

function minors({ major, minor }: Version): number {
  return major * 1000 + minor;
}
