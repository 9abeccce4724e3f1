import { list, mapping } from './unknown.ts';
import { parseCidr } from './address.ts';
import type { KubeObject } from './kube-object.ts';
import { Problem } from '../problems.ts';

/** The address of a public resolver, which is in no cluster's range. */
export const IMPOSSIBLE_CLUSTER_IP = '1.1.1.1';

/**
 * The service range from the API server's refusal of an impossible cluster IP, [] without one. All releases write "The
 * range of valid IPs is CIDR"; the text before it varies. With several ServiceCIDRs (1.33 and later) there is no range.
 */
export function parseServiceRange(refusal: string): readonly string[] {
  const [, words] = /range of valid IPs is:?\s+([0-9a-fA-F:./]+(?:\s*,\s*[0-9a-fA-F:./]+)*)/.exec(refusal) ?? [];
  return validCidrs((words ?? '').split(',').map((word) => word.trim().replace(/[.:]+$/, '')));
}

/** The ranges of ServiceCIDR objects, in their order, each once. */
export function serviceCidrsOf(objects: readonly KubeObject[]): readonly string[] {
  const words = objects.flatMap((object) => list(mapping(object['spec'])['cidrs']));
  return validCidrs(words.filter((word) => typeof word === 'string'));
}

function validCidrs(words: readonly string[]): readonly string[] {
  return [...new Set(words.flatMap(validCidr))];
}

function validCidr(word: string): readonly string[] {
  try {
    return [parseCidr(word)];
  } catch (error) {
    if (error instanceof Problem) return [];
    throw error;
  }
}
