import { connect as connectTcp } from 'node:net';
import { automaticEntryName } from '../../mesh/entry-name.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { type Meeting, portSecurity } from '../../mesh/mutual-tls.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import type { DialAnswer, Proof, Witness } from '../../vm/proof.ts';
import type { ProveInput } from '../../vm/prove-input.ts';
import { prove } from '../../vm/prove.ts';
import { present } from '../workload-input.ts';
import type { Joining } from './join.ts';
import type { JoinWorld } from './world.ts';

/** How long a new connection may take, and how long a server that speaks first may keep silent. */
const DIAL_MS = 3000;

/** The proofs of one VM, with what the cluster's side can say. */
export async function* proofs(world: JoinWorld, joining: Joining): AsyncGenerator<Proof> {
  yield* prove(joining.host, await proveInput(world, joining), world.runtime.signal);
}

async function proveInput(world: JoinWorld, joining: Joining): Promise<ProveInput> {
  const { facts: cluster, words, kube } = world;
  const { workload, looked } = joining;
  const entry = kube.live && cluster.generation === 'current' ? () => entryWitness(world, joining) : undefined;
  return {
    cluster,
    workload,
    vm: looked.facts,
    dial,
    ...present({
      entry,
      meshService: words.meshService,
      outside: cluster.generation === 'current' ? await outside(world, joining) : undefined,
    }),
  };
}

/** What each port will do to a client outside the mesh, from the policies of the cluster. */
async function outside(world: JoinWorld, { workload }: Joining): Promise<Readonly<Record<number, Meeting>>> {
  const { kube, facts, runtime } = world;
  const [peerAuthentications, destinationRules] = await Promise.all([
    kube.list({ apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication' }, runtime.signal),
    kube.list({ apiVersion: NETWORKING, kind: 'DestinationRule' }, runtime.signal),
  ]);
  const { istioNamespace: rootNamespace, clusterDomain } = facts;
  const ports = portSecurity(workload, { peerAuthentications, destinationRules, rootNamespace, clusterDomain });
  return Object.fromEntries(ports.map(({ port, outsideMesh }) => [port.number, outsideMesh]));
}

/** istiod's entry of this VM: there, and healthy when a probe decides about it. */
async function entryWitness({ kube, runtime }: JoinWorld, { workload, looked }: Joining): Promise<Witness> {
  const { group, namespace, network } = workload;
  const name = automaticEntryName({ group, address: looked.facts.address, ...present({ network }) });
  const entry = await kube.get({ apiVersion: NETWORKING, kind: 'WorkloadEntry', namespace, name }, runtime.signal);
  if (!entry) {
    return {
      ok: false,
      detail: `there is no WorkloadEntry ${namespace}/${name}`,
      hint: 'See why istiod does not register it: kubectl logs -n istio-system deploy/istiod',
    };
  }
  const health = workload.probe ? healthOf(entry) : 'no probe decides about it';
  return {
    ok: health !== 'False' && health !== 'unknown yet',
    detail: `WorkloadEntry ${namespace}/${name}, health: ${health}`,
  };
}

function healthOf(entry: KubeObject): string {
  const conditions = list(mapping(entry['status'])['conditions']).map(mapping);
  const status = conditions.find(({ type }) => type === 'Healthy')?.['status'];
  return typeof status === 'string' ? status : 'unknown yet';
}

/** A new connection from this machine, which is outside the mesh: what it met first. */
function dial(address: string, port: number): Promise<DialAnswer> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: address, port });
    let open = false;
    const end = (answer: DialAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(DIAL_MS, () => end(open ? 'open-silent' : 'timeout'));
    socket.once('connect', () => (open = true));
    socket.once('data', () => end('open-with-bytes'));
    socket.once('close', () => end('closed'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED' ? 'refused' : 'closed'));
  });
}
