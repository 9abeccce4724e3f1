import { automaticGroup, entryAddress } from '../../cluster/registration/entries.ts';
import { hasAgent } from '../../cluster/registration/relabels.ts';
import { mapping } from '../../mesh/unknown.ts';
import { TUNNEL, TUNNEL_LABEL } from '../../mesh/workload-labels.ts';
import type { Seen } from '../check.ts';
import { type NamespaceCheck, type NamespaceFacts, wrong } from './facts.ts';
import { nameOf } from './objects.ts';

const service = { category: 'service', severity: 'error' } as const;
const MODE = 'istio.io/dataplane-mode';

/** What differs for clients that come through ztunnel. */
export const ambientChecks: readonly NamespaceCheck[] = [
  {
    ...service,
    id: 'ambient-tunnel',
    title: 'ambient clients reach the VMs by HBONE',
    needs: ['isAmbient', 'entries', 'kubectl', 'place'],
    judge: tunnel,
  },
  {
    ...service,
    id: 'ambient-health',
    severity: 'warning',
    title: 'ambient clients avoid VMs that are not healthy',
    needs: ['isAmbient', 'groups', 'entries'],
    judge: health,
  },
  {
    ...service,
    id: 'ambient-namespace',
    severity: 'warning',
    title: 'a namespace of VMs is labelled for ambient only in an ambient mesh',
    needs: ['isAmbient', 'namespace', 'kubectl', 'place'],
    judge: mode,
  },
];

/** ztunnel reads the label in the metadata only. */
function tunnel({ isAmbient, entries, kubectl, place }: NamespaceFacts): readonly Seen[] {
  if (!isAmbient) return [];
  const without = entries.filter(
    (entry) => automaticGroup(entry) !== undefined && entry.metadata.labels?.[TUNNEL_LABEL] !== TUNNEL,
  );
  return without.map((entry) => {
    const detail = `${nameOf(entry)} (${entryAddress(entry)}) has no label ${TUNNEL_LABEL}=${TUNNEL}, so ambient clients send plaintext to the VM`;
    const hint = `Add it: ${kubectl('label', 'workloadentry', entry.metadata.name, '-n', place, `${TUNNEL_LABEL}=${TUNNEL}`, '--overwrite')}`;
    return wrong(nameOf(entry), detail, { hint });
  });
}

/** istiod sends every entry to ztunnel as healthy. An agent takes the port of a service away, which ztunnel obeys. */
function health({ isAmbient, groups, entries }: NamespaceFacts): readonly Seen[] {
  if (!isAmbient) return [];
  const withAgent = new Set(entries.filter(hasAgent).map(automaticGroup));
  const probed = groups.filter((group) => mapping(group['spec'])['probe'] !== undefined);
  return probed
    .filter(({ metadata }) => !withAgent.has(metadata.name))
    .map((group) => {
      const { name } = group.metadata;
      const detail = `${nameOf(group)} has a probe, and ambient clients use its VM whatever the probe says`;
      const hint = `Let the agent take its services out of rotation: meshx up ${name} -n ${group.metadata.namespace ?? 'default'} --agent-executable FILE`;
      return wrong(nameOf(group), detail, { hint });
    });
}

function mode({ isAmbient, namespace, kubectl, place }: NamespaceFacts): readonly Seen[] {
  if (isAmbient || namespace?.metadata.labels?.[MODE] !== 'ambient') return [];
  const detail = `namespace ${place} is labelled ${MODE}=ambient, and the mesh has no ztunnel: its pods are outside the mesh and send plaintext to the VMs`;
  const hint = `Install the ambient profile, or remove the label: ${kubectl('label', 'namespace', place, `${MODE}-`)}`;
  return [wrong(`Namespace ${place}`, detail, { hint })];
}
