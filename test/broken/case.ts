import { toShell } from '../../src/shell-words.ts';
import { NAMESPACE } from './mesh.ts';

/** What follows a finding: a command of its hint, as it is printed; or why a person must decide. */
export type Remedy =
  | {
      readonly hint: string;
      readonly command?: 'all';
      readonly meanwhile?: readonly string[];
      readonly then?: readonly Step[];
    }
  | { readonly person: string };

/** A command line at the workstation, or something that happens to the lab. */
export type Step = string | { readonly lab: 'istiod-stops' | 'istiod-starts' };

/** A mesh that is broken in one way. */
export interface BrokenCase {
  /** In kebab-case. */
  readonly name: string;
  /** What is broken, for people. */
  readonly what: string;
  /** What was so before, without a finding. */
  readonly given?: readonly Step[];
  readonly break: readonly Step[];
  /** More words of `meshx check`. */
  readonly words?: readonly string[];
  /** Ids of the findings: these and no others. */
  readonly expected: readonly string[];
  readonly remedy: Remedy;
  /** Beside the objects of the cluster, which are put back in every case. */
  readonly restore?: readonly Step[];
}

/**
 * The first command of each hint of this check, or all of them. `meanwhile` and `then` are what controllers of the cluster
 * do, which the lab does not have.
 */
export function typed(id: string, more: Omit<Extract<Remedy, { readonly hint: string }>, 'hint'> = {}): Remedy {
  return { hint: id, ...more };
}

export function person(why: string): Remedy {
  return { person: why };
}

export const SYSTEM = 'istio-system';

/** kubectl in the VM's namespace. */
export function kubectl(...words: readonly string[]): string {
  return toShell(['kubectl', '-n', NAMESPACE, ...words]);
}

/** kubectl in the namespace of the control plane. */
export function control(...words: readonly string[]): string {
  return toShell(['kubectl', '-n', SYSTEM, ...words]);
}

/** A merge patch, or the operations of a JSON patch. */
export function patch(object: string, change: object, namespace: string = NAMESPACE): string {
  const type = Array.isArray(change) ? 'json' : 'merge';
  return toShell(['kubectl', '-n', namespace, 'patch', object, `--type=${type}`, '-p', JSON.stringify(change)]);
}

/** The same for what a controller writes. */
export function patchStatus(object: string, status: object, namespace: string = NAMESPACE): string {
  const words = ['patch', object, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
  return toShell(['kubectl', '-n', namespace, ...words]);
}

export function apply(object: object): string {
  return `${toShell(['echo', JSON.stringify(object)])} | kubectl apply -f -`;
}

/** An object of Istio in the VM's namespace. */
export function istio(kind: string, name: string, spec: object, namespace: string = NAMESPACE): object {
  const group = /Policy|Authentication/.test(kind) ? 'security' : 'networking';
  return { apiVersion: `${group}.istio.io/v1`, kind, metadata: { name, namespace }, spec };
}
