import type { KubeObject } from '../../mesh/kube-object.ts';
import { serviceHost } from '../../mesh/service-host.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import { hiddenBy } from '../../mesh/visibility.ts';
import type { Seen } from '../check.ts';
import { type NamespaceCheck, type NamespaceFacts, wrong } from './facts.ts';
import { nameOf } from './objects.ts';
import { servedPorts } from './served-ports.ts';

/** Which proxies get the VMs' services at all. */
export const visibilityChecks: readonly NamespaceCheck[] = [
  {
    id: 'service-visible',
    category: 'policy',
    severity: 'error',
    title: 'the proxies of callers get the services of the VMs',
    needs: [
      'about',
      'kubectl',
      'entries',
      'services',
      'meshConfig',
      'sidecars',
      'rootSidecars',
      'callerSidecars',
      'place',
    ],
    judge: visible,
  },
];

function visible(facts: NamespaceFacts): readonly Seen[] {
  const { about, kubectl, meshConfig, place } = facts;
  const { rootNamespace, clusterDomain, caller } = about;
  const callerNamespace = caller?.namespace ?? place;
  const sidecars = [...new Set([...facts.sidecars, ...facts.rootSidecars, ...facts.callerSidecars])];
  const defaultExportTo = list(meshConfig?.['defaultServiceExportTo']).filter((each) => typeof each === 'string');
  const services = [...new Set(servedPorts(facts).map(({ service }) => service))];
  return services.flatMap((service) => {
    const host = serviceHost(service.metadata.name, place, clusterDomain);
    const reason = hiddenBy({ host, service, callerNamespace, rootNamespace, defaultExportTo }, sidecars);
    if (reason === undefined) return [];
    const assumed = caller === undefined ? ' (assumed: no caller was given)' : '';
    const detail = `callers of namespace ${callerNamespace}${assumed} do not get ${nameOf(service)}: ${reason}`;
    return [
      wrong(nameOf(service), detail, {
        hint: hintOf(reason, { kubectl, name: service.metadata.name, place, sidecars }),
      }),
    ];
  });
}

/** Changes the object that hides it: a Sidecar, else the Service. */
function hintOf(reason: string, { kubectl, name, place, sidecars }: Hidden): string {
  const [, namespace, sidecar] = /^Sidecar ([^/\s]+)\/(\S+)/.exec(reason) ?? [];
  if (namespace === undefined || sidecar === undefined)
    return `Export it: ${kubectl('annotate', 'service', name, '-n', place, 'networking.istio.io/exportTo=*', '--overwrite')}`;
  const found = sidecars.find(({ metadata }) => metadata.name === sidecar && metadata.namespace === namespace);
  // A listener with a port takes only what is for that port.
  const index = list(mapping(found?.['spec'])['egress']).findIndex((egress) => mapping(egress)['port'] === undefined);
  if (index < 0) return `Add ${place}/* to its egress hosts: ${kubectl('edit', 'sidecar', sidecar, '-n', namespace)}`;
  const change = [{ op: 'add', path: `/spec/egress/${index}/hosts/-`, value: `${place}/*` }];
  const words = ['patch', 'sidecar', sidecar, '-n', namespace, '--type=json', '-p', JSON.stringify(change)];
  return `Add ${place}/* to its egress hosts: ${kubectl(...words)}`;
}

interface Hidden extends Pick<NamespaceFacts, 'kubectl' | 'place'> {
  readonly name: string;
  readonly sidecars: readonly KubeObject[];
}
