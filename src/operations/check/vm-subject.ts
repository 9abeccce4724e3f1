import { ownAddresses } from '../../vm/preflight/addresses.ts';
import { withChosen } from '../../checks/mesh/chosen-vms.ts';
import { istiodIn } from '../../checks/mesh/objects.ts';
import type { Unread } from '../../checks/judge.ts';
import type { VmFacts } from '../../checks/vm/facts.ts';
import { meshxLine, sshLine, type SshWords } from '../../checks/vm/hint-lines.ts';
import type { VmSubject } from '../../checks/vm/judge-vm.ts';
import { servedPorts } from '../../checks/vm/served-ports.ts';
import { imageVersion } from '../../cluster/facts/deployment-version.ts';
import type { ClusterPicture } from '../../cluster/picture/picture.ts';
import { automaticGroup, entryAddress } from '../../cluster/registration/entries.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { type AnsweredVm, agentState, inputOf } from './vm-answer.ts';

/** The words by which a VM is found in the cluster: its group, else its addresses. */
export function clusterWords({ place, group, inspection, inspected }: AnsweredVm): readonly string[] {
  if (place === null) return [];
  const { address } = inspection.facts;
  const names = group === null ? [address, ...ownAddresses(inspected.answers)] : [group];
  return [...new Set(names.filter((name) => name !== ''))].map((name) => `${place}/${name}`);
}

/** All that is known of a VM: its answer, and what the cluster has of it. Pure. */
export function vmSubject(answer: AnsweredVm, cluster: ClusterPicture, login: SshWords): VmSubject {
  const { vm, picture, inspected, inspection, place } = answer;
  const registered = registeredOf(answer, cluster);
  const hasSudo = picture.hasSudo ?? true;
  const known = {
    ...{ vm, inspection, now: inspected.now, machine: inspected.answers, isLive: cluster.about.live },
    ssh: (...words: readonly string[]) => sshLine(login, words, hasSudo),
    meshx: (...words: readonly string[]) => meshxLine(vm, place, words),
    isJoined: inspection.membership.record !== undefined,
    ...registered.facts,
  };
  const ofAgent = picture.agent === undefined ? {} : { agentState: agentState(picture.agent ?? '') };
  const facts = { ...picture, ...known, ...ofAgent, ...ofMesh(cluster) };
  const services = servedPorts({ entries: [], groups: [], ...registered.facts }).map(({ name, number }) => ({
    name,
    ports: [{ name, number }],
  }));
  const input = { ...inputOf(vm, inspected.now), services };
  const machine = { files: inspected.answers, machine: inspected.answers, now: inspected.now, inspection, input };
  return { facts, unread: { ...NOT_ANSWERED, ...registered.unread }, machine };
}

const LATE = 'the VM did not answer this in time';
const PARTS = [
  ...(['units', 'env', 'processes', 'environments', 'nat', 'certificates', 'tokens', 'disk', 'agent'] as const),
  ...(['dnsCapture', 'meshName', 'istiod', 'path', 'eastWest', 'capture', 'loaded', 'nameServers'] as const),
  ...(['ready', 'certs', 'version', 'stats', 'rejected', 'agentState'] as const),
  ...(['packageVersion', 'denied', 'answering', 'meshConfig'] as const),
];
const NOT_ANSWERED: Unread<VmFacts> = {
  ...Object.fromEntries(PARTS.map((name) => [name, LATE])),
  controlRoots: 'the roots of the mesh could not be read',
  isAmbient: 'whether the mesh is ambient could not be read',
  istiodVersion: 'the Deployment of istiod could not be read',
};

function ofMesh({ mesh, about }: ClusterPicture): Partial<VmFacts> {
  const { controlRoots, controlDeployments, isAmbient } = mesh;
  return {
    ...('found' in isAmbient && { isAmbient: isAmbient.found }),
    ...('found' in controlRoots && { controlRoots: controlRoots.found }),
    ...('found' in controlDeployments && {
      istiodVersion: imageVersion(istiodIn(controlDeployments.found, about.suffix)) ?? null,
    }),
  };
}

interface Registered {
  readonly facts: Partial<Pick<VmFacts, 'entries' | 'groups'>>;
  readonly unread: Unread<VmFacts>;
}

/** Groups and entries of the VM. A group may have several VMs: of its entries only those with an address of this one count. */
function registeredOf(answer: AnsweredVm, { namespaces }: ClusterPicture): Registered {
  const namespace = namespaces.find(({ name }) => name === answer.place);
  const why = `no namespace of the VM is known or may be read`;
  if (!namespace) return { facts: {}, unread: { entries: why, groups: why } };
  const { groups, entries } = withChosen(clusterWords(answer), namespace).parts;
  if ('refused' in groups || 'refused' in entries) {
    const reason = 'its group and its entry could not be read';
    return { facts: {}, unread: { entries: reason, groups: reason } };
  }
  return { facts: { groups: groups.found, entries: ofThis(entries.found, answer) }, unread: {} };
}

function ofThis(entries: readonly KubeObject[], { inspected, inspection, group }: AnsweredVm): readonly KubeObject[] {
  const own = new Set([...ownAddresses(inspected.answers), inspection.membership.record?.address ?? '']);
  const here = entries.filter((entry) => own.has(entryAddress(entry)));
  if (here.length > 0) return here;
  const automatic = entries.filter((entry) => automaticGroup(entry) === group);
  return automatic.length === 1 ? automatic : [];
}
