import { resolve } from 'node:path';
import { parseCidrs, parseIp } from '../mesh/address.ts';
import { CLASSIC_RELEASES } from '../mesh/cluster-facts.ts';
import { parseName } from '../mesh/names.ts';
import type { ClusterOptions } from '../operations/connection/cluster.ts';
import type { Place } from '../operations/membership/member.ts';
import { present } from '../present.ts';
import type { Input } from './input.ts';
import { stepTimeoutMs } from './time-limits.ts';

const WAIT_SECONDS = 300;

/** Reads CLUSTER_OPTIONS and ISTIOD_OPTIONS. Issues are collected in the input. */
export function clusterOptions(input: Input): ClusterOptions {
  const { cwd, note } = input.call.world;
  const path = (name: string): string | undefined => {
    const text = input.text(name);
    return text === undefined ? undefined : resolve(cwd, text);
  };
  const seconds = input.number('timeout', [1, 86_400]) ?? WAIT_SECONDS;
  const waiting = { timeoutMs: seconds * 1000, note };
  const cidrs = input.list('serviceCidr').join(',');
  return {
    connect: present({
      kubeconfig: path('kubeconfig'),
      context: input.text('context'),
      manifests: path('manifests'),
      timeoutMs: stepTimeoutMs(input),
    }),
    place: present({ project: input.text('project'), zone: input.text('zone') }),
    facts: {
      istioNamespace: input.parsed('istioNamespace', (text) => parseName(text, 'namespace')) ?? 'istio-system',
      ...present({
        revision: input.parsed('revision', (text) => parseName(text, 'revision')),
        serviceCidr: cidrs === '' ? undefined : input.attempt('--service-cidr', () => parseCidrs(cidrs).join(',')),
        address: input.text('istiodAddress'),
        gateway: input.text('gateway'),
        release: input.choice('release', CLASSIC_RELEASES),
        clusterDomain: input.parsed('clusterDomain', (text) => parseName(text, 'subdomain')),
        clusterId: input.text('clusterId'),
        wait: input.flag('wait') ? waiting : undefined,
      }),
    },
  };
}

/** Where a VM is in its cluster, as it is given. Issues are collected in the input. */
export function placeOptions(input: Input): Place {
  return present({
    namespace: input.parsed('namespace', (text) => parseName(text, 'namespace')),
    group: input.parsed('workloadGroup', (text) => parseName(text, 'group')),
    address: input.parsed('vmAddress', parseIp),
  });
}
