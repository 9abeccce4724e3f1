import { during, RunProgress } from '../../../src/cli/progress/run-progress.ts';
import { showFleet } from '../../../src/cli/fleet/show-fleet.ts';
import { sink } from '../../../src/cli/sink.ts';
import type { Verbosity } from '../../../src/terminal.ts';

const PHASE = { kind: 'step', id: 'package', title: 'Install the sidecar', changes: [] } as const;

/** A view of these VMs, with what a terminal was given: `shown` are its live lines. */
function view(vms: readonly string[], { live = true, verbosity = 'normal' as Verbosity, onStdout = false } = {}) {
  const given = { out: [] as string[], err: [] as string[], shown: [] as readonly string[] };
  let clock = 0;
  const world = {
    ...{ env: {}, cwd: '/', home: '/', signal: new AbortController().signal, version: '0' },
    now: () => new Date(clock),
  };
  const terminal = sink({
    ...world,
    color: false,
    out: (text) => void given.out.push(text),
    err: (text) => void given.err.push(text),
    ...(live && { live: { room: () => 24, show: (lines) => void (given.shown = lines) } }),
  });
  const progress = new RunProgress(
    { terminal: { ...terminal, verbosity }, world: { ...world, note: () => undefined } },
    { vms, onStdout },
  );
  return { progress, given, terminal, at: (ms: number) => void (clock = ms) };
}

test('one VM on a screen has its finished steps above, and one line below', () => {
  const { progress, given, at } = view(['db-1']);
  using _ = progress;
  const { say, watch } = progress.of('db-1');
  watch({ kind: 'began', phase: PHASE } as { kind: string });
  at(3000);
  progress.draw();
  expect(given.shown).toEqual([expect.stringMatching(/^. Install the sidecar {2}3 s$/)]);
  say('+ Install the sidecar');
  expect(given.err).toEqual(['+ Install the sidecar']);
});

test('many VMs on a screen have a line each instead of their steps', () => {
  const { progress, given } = view(['db-1', 'db-2']);
  using _ = progress;
  const [first, second] = [progress.of('db-1'), progress.of('db-2')];
  first.watch({ kind: 'doing', what: 'connect' } as { kind: string });
  first.say('+ Install the sidecar');
  second.ended('skipped', 'the canary failed');
  progress.draw();
  expect(given.err).toEqual([]);
  expect(given.shown).toEqual([
    expect.stringMatching(/^. db-1 {2}Connect {2}0 s$/),
    '- db-2  skipped  the canary failed',
    expect.stringMatching(/^2 VMs: 1 running, 1 skipped/),
  ]);
});

test('without a screen the lines of each VM are printed, with its name before them', () => {
  const { progress, given } = view(['db-1', 'db-2'], { live: false });
  using _ = progress;
  progress.of('db-2').say(['+ a', '    b']);
  expect(given.err).toEqual(['db-2: + a\ndb-2:     b']);
});

test('a quiet run shows nothing on a screen either', () => {
  const { progress, given } = view(['db-1'], { verbosity: 'quiet' });
  using _ = progress;
  progress.of('db-1').watch({ kind: 'doing', what: 'connect' } as { kind: string });
  expect(given.shown).toEqual([]);
});

test('a dry run for people prints its plan on stdout', () => {
  const { progress, given } = view(['db-1'], { onStdout: true });
  using _ = progress;
  progress.of('db-1').say('+ a');
  expect(given).toMatchObject({ out: ['+ a'], err: [] });
});

test('the lines are gone when the run ends, also with an error', async () => {
  const { progress, given } = view(['db-1']);
  progress.of('db-1').watch({ kind: 'doing', what: 'connect' } as { kind: string });
  expect(given.shown).toHaveLength(1);
  await expect(during(progress, () => Promise.reject(new TypeError('x')))).rejects.toThrow('x');
  expect(given.shown).toEqual([]);
});

test('what a VM says cannot drive the screen', () => {
  const { progress, given } = view(['db-1', 'db-2']);
  using _ = progress;
  progress.of('db-1').ended('failed', '\u001b]0;owned\u0007\u001b[2J\nmeshx: all is well');
  progress.draw();
  expect(given.shown).toHaveLength(3);
  expect(given.shown.join('')).not.toMatch(/\p{Cc}/u);
});

test('VMs of a fleet come with its plan, and their steps move their lines', () => {
  const { progress, given, terminal } = view([]);
  using _ = progress;
  progress.draw();
  expect(given.shown).toEqual([]);
  const hear = showFleet(progress, terminal);
  const plan = {
    fleet: 'shop',
    rollout: {},
    vms: ['db-1', 'db-2'].map((vm) => ({ vm, status: 'new' as const, lines: [], digests: [] })),
  };
  hear({ kind: 'planned', plan: { ...plan, batches: [], removed: [], prunes: false }, hash: '' });
  hear({ kind: 'vm-begins', vm: 'db-1' });
  hear({ kind: 'vm-event', vm: 'db-1', event: { kind: 'began', phase: PHASE } });
  hear({ kind: 'vm-ends', end: { vm: 'db-2', status: 'skipped', reason: 'the canary failed' } });
  progress.draw();
  expect(given.err).toEqual([]);
  expect(given.shown).toEqual([
    expect.stringMatching(/^. db-1 {2}Install the sidecar {2}0 s$/),
    '- db-2  skipped  the canary failed',
    expect.stringMatching(/^2 VMs: /),
  ]);
});
