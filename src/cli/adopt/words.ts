import { ownLabels } from '../../mesh/workload-labels.ts';
import { tryJson } from '../../documents/json.ts';
import { toShell } from '../../host/shell.ts';
import { mapping } from '../../mesh/unknown.ts';
import type { Standing } from '../../vm/adopt/standing.ts';
import { flagOf } from '../input.ts';
import type { Member, Selecting } from './selecting.ts';

/** Options of `up` by their camelCase names, as the command line would give them. */
export type Given = Readonly<Record<string, string | readonly string[] | boolean>>;

/** Who the VM says it is. Labels that Istio derives and adds by itself are left out. */
export function memberOf({ settings }: Standing): Member {
  const group = settings.get('ISTIO_META_WORKLOAD_NAME') ?? '';
  const all = mapping(tryJson(settings.get('ISTIO_METAJSON_LABELS') ?? '{}'));
  const given = Object.entries(all).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && !entry[0].startsWith('service.istio.io/'),
  );
  return {
    group,
    namespace: settings.get('POD_NAMESPACE') ?? '',
    address: settings.get('INSTANCE_IP') ?? settings.get('ISTIO_SVC_IP'),
    labels: ownLabels(Object.fromEntries(given), group),
  };
}

/** The service account that it says is its own. */
export function accountOf({ settings }: Pick<Standing, 'settings'>): string {
  return settings.get('SERVICE_ACCOUNT') || 'default';
}

/** What `up` has to be told so that it makes this VM what it is. What the cluster says already is not told again. */
export function upOptions({ settings, istiodAddress }: Standing, member: Member, found: Selecting): Given {
  const labels = Object.entries(member.labels).map(([key, value]) => `${key}=${value}`);
  const { group, namespace, address } = member;
  const network = settings.get('ISTIO_META_NETWORK');
  return {
    namespace,
    workloadGroup: group,
    ...(found.services.length > 0 && { service: found.services }),
    serviceAccount: accountOf({ settings }),
    ...(!found.hasGroup && labels.length > 0 && { labels }),
    ...(!found.hasGroup && network && { network }),
    ...(address && { vmAddress: address }),
    ...(istiodAddress && { istiodAddress }),
    captureDns: settings.get('ISTIO_META_DNS_CAPTURE') === 'true',
  };
}

/** The command line, as it can be typed. */
export function upLine(vm: string, given: Given): string {
  const words = Object.entries(given).flatMap(([name, value]) => {
    // Such an option is on by itself.
    if (typeof value === 'boolean') return value ? [] : [flagOf(name).replace('--', '--no-')];
    return [value].flat().flatMap((each) => [name === 'namespace' ? '-n' : flagOf(name), each]);
  });
  return toShell(['meshx', 'up', vm, ...words]);
}
