import { meshProblems } from '../../problems/mesh.ts';
import { parseIp } from '../address.ts';
import { madeByMeshx } from '../kube-object.ts';
import type { ClassicFound } from './registration.ts';
import { addressesOf, formatSubsets, parseSubsets, removeAddress } from './subsets.ts';
import type { KubeObject } from '../kube-object.ts';

/** What remains after an address was removed. */
export interface ClassicRemoval {
  readonly endpoints: KubeObject;
  /** Addresses that remain behind the service. */
  readonly count: number;
  /**
   * True when the last address of a Service that meshx made is gone. Both objects are then deleted, unless the operator
   * keeps them.
   */
  readonly isEmpty: boolean;
}

/** Removes an address from every subset. Throws `address-not-registered`. */
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
