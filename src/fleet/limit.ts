import { fleetProblems } from '../problems/fleet.ts';
import type { Fleet, FleetVm } from './fleet.ts';

/**
 * The VMs that patterns name, in the order of the fleet. A pattern is a host, a group or a glob of either. Patterns are joined by commas:
 * a plain one adds, `&` keeps only what it names as well, and `!` takes away, in this order, as in Ansible. Throws `fleet-host-unknown`
 * for a pattern without a wildcard that names nothing.
 */
export function limited({ name, vms }: Fleet, patterns: readonly string[]): readonly FleetVm[] {
  const words = patterns.flatMap((pattern) => pattern.split(',')).map((word) => word.trim());
  const all = words.filter((word) => word !== '');
  const unknown = all.filter((word) => !/[*?]/.test(word) && !vms.some((vm) => names(bare(word), vm)));
  if (unknown.length > 0) throw fleetProblems.hostUnknown({ fleet: name, words: unknown });
  const added = all.filter((word) => !/^[!&]/.test(word));
  const kept = all.filter((word) => word.startsWith('&')).map(bare);
  const away = all.filter((word) => word.startsWith('!')).map(bare);
  return vms.filter(
    (vm) =>
      (added.length === 0 || added.some((word) => names(word, vm))) &&
      kept.every((word) => names(word, vm)) &&
      !away.some((word) => names(word, vm)),
  );
}

/** The VMs that one of the patterns names. Unlike `limited`, none for no pattern. */
export function matching(fleet: Fleet, patterns: readonly string[]): readonly FleetVm[] {
  return patterns.length === 0 ? [] : limited(fleet, patterns);
}

function bare(word: string): string {
  return word.replace(/^[!&]/, '');
}

/** `all` is every host, as in Ansible. */
function names(pattern: string, { name, groups }: FleetVm): boolean {
  return pattern === 'all' || [name, ...groups].some((word) => matchesGlob(pattern, word));
}

/** Without a regular expression: a pattern with many stars must not take exponential time. */
function matchesGlob(pattern: string, word: string): boolean {
  let [at, read, star, mark] = [0, 0, -1, 0];
  while (read < word.length) {
    if (at < pattern.length && (pattern[at] === '?' || pattern[at] === word[read])) {
      at += 1;
      read += 1;
    } else if (pattern[at] === '*') {
      star = at;
      mark = read;
      at += 1;
    } else if (star >= 0) {
      at = star + 1;
      mark += 1;
      read = mark;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
