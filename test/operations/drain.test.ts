import { tellDrain } from '../../src/cli/drain-text.ts';
import { type DrainEvent, drainVm } from '../../src/operations/drain.ts';

const { signal } = new AbortController();
const DRAINED = { name: 'mysqldb', state: 'drained', reason: 'drained on request; no open connections' };
const ANSWER = { exitCode: 0, stdout: JSON.stringify({ services: [DRAINED] }), stderr: '' };

/** What happens on a VM whose agent answers after the second reminder. */
async function drained(verb: 'drain' | 'undrain'): Promise<readonly DrainEvent[]> {
  const events: DrainEvent[] = [];
  let answer = (): void => undefined;
  const reminded = new Promise<typeof ANSWER>((resolve) => (answer = () => resolve(ANSWER)));
  const observe = (event: DrainEvent): void => {
    events.push(event);
    if (events.filter(({ kind }) => kind === 'still-waits').length === 2) answer();
  };
  const host = { name: 'db1', run: () => reminded, [Symbol.asyncDispose]: () => Promise.resolve() };
  const options = { verb, services: [], limitMs: 600_000, observe, remindMs: 5 } as const;
  expect(await drainVm({ signal }, () => Promise.resolve(host), options)).toEqual([DRAINED]);
  return events.slice(0, 4);
}

test.each([
  ['drain', 'until clients have left and open connections have ended'],
  ['undrain', 'until the services are back in rotation'],
] as const)('%s says what is waited for and for how long, at once and from time to time', async (verb, what) => {
  const waits = { what, limitMs: 600_000 };
  const still = { kind: 'still-waits', ...waits, sinceMs: expect.any(Number) };
  expect(await drained(verb)).toEqual([
    { kind: 'doing', what: 'connect' },
    { kind: 'waits', ...waits },
    ...[still, still],
  ]);
});

/** What is printed of a wait that goes on for half a minute. */
function printed(live?: { readonly room: () => number; readonly show: () => void }): readonly string[] {
  const lines: string[] = [];
  const tell = (_: unknown, more: string | readonly string[]): void => void lines.push(...[more].flat());
  const print = tellDrain({ tell, live });
  const waits = { what: 'until clients have left', limitMs: 600_000 };
  print({ kind: 'doing', what: 'connect' });
  print({ kind: 'waits', ...waits });
  print({ kind: 'still-waits', ...waits, sinceMs: 30_004 });
  return lines;
}

test('plain output says how long it has waited; on a screen a line counts down instead', () => {
  const first = 'waiting until clients have left, for at most 600 s';
  expect(printed()).toEqual([first, 'waiting until clients have left, 30 s of 600 s']);
  expect(printed({ room: () => 24, show: () => undefined })).toEqual([first]);
});
