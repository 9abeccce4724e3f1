import { matchesExactly, matchesPatterns } from './pattern.ts';
import type { ConfigLine } from './ssh-config-lines.ts';

/** What the conditions of Host and Match may look at. */
export interface MatchFacts {
  /** As typed, and as HostName made it so far. */
  readonly original: string;
  readonly host: string;
  /** What Host lines are compared with: the name as typed, in the final reading the one of HostName. */
  readonly nameOfBlocks: string;
  readonly user: string;
  readonly localUser: string;
  readonly final: boolean;
}

/**
 * `maybe`: the block depends on what meshx does not evaluate (`exec` runs a program, `localnetwork`, `tagged`, …).
 * It is a Problem only when such a block would set something that meshx reads: to guess would mean to connect to
 * another machine or as another user than `ssh` does.
 */
export type Applies = 'yes' | 'no' | 'maybe';

export function hostApplies(line: ConfigLine, facts: MatchFacts): Applies {
  return matchesExactly(line.words, facts.nameOfBlocks) ? 'yes' : 'no';
}

export function matchApplies(line: ConfigLine, facts: MatchFacts): Applies {
  const words = line.words.flatMap((word) => splitEquals(word));
  let applies: Applies = 'yes';
  for (let at = 0; at < words.length; at += 1) {
    const negated = words[at]?.startsWith('!') ?? false;
    const criterion = (words[at] ?? '').replace(/^!/, '').toLowerCase();
    const value = ALONE.has(criterion) ? '' : (words[(at += 1)] ?? '');
    const answer = ask(criterion, value, facts);
    if (answer === undefined) applies = 'maybe';
    else if (answer === negated) return 'no';
  }
  return applies;
}

const ALONE = new Set(['all', 'canonical', 'final']);

const splitEquals = (word: string) =>
  /^!?[a-z]+=/i.test(word) ? [word.replace(/=.*/s, ''), word.replace(/^[^=]*=/, '')] : [word];

/** undefined: not known. `canonical` is another word for `final`, as in OpenSSH. */
function ask(criterion: string, value: string, facts: MatchFacts): boolean | undefined {
  // As OpenSSH: case counts for users, not for hosts; in a Host line it counts.
  const matches = (text: string) => matchesExactly(value.split(','), text);
  const matchesHost = (text: string) => matchesPatterns(value.split(','), text);
  switch (criterion) {
    case 'all':
      return true;
    case 'final':
    case 'canonical':
      return facts.final;
    case 'host':
      return matchesHost(facts.host);
    case 'originalhost':
      return matchesHost(facts.original);
    case 'user':
      return matches(facts.user);
    case 'localuser':
      return matches(facts.localUser);
    default:
      return undefined;
  }
}
