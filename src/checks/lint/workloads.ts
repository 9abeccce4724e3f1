import type { KubeObject } from '../../mesh/kube-object.ts';
import type { Seen } from '../check.ts';
import { wrong } from '../mesh/facts.ts';
import { groupedBy, nameOf, type PortOfService, portsOf, selectorOf } from '../mesh/objects.ts';
import { meaningOf } from '../mesh/port-names.ts';
import { type LintCheck, type LintFacts, matches, type Workload } from './lint-facts.ts';

const service = { category: 'service', severity: 'warning' } as const;

/** Istio's rules for what runs: https://istio.io/latest/docs/ops/deployment/application-requirements/ */
export const workloadLint: readonly LintCheck[] = [
  {
    ...service,
    id: 'pod-labels',
    title: 'the pods of each workload have the labels app and version',
    needs: ['workloads'],
    judge: labelled,
  },
  {
    ...service,
    id: 'service-workload',
    title: 'each Service selects a workload of the files',
    needs: ['services', 'workloads'],
    judge: selecting,
  },
  {
    ...service,
    id: 'pod-port',
    severity: 'error',
    title: 'each target port that a Service names is a port of the pods',
    needs: ['services', 'workloads'],
    judge: leading,
  },
  {
    ...service,
    id: 'workload-services',
    severity: 'error',
    title: 'no two Services give one port of a workload different protocols',
    needs: ['services', 'workloads'],
    judge: agreeing,
  },
];

/** VMs have a check of their own. */
function labelled({ workloads }: Pick<LintFacts, 'workloads'>): readonly Seen[] {
  return workloads.flatMap(({ object, labels, containerPorts }) => {
    const missing = ['app', 'version'].filter((key) => !hasLabel(labels, key));
    if (containerPorts === undefined || object.kind === 'Job' || missing.length === 0) return [];
    const detail = `the pods of ${nameOf(object)} have no label ${missing.join(' and ')}, so metrics and Kiali show them as unknown`;
    return [wrong(nameOf(object), detail, missing.includes('app') ? {} : { severity: 'note' })];
  });
}

function hasLabel(labels: Workload['labels'], key: string): boolean {
  const other = key === 'app' ? 'app.kubernetes.io/name' : 'app.kubernetes.io/version';
  const canonical = `service.istio.io/canonical-${key === 'app' ? 'name' : 'revision'}`;
  return [key, other, canonical].some((each) => Object.hasOwn(labels, each));
}

/** Files without workloads are those of a Service alone. */
function selecting({ services, workloads }: Pick<LintFacts, 'services' | 'workloads'>): readonly Seen[] {
  if (workloads.length === 0) return [];
  return services.flatMap((each) => {
    const selector = selectorOf(each);
    if (Object.keys(selector).length === 0 || workloads.some((workload) => matches(selector, workload))) return [];
    return [
      wrong(nameOf(each), `${nameOf(each)} selects ${words(selector)}, and no workload of the files has these labels`),
    ];
  });
}

function words(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

function leading({ services, workloads }: Pick<LintFacts, 'services' | 'workloads'>): readonly Seen[] {
  return services.flatMap((each) => {
    const pods = workloads.filter((workload) => workload.containerPorts && matches(selectorOf(each), workload));
    return portsOf(each).flatMap((port) => pods.flatMap((pod) => nowhere(each, port, pod)));
  });
}

/** A number needs no declaration in Kubernetes; it is only unusual to declare others and not that one. */
function nowhere(
  each: KubeObject,
  { number, target }: PortOfService,
  { object, containerPorts = [] }: Workload,
): readonly Seen[] {
  const from = `port ${number} of ${nameOf(each)}`;
  const shown = containerPorts
    .map(({ name, number: port }) => (name === '' ? String(port) : `${name} (${port})`))
    .join(', ');
  if (typeof target === 'string') {
    if (containerPorts.some(({ name }) => name === target)) return [];
    const detail = `${from} leads to the port named ${target}, and the containers of ${nameOf(object)} have ${shown === '' ? 'none' : `only ${shown}`}`;
    return [wrong(nameOf(each), detail)];
  }
  if (containerPorts.length === 0 || containerPorts.some(({ number: port }) => port === target)) return [];
  const detail = `${from} leads to port ${target}, which the containers of ${nameOf(object)} do not declare; they declare ${shown}`;
  return [wrong(nameOf(each), detail, { severity: 'note' })];
}

/** istiod builds one listener for a port of a workload. */
function agreeing({ services, workloads }: Pick<LintFacts, 'services' | 'workloads'>): readonly Seen[] {
  return workloads.flatMap((workload) => {
    const all = services
      .filter((each) => matches(selectorOf(each), workload))
      .flatMap((each) => portsOf(each).map((port) => ({ each, port })));
    return [...groupedBy(all, ({ port }) => String(port.target)).values()].flatMap((same) => {
      const protocols = new Map(same.map(({ each, port }) => [meaningOf(port).words, each]));
      if (protocols.size < 2) return [];
      const given = [...protocols].map(([protocol, each]) => `${protocol} by ${nameOf(each)}`).join(', ');
      const detail = `port ${same[0]?.port.target} of ${nameOf(workload.object)} is ${given}: its sidecar can serve one of them`;
      return [wrong(nameOf(workload.object), detail)];
    });
  });
}
