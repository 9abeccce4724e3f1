import { NETWORKING } from '../mesh/current/objects.ts';
import { automaticEntryName } from '../mesh/entry-name.ts';
import type { KubeObject } from '../mesh/kube-object.ts';
import { list, mapping } from '../mesh/unknown.ts';
import type { Workload } from '../mesh/workload.ts';
import { present } from '../present.ts';
import type { Kubernetes } from './kubernetes.ts';
import { askedTogether } from './read-once.ts';

/** What the cluster's side saw. */
interface Witness {
  readonly ok: boolean;
  readonly detail: string;
  readonly hint?: string;
}

/** Whose entry is asked about. */
export interface EntryQuestion {
  readonly kube: Kubernetes;
  readonly workload: Workload;
  /** The VM's address in the mesh. */
  readonly address: string;
  readonly signal: AbortSignal;
}

/** Both witnesses of one VM. They look at the same entry, and most often at the same moment. */
export function entryWitnesses(question: EntryQuestion): Readonly<Record<'entry' | 'synced', () => Promise<Witness>>> {
  const look = askedTogether(() => find(question));
  return { entry: () => entryWitness(question, look), synced: () => connectionWitness(look) };
}

type Look = () => ReturnType<typeof find>;

/** istiod's entry of this VM: there, and healthy when a probe decides about it. */
async function entryWitness(question: EntryQuestion, look: Look): Promise<Witness> {
  const { name, entry } = await look();
  if (!entry) {
    return {
      ok: false,
      detail: `there is no WorkloadEntry ${name}`,
      hint: 'See why istiod does not register it: kubectl logs -n istio-system deploy/istiod',
    };
  }
  const health = question.workload.probe ? healthOf(entry) : 'no probe decides about it';
  return { ok: health !== 'False' && health !== 'unknown yet', detail: `WorkloadEntry ${name}, health: ${health}` };
}

/**
 * Whether istiod has the VM's connection, by the annotations that it keeps on the entry. That each push was acknowledged is
 * known only inside istiod; the sidecar's own counters are another proof (`proxy-synced`).
 */
async function connectionWitness(look: Look): Promise<Witness> {
  const { name, entry } = await look();
  const notes = entry?.metadata.annotations ?? {};
  const [since, until] = [notes['istio.io/connectedAt'], notes['istio.io/disconnectedAt']];
  const hint = 'See whether the sidecar runs and reaches istiod: journalctl -u istio on the VM';
  if (since === undefined) return { ok: false, detail: `WorkloadEntry ${name} has no connectedAt`, hint };
  if (until !== undefined) return { ok: false, detail: `istiod lost its connection at ${until}`, hint };
  const holder = notes['istio.io/workloadController'];
  const detail = `${holder ?? 'istiod'} has its connection since ${since}, says the annotation connectedAt of ${name}`;
  return { ok: true, detail };
}

async function find({ kube, workload, address, signal }: EntryQuestion) {
  const { group, namespace, network } = workload;
  const name = automaticEntryName({ group, address, ...present({ network }) });
  const entry = await kube.get({ apiVersion: NETWORKING, kind: 'WorkloadEntry', namespace, name }, signal);
  return { name: `${namespace}/${name}`, entry };
}

function healthOf(entry: KubeObject): string {
  const conditions = list(mapping(entry['status'])['conditions']).map(mapping);
  const status = conditions.find(({ type }) => type === 'Healthy')?.['status'];
  return typeof status === 'string' ? status : 'unknown yet';
}
