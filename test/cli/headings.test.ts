import { readdirSync, readFileSync } from 'node:fs';
import type { Result } from '../../src/checks/check.ts';
import { tellChange, tellMeanwhile } from '../../src/cli/headings.ts';
import type { ChangeEvent } from '../../src/operations/change/event.ts';
import type { Phase, PhaseKind } from '../../src/operations/change/phases.ts';

const phase = (kind: PhaseKind, title: string, changes: readonly string[] = []): Phase => ({
  kind,
  id: kind,
  title,
  changes,
});
const CLUSTER = phase('cluster', 'Register', ['create Service vm/web']);
const ARM = phase('arm', 'Arm', ['roll back after 90 s']);
const SETTLE = phase('settle', 'Settle');
const VERIFY = phase('verify', 'Verify');
const CONFIRM = phase('confirm', 'Confirm', ['disarm']);

type Event = ChangeEvent<Result>;
const began = (each: Phase): Event => ({ kind: 'began', phase: each });
const ended = (each: Phase, status: 'changed' | 'failed' = 'changed'): Event => ({
  kind: 'phase',
  phase: { ...each, status, seen: [], ms: 1 },
});
const result = (title: string, ok = true): Event => ({
  kind: 'result',
  result: { id: 'x', category: 'vm', title, ok, detail: 'seen', severity: 'error', ms: 1 },
});

/** What is printed after each event. */
function printed(...events: readonly Event[]): readonly (readonly string[])[] {
  return printedBy(tellChange, events);
}

function printedBy(told: typeof tellChange, events: readonly Event[]): readonly (readonly string[])[] {
  let lines: string[] = [];
  const say = (more: string | readonly string[]): void => void lines.push(...[more].flat());
  const tell = told({ vm: 'db-1', say, again: 'meshx up db-1' });
  return events.map((event) => {
    lines = [];
    tell(event);
    return lines.map((line) => line.replace(/ \(seen.*| at \d.*/, ''));
  });
}

test('a line about a phase is printed at once, below the heading of that phase', () => {
  const until = new Date(0);
  expect(
    printed(
      ...[began(CLUSTER), ended(CLUSTER), began(ARM), { kind: 'armed', until } as const, ended(ARM)],
      ...[began(VERIFY), result('a'), result('b'), ended(VERIFY)],
      ...[began(CONFIRM), { kind: 'confirmed', ms: 1 } as const, ended(CONFIRM)],
    ),
  ).toEqual([
    ...[[], ['+ Register', '    create Service vm/web'], []],
    ...[['+ Arm', 'db-1 rolls itself back'], ['    roll back after 90 s'], []],
    ...[['+ Verify', 'ok      a'], ['ok      b'], [], []],
    ...[['+ Confirm', 'ok      a new login confirms the change (1 ms) [confirmed]'], ['    disarm']],
  ]);
});

test('checks that end before an earlier phase wait for it', () => {
  const events = [began(SETTLE), began(VERIFY), result('a'), ended(SETTLE), result('b'), ended(VERIFY)];
  expect(printed(...events)).toEqual([[], [], [], ['+ Settle', '+ Verify', 'ok      a'], ['ok      b'], []]);
});

test('a phase that fails is named once more behind its checks', () => {
  expect(printed(began(VERIFY), result('a', false), ended(VERIFY, 'failed'))).toEqual([
    [],
    ['+ Verify', 'FAILED  a'],
    ['x Verify'],
  ]);
  expect(printed(began(VERIFY), ended(VERIFY, 'failed'))).toEqual([[], ['x Verify']]);
});

test('what belongs to no phase is printed as it comes', () => {
  expect(printed(began(CLUSTER), { kind: 'note', text: 'hm' }, ended(CLUSTER), result('late'))).toEqual([
    [],
    ['note: hm'],
    ['+ Register', '    create Service vm/web'],
    ['ok      late'],
  ]);
});

test('without headings, each line is printed at once, whichever phases have begun', () => {
  const events = [
    began(ARM),
    ended(ARM),
    began(VERIFY),
    result('a'),
    began(CONFIRM),
    { kind: 'confirmed', ms: 1 } as const,
  ];
  const confirmed = 'ok      a new login confirms the change (1 ms) [confirmed]';
  expect(printedBy(tellMeanwhile, events)).toEqual([[], [], [], ['ok      a'], [], [confirmed]]);
});

test('a command that keeps the ends of phases to itself prints without headings', () => {
  const folder = new URL('../../src/cli/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const text = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
  const filtering = files.filter((name) => /tellChange|underHeadings/.test(text(name)) && name !== 'headings.ts');
  expect(filtering).not.toEqual([]);
  expect(filtering.filter((name) => /kind [!=]== '(?:phase|began)'/.test(text(name)))).toEqual([]);
});

test('a plan that was printed before the question is not repeated: only what was done, and what was seen', () => {
  const planned = (each: Phase, status: 'planned' | 'unchanged' = 'planned'): Event => ({
    kind: 'phase',
    phase: { ...each, status, seen: [], ms: 0 },
  });
  const done = { ...CLUSTER, status: 'changed', seen: ['istiod has dropped it'], ms: 1 } as const;
  const same = planned(SETTLE, 'unchanged');
  expect(
    printed(
      planned(CLUSTER),
      same,
      planned(VERIFY),
      began(CLUSTER),
      { kind: 'phase', phase: done },
      same,
      began(VERIFY),
      ended(VERIFY),
    ),
  ).toEqual([
    ...[['+ Register', '    create Service vm/web'], ['= Settle'], ['+ Verify']],
    ...[[], ['+ Register', '      istiod has dropped it'], [], [], ['+ Verify']],
  ]);
});

test('what differs from the printed plan is printed in full', () => {
  const planned: Event = { kind: 'phase', phase: { ...CLUSTER, status: 'planned', seen: [], ms: 0 } };
  const other = { ...CLUSTER, changes: ['create Service vm/db'] };
  expect(printed(planned, ended(other)).at(-1)).toEqual(['+ Register', '    create Service vm/db']);
});
