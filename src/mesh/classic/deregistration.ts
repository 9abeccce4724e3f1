import { meshProblems } from '../../problems/mesh.ts';
import { parseIp } from '../address.ts';
import { madeByMeshx } from '../kube-object.ts';
import type { ClassicFound } from './registration.ts';
import { addressesOf, formatSubsets, parseSubsets, removeAddress } from './subsets.ts';
import type { KubeObject } from '../kube-object.ts';

/** What is left after an address has gone. */
export interface ClassicRemoval {
  readonly endpoints: KubeObject;
  /** Addresses that are still behind the service. */
  readonly count: number;
  /** True when nothing is left of a Service that meshx made: then both objects go, unless the operator keeps them. */
  readonly isEmpty: boolean;
}

/** Takes an address out of every subset, also where it stood twice. Throws `address-not-registered`. */
export function classicRemoval(
  { service, address }: { readonly service: string; readonly address: string },
  found: ClassicFound,
): ClassicRemoval {
  const ip = parseIp(address);
  const rest = removeAddress(parseSubsets(found.endpoints), ip);
  if (!rest || !found.endpoints) throw meshProblems.addressNotRegistered({ service, address: ip });
  const count = addressesOf(rest).length;
  return {
    endpoints: { ...found.endpoints, subsets: formatSubsets(rest, found.endpoints) },
    count,
    isEmpty: count === 0 && found.service !== undefined && madeByMeshx(found.service),
  };
}
