import { type Ignored, IGNORED } from './ignored.ts';
import type { Picture } from './picture.ts';

/** A fact that differs between two snapshots; an absent side does not have it. */
export interface Difference {
  readonly area: string;
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
}

/** A file in a snapshot: `f OWNER:GROUP MODE`, then its digest. */
const FILE = /^f \S+ \d+/;

/** Whether only the content of a file differs: it existed, with the same owner and mode. Pure. */
export function isContentOnly({ area, before = '', after = '' }: Difference): boolean {
  const [then, now] = [FILE.exec(before)?.[0], FILE.exec(after)?.[0]];
  return area === 'file' && then !== undefined && then === now;
}

/** The differences, by area and name, without ignored ones and those of interfaces and services that come and go. Pure. */
export function comparePictures(
  before: Picture,
  after: Picture,
  ignored: readonly Ignored[] = IGNORED,
): readonly Difference[] {
  const [then, now] = [statesOf(before), statesOf(after)];
  const tests = ignored.map(({ area, matches }) => ({ area, pattern: new RegExp(`^(?:${matches})$`) }));
  const moved = movedInterfaces(before, after);
  return (
    [...new Set([...then.keys(), ...now.keys()])]
      .filter((key) => then.get(key) !== now.get(key))
      .sort()
      .map((key) => {
        const [area = '', name = ''] = key.split('\t');
        const [was, is] = [then.get(key), now.get(key)];
        return { area, name, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) };
      })
      // Which boot a snapshot is of, and who writes a file, is no state of the machine.
      .filter(
        ({ area, name }) =>
          area !== 'boot' && area !== 'written' && !tests.some((test) => test.area === area && test.pattern.test(name)),
      )
      .filter((difference) => !moved.some((each) => isOfInterface(difference, each)))
      .filter((difference) => !isBehindSocket(difference, then, now))
  );
}

/** A service that its socket starts for a client and that ends when idle comes and goes; its socket stays. */
function isBehindSocket({ area, name }: Difference, ...states: readonly ReadonlyMap<string, string>[]): boolean {
  const socket = name.replace(/\.service$/, '.socket');
  return area === 'unit' && socket !== name && states.every((state) => state.get(`unit\t${socket}`) === 'active');
}

/**
 * Interfaces that only one of the snapshots has. No step of a mesh makes or removes one, but containers do, under a new name at each
 * start; the kernel's settings and routes of an interface come and go with it.
 */
function movedInterfaces(before: Picture, after: Picture): readonly string[] {
  const [then, now] = [interfacesOf(before), interfacesOf(after)];
  return [...[...then].filter((name) => !now.has(name)), ...[...now].filter((name) => !then.has(name))];
}

/** The kernel has this setting for each interface of IPv4, and two that stand for all. */
function interfacesOf(picture: Picture): ReadonlySet<string> {
  const names = picture.flatMap(({ area, name }) =>
    area === 'sysctl' ? (/^net\.ipv4\.conf\.(.+)\.forwarding$/.exec(name)?.[1] ?? []) : [],
  );
  return new Set(names);
}

function isOfInterface({ area, name }: Difference, link: string): boolean {
  if (area === 'route') return ` ${name} `.includes(` dev ${link} `);
  if (area === 'resolver') return name.endsWith(` (${link})`);
  return (
    area === 'sysctl' &&
    ['conf', 'neigh'].some((part) => /^net\.ipv[46]\./.test(name) && name.startsWith(`${part}.${link}.`, 9))
  );
}

function statesOf(picture: Picture): ReadonlyMap<string, string> {
  return new Map(picture.map(({ area, name, state }) => [`${area}\t${name}`, state]));
}

/** `+ file /etc/x: f root:root 644 0123456789ab`, with shortened digests. */
export function formatDifference({ area, name, before, after }: Difference): string {
  const short = (state: string) => state.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1').trim();
  const line = (sign: string, state: string) =>
    `${sign} ${area} ${name}${short(state) === '' ? '' : `: ${short(state)}`}`;
  if (before === undefined) return line('+', after ?? '');
  if (after === undefined) return line('-', before);
  return `${line('~', before)} → ${short(after)}`;
}
