import { matchesExactly, matchesPatterns } from './pattern.ts';
import type { ConfigLine } from './ssh-config-lines.ts';

/** Facts for the conditions of Host and Match. */
export interface MatchFacts {
  /** The given name, and the name after HostName so far. */
  readonly original: string;
  readonly host: string;
  /** The name that Host lines match: the given one, in the final reading the one of HostName. */
  readonly nameOfBlocks: string;
  readonly user: string;
  readonly localUser: string;
  readonly final: boolean;
}

/**
 * `maybe`: the block depends on a criterion that meshx does not evaluate (`exec`, `localnetwork`, `tagged`, …). It is a Problem only if
 * such a block sets a keyword that meshx reads: a guess could connect to another machine or as another user than `ssh` does.
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
    const answer = evaluate(criterion, value, facts);
    if (answer === undefined) applies = 'maybe';
    else if (answer === negated) return 'no';
  }
  return applies;
}

const ALONE = new Set(['all', 'canonical', 'final']);

const splitEquals = (word: string) =>
  /^!?[a-z]+=/i.test(word) ? [word.replace(/=.*/s, ''), word.replace(/^[^=]*=/, '')] : [word];

/** undefined: not evaluated. `canonical` is the same as `final`, as in OpenSSH. */
function evaluate(criterion: string, value: string, facts: MatchFacts): boolean | undefined {
  // As in OpenSSH: case matters for users, not for hosts of Match; in a Host line it does.
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
