import { entryLabels } from '../../cluster/registration/entries.ts';
import { EntryIndex } from '../../cluster/picture/vm-services.ts';
import { entryPorts } from '../../mesh/current/entry-ports.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { VM_LABEL } from '../../mesh/workload-labels.ts';
import type { NamespaceFacts } from './facts.ts';
import { meaningOf } from './port-names.ts';
import { numberOn, type PortOfService, portsOf, selectorOf } from './objects.ts';

/** A port of a Service on the VMs behind it, as policies see it: by the labels of the VM and the number on it. */
export interface ServedPort {
  readonly service: KubeObject;
  readonly port: PortOfService;
  /** The number on the VM. */
  readonly number: number;
  readonly labels: Readonly<Record<string, string>>;
  /** One of the entries with these labels. */
  readonly entry: KubeObject;
  readonly isHttp: boolean;
}

const HTTP: ReadonlySet<string> = new Set(['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB']);

/** Each port once for all VMs with the same labels: a thousand VMs of a service differ in nothing that a policy selects. */
export function servedPorts({
  services,
  entries,
}: Pick<NamespaceFacts, 'services' | 'entries'>): readonly ServedPort[] {
  const index = new EntryIndex(entries);
  return services.flatMap((service) => {
    const kinds = new Map(index.selectedBy(selectorOf(service)).map((entry) => [kindOf(entry), entry]));
    const ports = portsOf(service).filter(({ transport }) => transport === 'TCP');
    return [...kinds.values()].flatMap((entry) =>
      ports.flatMap((port) => {
        const number = numberOn(entry, port);
        const isHttp = HTTP.has(meaningOf(port).protocol);
        return number === undefined ? [] : [{ service, port, number, labels: entryLabels(entry), entry, isHttp }];
      }),
    );
  });
}

/** What policies select by, without the label that is the VM's own name. */
function kindOf(entry: KubeObject): string {
  const labels = Object.entries(entryLabels(entry)).filter(([key]) => key !== VM_LABEL);
  return JSON.stringify([labels.sort(), entryPorts(entry)]);
}
