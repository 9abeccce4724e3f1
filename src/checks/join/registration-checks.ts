import type { VmEntry } from '../../cluster/registration/vm-entry.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import type { Check, Seen } from '../check.ts';
import { type CheckGroup, group, timed } from '../run.ts';
import type { JoinQuestion } from './question.ts';

interface EntryFacts {
  readonly entry: VmEntry;
  /** Whether the workload has a readiness probe. */
  readonly probed: boolean;
}

/** What the cluster knows of the VM. Left out without a live cluster. */
export function registrationGroup({ entry, workload }: JoinQuestion): CheckGroup {
  const probed = { value: workload.probe !== undefined, ms: 0 };
  return group(registrationChecks, {
    ...(entry && { entry: () => timed(entry) }),
    probed: () => Promise.resolve(probed),
  });
}

const registrationChecks: readonly Check<EntryFacts>[] = [
  {
    id: 'entry',
    category: 'registration',
    title: "the VM's entry is there and healthy",
    severity: 'error',
    settles: true,
    needs: ['entry', 'probed'],
    judge: (facts) => [healthy(facts)],
  },
  {
    id: 'istiod-synced',
    category: 'registration',
    title: 'istiod reports the sidecar as synced',
    severity: 'error',
    settles: true,
    needs: ['entry'],
    judge: ({ entry }) => [connected(entry)],
  },
];

/** istiod's entry of this VM exists, and is healthy if it is probed. */
function healthy({ entry: { name, object }, probed }: EntryFacts): Seen {
  if (!object) {
    const hint = 'Read why istiod does not register it: kubectl logs -n istio-system deploy/istiod';
    return { ok: false, detail: `there is no WorkloadEntry ${name}`, hint };
  }
  const health = probed ? healthOf(object) : 'not probed';
  return { ok: health !== 'False' && health !== 'unknown yet', detail: `WorkloadEntry ${name}, health: ${health}` };
}

/**
 * Whether istiod has the VM's connection, by its annotations on the entry. Only istiod knows whether each push was acknowledged;
 * `proxy-synced` checks the sidecar's own counters.
 */
function connected({ name, object }: VmEntry): Seen {
  const notes = object?.metadata.annotations ?? {};
  const [since, until] = [notes['istio.io/connectedAt'], notes['istio.io/disconnectedAt']];
  const hint = 'Check that the sidecar runs and reaches istiod: journalctl -u istio on the VM';
  if (since === undefined) return { ok: false, detail: `WorkloadEntry ${name} has no connectedAt`, hint };
  if (until !== undefined) return { ok: false, detail: `istiod lost its connection at ${until}`, hint };
  const holder = notes['istio.io/workloadController'];
  const detail = `connected to ${holder ?? 'istiod'} since ${since} (connectedAt of ${name})`;
  return { ok: true, detail };
}

function healthOf(entry: KubeObject): string {
  const conditions = list(mapping(entry['status'])['conditions']).map(mapping);
  const status = conditions.find(({ type }) => type === 'Healthy')?.['status'];
  return typeof status === 'string' ? status : 'unknown yet';
}
