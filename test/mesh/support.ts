import fc from 'fast-check';
import type { ClassicFacts, CurrentFacts } from '../../src/mesh/cluster-facts.ts';
import type { Workload } from '../../src/mesh/workload.ts';
import { anyCharacter } from '../support/any-character.ts';
import { Problem } from '../../src/problems.ts';

/** A plausible current cluster; a test names only what it is about. */
export function currentFacts(more: Partial<CurrentFacts> = {}): CurrentFacts {
  return {
    generation: 'current',
    istioNamespace: 'istio-system',
    clusterId: 'Kubernetes',
    trustDomain: 'cluster.local',
    clusterDomain: 'cluster.local',
    istiodHost: 'istiod.istio-system.svc',
    istiodPort: 15012,
    istiodAddresses: ['10.150.0.30'],
    istiodAddressSource: 'Service istio-system/istio-eastwestgateway',
    rootCert: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
    defaultConfig: {},
    ...more,
  };
}

/** The cluster of the walkthrough. */
export function classicFacts(more: Partial<ClassicFacts> = {}): ClassicFacts {
  return {
    generation: 'classic',
    istioNamespace: 'istio-system',
    release: '0.2',
    serviceCidrs: ['10.63.240.0/20'],
    serviceCidrSource: 'option --service-cidr',
    addresses: { pilot: '10.150.0.6', dns: '10.150.0.7', mixer: '10.150.0.8', ca: '10.150.0.9' },
    clusterDomain: 'cluster.local',
    ...more,
  };
}

/** The VM of the walkthrough, in today's words. */
export function mysqlWorkload(more: Partial<Workload> = {}): Workload {
  return {
    group: 'mysqldb',
    namespace: 'vm',
    serviceAccount: 'mysqldb',
    labels: {},
    services: [{ name: 'mysqldb', ports: [{ number: 3306, name: 'mysql' }] }],
    ...more,
  };
}

/** The Problem that a call throws; fails the test when it throws something else or nothing. */
export function problemOf(call: () => unknown): Problem {
  try {
    call();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('no Problem was thrown');
}

/** What a parser gives, or the id of its Problem. Any other exception fails the test. */
export function outcome<T>(call: () => T): { readonly value: T } | { readonly problem: Problem } {
  try {
    return { value: call() };
  } catch (error) {
    if (error instanceof Problem) return { problem: error };
    throw error;
  }
}

/** Text as outsiders send it: any characters, long ones, and near misses of the given examples. */
export function hostileText(...examples: readonly string[]): fc.Arbitrary<string> {
  const broken = fc
    .tuple(fc.constantFrom(...examples), fc.nat(40), fc.string({ unit: anyCharacter, maxLength: 3 }))
    .map(([example, at, piece]) => example.slice(0, at) + piece + example.slice(at));
  return fc.oneof(fc.constantFrom(...examples), broken, fc.string({ unit: anyCharacter, maxLength: 400 }), fc.string());
}

/** How many inputs each parser of outside text is given. */
export const RUNS = { numRuns: 500 };
