import { type Difference, formatDifference } from './compare.ts';
import type { Picture } from './picture.ts';

/** A difference that a reboot alone explains. */
interface Remade {
  /** Regular expression for the whole line that shows it. */
  readonly line: RegExp;
  readonly reason: string;
}

/** Only what exists in memory: no file outside /run, no account, no package, no unit file. */
const REMADE: readonly Remade[] = [
  { line: /. file \/run\/.*/, reason: 'each boot fills /run anew' },
  { line: /. rules .*/, reason: 'each boot loads the rules anew, and containers have new names in theirs' },
  { line: /. route .*\bfe80:.*/, reason: 'a bridge of containers has a new link-local address' },
  // 32768 to 60999 are the ports that Linux gives to programs that ask for any (ip_local_port_range).
  {
    line: /. listening \w+ (?:127\.0\.0\.1|\[::1\]):(?:3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|[45]\d{4}|60\d{3})/,
    reason: 'a program that asks for any port gets another one',
  },
  { line: /. unit \S+\.mount: active/, reason: 'the mounts of a container have its name' },
  { line: /- unit \S+: failed/, reason: 'a boot tries failed units again' },
];

/** Rules, files and ports of a mesh are never explained away. Envoy's ports: 15000 to 15099. */
const OF_A_MESH = /istio|meshx|envoy|\b150\d\d\b/i;

/**
 * Whether a difference between two snapshots only shows that the machine was rebooted in between; undefined says it does not, else the
 * reason. Nothing is explained where one of them does not name its boot. Pure.
 */
export function remadeByBoot(before: Picture, after: Picture): (difference: Difference) => string | undefined {
  const [then, now] = [bootOf(before), bootOf(after)];
  if (then === undefined || now === undefined || then === now) return () => undefined;
  return (difference) => {
    const line = formatDifference(difference);
    if (OF_A_MESH.test(line)) return undefined;
    return REMADE.find(({ line: pattern }) => pattern.exec(line)?.[0] === line)?.reason;
  };
}

function bootOf(picture: Picture): string | undefined {
  return picture.find(({ area }) => area === 'boot')?.state;
}
