import { describe, expect, it } from '@jest/globals';
import { MachineKeeper } from '../../../src/agent/machine/keeper.ts';
import type { RootAnswer, RootVerb } from '../../../src/agent/machine/root.ts';
import { parseChangedFiles } from '../../../src/agent/machine/own-files.ts';
import { parseUnits } from '../../../src/agent/machine/units.ts';

const { signal } = new AbortController();
const shown = (states: Readonly<Record<string, readonly [string, string]>>): string =>
  Object.entries(states)
    .map(([id, [active, file]]) => `Id=${id}\nActiveState=${active}\nUnitFileState=${file}`)
    .join('\n\n');
const JOINED = { 'istio.service': ['active', 'enabled'], 'meshx-capture.service': ['active', 'enabled'] } as const;

/** A machine that gives one answer, and records each request. */
function machine(states: Readonly<Record<string, readonly [string, string]>>, observe = false) {
  const asked: RootVerb[] = [];
  const said: string[] = [];
  const world = {
    states,
    files: '',
    answer: { outcome: 'nothing to do', reason: '' } as RootAnswer,
    refuses: false,
    ms: 0,
  };
  const access = {
    units: () => Promise.resolve(parseUnits(shown(world.states))),
    root: (verb: RootVerb) => {
      // Of the files root is asked in each pass.
      if (verb === 'restore-files' || verb === 'check-files') return Promise.resolve(answerAbout(verb));
      asked.push(verb);
      return Promise.resolve(world.answer);
    },
    files: () => Promise.resolve(parseChangedFiles(world.files)),
    say: ({ note }: { readonly note: string }) => void said.push(note),
    ms: () => world.ms,
  };
  const answerAbout = (verb: RootVerb): RootAnswer => {
    said.push(verb);
    return world.refuses ? { outcome: 'refused', reason: 'the machine is out of the mesh' } : world.answer;
  };
  return { keeper: new MachineKeeper(access, { observe, log: () => undefined }), asked, said, world };
}

describe('the agent keeps the machine as joined', () => {
  it('asks root about the rules, and shows nothing while none is missing', async () => {
    const { keeper, asked } = machine(JOINED);
    await keeper.pass(signal);
    expect(asked).toEqual(['restore-rules', 'restore-resolver']);
    expect(keeper.status.deviations).toEqual([]);
  });

  it('starts a sidecar that has stopped', async () => {
    const { keeper, asked, world } = machine({ 'istio.service': ['failed', 'enabled'] });
    world.answer = { outcome: 'done', reason: '' };
    await keeper.pass(signal);
    expect(asked).toEqual(['start-sidecar']);
    expect(keeper.status.deviations).toEqual(['istio.service is failed: repaired']);
  });

  it.each([
    ['masked', 'istio.service is masked'],
    ['disabled', 'istio.service is disabled'],
  ])('leaves a %s unit alone, and says so', async (file, what) => {
    const { keeper, asked } = machine({ 'istio.service': ['inactive', file] });
    await keeper.pass(signal);
    expect(asked).toEqual([]);
    expect(keeper.status.deviations).toEqual([what]);
  });

  it('waits for a sidecar that starts', async () => {
    const { keeper, asked } = machine({ 'istio.service': ['activating', 'enabled'] });
    await keeper.pass(signal);
    expect(asked).toEqual([]);
  });

  it('shows why root refused', async () => {
    const { keeper, world } = machine(JOINED);
    world.answer = { outcome: 'refused', reason: 'another program keeps removing the rules' };
    await keeper.pass(signal);
    expect(keeper.status.deviations[0]).toBe("capture's rules: another program keeps removing the rules");
  });

  it('gives way after five repairs in ten minutes, and tries again later', async () => {
    const { keeper, asked, world } = machine({ 'istio.service': ['failed', 'enabled'] });
    world.answer = { outcome: 'done', reason: '' };
    for (let round = 0; round < 8; round += 1) {
      world.ms += 60_000;
      await keeper.pass(signal);
    }
    expect(asked).toHaveLength(5);
    expect(keeper.status.deviations).toEqual([
      'istio.service is failed: undone again and again by another program, left as it is',
    ]);
    world.ms += 600_000;
    await keeper.pass(signal);
    expect(asked).toHaveLength(6);
  });

  it('only observes when asked to', async () => {
    const { keeper, asked } = machine({ ...JOINED, 'istio.service': ['failed', 'enabled'] }, true);
    await keeper.pass(signal);
    expect(asked).toEqual([]);
    expect(keeper.status.deviations).toEqual(['istio.service is failed: only observed']);
  });

  it('shows a changed file, and says so once', async () => {
    const { keeper, said, world } = machine(JOINED);
    world.files = 'restored 1764532800 /usr/local/lib/meshx/watch\n';
    await keeper.pass(signal);
    await keeper.pass(signal);
    const what = '/usr/local/lib/meshx/watch was changed by another program: restored';
    expect(keeper.status.deviations).toEqual([what]);
    expect(said).toEqual(['restore-files', what, 'restore-files']);
    world.files = '';
    await keeper.pass(signal);
    expect(keeper.status.deviations).toEqual([]);
  });

  it('only compares files with observe, and believes no list while root refuses', async () => {
    const { keeper, said, world } = machine(JOINED, true);
    world.files = 'edited 1764532800 /etc/systemd/system/istio.service\n';
    await keeper.pass(signal);
    expect(said[0]).toBe('check-files');
    expect(keeper.status.deviations).toEqual([
      expect.stringContaining('istio.service was changed at 2025-11-30T20:00'),
    ]);
    world.refuses = true;
    await keeper.pass(signal);
    expect(keeper.status.deviations).toEqual([]);
  });

  it('does nothing when systemd does not answer', async () => {
    const { keeper, asked } = machine({});
    await keeper.pass(signal);
    expect(asked).toEqual([]);
    expect(keeper.status.deviations).toEqual([]);
  });
});
