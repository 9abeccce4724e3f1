import type { KubeObject } from '../../mesh/kube-object.ts';
import { serviceHost } from '../../mesh/service-host.ts';
import { list, mapping, text, textMapping } from '../../mesh/unknown.ts';
import type { Seen } from '../check.ts';
import { wrong } from '../mesh/facts.ts';
import { nameOf, selectorOf } from '../mesh/objects.ts';
import { type LintCheck, type LintFacts, matches } from './lint-facts.ts';

const traffic = { category: 'traffic', severity: 'warning' } as const;
const HOSTS = ['everyService', 'externalHosts', 'about', 'place'] as const;

/** Whether routes lead somewhere. */
export const routeLint: readonly LintCheck[] = [
  {
    ...traffic,
    id: 'route-host',
    title: 'each host of a VirtualService or a DestinationRule is a service of the files',
    needs: [...HOSTS, 'virtualServices', 'destinationRules'],
    judge: hosts,
  },
  {
    ...traffic,
    id: 'route-subset',
    severity: 'error',
    title: 'a DestinationRule defines each subset that a VirtualService routes to',
    needs: ['about', 'place', 'virtualServices', 'everyDestinationRule'],
    judge: subsets,
  },
  {
    ...traffic,
    id: 'subset-workload',
    title: 'each subset selects a workload of its service',
    needs: ['about', 'place', 'services', 'workloads', 'destinationRules'],
    judge: selected,
  },
];

interface Destination {
  readonly host: string;
  readonly subset?: string;
}

/** Destinations of all routes, mirrors included. */
function destinations({ spec }: KubeObject): readonly Destination[] {
  const rules = ['http', 'tcp', 'tls'].flatMap((kind) => list(mapping(spec)[kind]).map(mapping));
  const routes = rules.flatMap((rule) => [
    ...list(rule['route']).map((route) => mapping(mapping(route)['destination'])),
    ...list(rule['mirrors']).map((mirror) => mapping(mapping(mirror)['destination'])),
    mapping(rule['mirror']),
  ]);
  return routes.flatMap((destination) => {
    const [host, subset] = [text(destination['host']), text(destination['subset'])];
    return host === undefined ? [] : [{ host, ...(subset !== undefined && { subset }) }];
  });
}

type Where = Pick<LintFacts, 'place' | 'about'>;

/** A name without a dot is one of the object's own namespace. */
function fullHost(host: string, { place, about }: Where): string {
  return host.includes('.') ? host.toLowerCase() : serviceHost(host.toLowerCase(), place, about.clusterDomain);
}

function hosts(
  facts: Pick<LintFacts, (typeof HOSTS)[number] | 'virtualServices' | 'destinationRules'>,
): readonly Seen[] {
  const { virtualServices, destinationRules } = facts;
  const named = [
    ...virtualServices.map((object) => ({ object, all: destinations(object).map(({ host }) => host) })),
    ...destinationRules.map((object) => ({ object, all: [text(mapping(object['spec'])['host']) ?? ''] })),
  ];
  return named.flatMap(({ object, all }) =>
    [...new Set(all)].flatMap((host) => {
      const reason = unknownHost(host, facts);
      return reason === undefined ? [] : [wrong(nameOf(object), `${nameOf(object)} names host ${host}, and ${reason}`)];
    }),
  );
}

/** Hosts outside the cluster may be in other files. */
function unknownHost(host: string, facts: Pick<LintFacts, (typeof HOSTS)[number]>): string | undefined {
  const { everyService, externalHosts, about } = facts;
  if (host.includes('*') || externalHosts.includes(host)) return undefined;
  const full = fullHost(host, facts);
  const known = everyService.map(({ metadata: { name, namespace = 'default' } }) =>
    serviceHost(name, namespace, about.clusterDomain),
  );
  if (known.includes(full) || known.length === 0) return undefined;
  const suffix = `.svc.${about.clusterDomain}`;
  if (full.endsWith(suffix)) return `no Service of the files is ${full}`;
  const asService = known.find((each) => each.startsWith(`${full}.`));
  return asService === undefined ? undefined : `istiod takes it for a name outside the cluster: write ${asService}`;
}

function subsets({
  virtualServices,
  everyDestinationRule,
  ...where
}: Where & Pick<LintFacts, 'virtualServices' | 'everyDestinationRule'>): readonly Seen[] {
  return virtualServices.flatMap((object) =>
    destinations(object).flatMap(({ host, subset }) => {
      if (subset === undefined) return [];
      const full = fullHost(host, where);
      const rules = everyDestinationRule.filter((rule) => hostOf(rule, where) === full);
      if (rules.some((rule) => subsetsOf(rule).some(({ name }) => name === subset))) return [];
      const why =
        rules.length === 0
          ? `no DestinationRule of the files is for ${full}`
          : `${rules.map(nameOf).join(', ')} has none of that name`;
      return [
        wrong(
          nameOf(object),
          `${nameOf(object)} routes to subset ${subset} of ${host}, and ${why}: requests fail with 503`,
        ),
      ];
    }),
  );
}

function hostOf({ spec, metadata }: KubeObject, { about }: Where): string {
  return fullHost(text(mapping(spec)['host']) ?? '', { about, place: metadata.namespace ?? 'default' });
}

function subsetsOf({
  spec,
}: KubeObject): readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[] {
  return list(mapping(spec)['subsets'])
    .map(mapping)
    .map((subset) => ({ name: text(subset['name']) ?? '', labels: textMapping(subset['labels']) }));
}

function selected({
  services,
  workloads,
  destinationRules,
  ...where
}: Where & Pick<LintFacts, 'services' | 'workloads' | 'destinationRules'>): readonly Seen[] {
  return destinationRules.flatMap((rule) => {
    const full = hostOf(rule, where);
    const own = services.find(
      ({ metadata }) => serviceHost(metadata.name, where.place, where.about.clusterDomain) === full,
    );
    const of = own === undefined ? [] : workloads.filter((workload) => matches(selectorOf(own), workload));
    if (of.length === 0) return [];
    return subsetsOf(rule).flatMap(({ name, labels }) => {
      if (Object.keys(labels).length === 0 || of.some((workload) => matches(labels, workload))) return [];
      const shown = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
      return [
        wrong(
          nameOf(rule),
          `subset ${name} of ${nameOf(rule)} selects ${shown.join(',')}, and no workload of ${full} has these labels: its requests fail with 503`,
        ),
      ];
    });
  });
}
