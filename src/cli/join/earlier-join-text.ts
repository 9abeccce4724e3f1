import { toShell } from '../../shell-words.ts';
import type { EarlierJoinEvent } from '../../operations/join/rejoin.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import { flagOf } from '../input.ts';

/** What an earlier join adds to this one, as a line. */
export function formatEarlierJoin(vm: string, event: EarlierJoinEvent): string {
  switch (event.kind) {
    case 'repeated':
      return `note: repeated from the join before: ${shownOptions(event.options)} (leave one out with: --forget NAME)`;
    case 'replaced':
      return `note: ${shownOptions(event.now)} replaces ${shownOptions(event.before)} of the join before`;
    case 'left-group':
      return `note: ${vm} was in WorkloadGroup ${event.group}; what was made for it stays there`;
  }
}

/** As they can be typed. */
function shownOptions(options: RecordedOptions): string {
  const words = Object.entries(options).flatMap(([name, value]) =>
    value === false
      ? [flagOf(name).replace('--', '--no-')]
      : [value].flat().flatMap((each) => [flagOf(name), String(each)]),
  );
  return toShell(words);
}
