import type { Host, Output } from '../../../src/host/host.ts';
import { announceRestart, drained, endsSidecar, type RestartWork } from '../../../src/cli/join/restart.ts';
import type { Plan } from '../../../src/reconcile/plan.ts';
import { problemOf } from '../../support/problem.ts';

const planOf = (name: string, ...args: readonly string[]): Plan => ({
  steps: [
    {
      id: 'sidecar',
      title: 'Run the sidecar',
      changes: [{ summary: 'x', scripts: [{ script: { name, text: ':', args } }] }],
      touches: {},
    },
  ],
});
const RESTART = planOf('unit-start', 'restart', 'istio.service', '90');

/** A machine that answers the scripts of a drain with so many connections, and notes which were asked. */
class Vm implements Host {
  readonly name = 'vm1';
  readonly asked: string[] = [];
  readonly #open: number;

  constructor(open: number) {
    this.#open = open;
  }

  run({ argv }: { readonly argv: readonly string[] }): Promise<Output> {
    this.asked.push(argv[3] ?? '');
    const stdout = `open ${this.#open} 0\nupdates 1\nwaited 5\nend\n`;
    return Promise.resolve({ exitCode: 0, stdout, stderr: '' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

const work = (host: Host, words: Partial<RestartWork> = {}, said: string[] = []): RestartWork => ({
  ...{ host, plan: RESTART, addresses: ['10.150.0.5'], registry: undefined, again: 'meshx up vm1' },
  ...{ words: { restart: false, drainTimeoutMs: 1000 }, say: (lines) => said.push(...[lines].flat()) },
  signal: new AbortController().signal,
  ...words,
});

test.each([
  [RESTART, true],
  [planOf('unit-stop', 'istio.service'), true],
  [planOf('unit-start', 'start', 'istio.service'), false],
  [planOf('unit-start', 'restart', 'meshx-capture.service'), false],
  [{ steps: [] }, false],
])('plan %# ends the sidecar: %s', (plan, expected) => {
  expect(endsSidecar(plan)).toBe(expected);
});

test('a plan that restarts nothing asks nothing, and one without open connections says nothing', async () => {
  const idle = new Vm(0);
  expect(await announceRestart(work(idle, { plan: { steps: [] } }))).toBeUndefined();
  expect(idle.asked).toEqual([]);
  const said: string[] = [];
  expect(await drained(work(idle, {}, said), () => Promise.resolve('done'))).toBe('done');
  expect([idle.asked, said]).toEqual([['meshx-mesh-connections'], []]);
});

test('open connections are counted, and need a word, before anything is changed', async () => {
  let changed = false;
  const body = (): Promise<void> => {
    changed = true;
    return Promise.resolve();
  };
  const problem = await problemOf(drained(work(new Vm(3)), body));
  expect([problem.id, changed]).toEqual(['restart-ends-connections', false]);
  expect(problem.message).toContain('3 connections through the mesh (3 from clients)');
  expect(problem.hint).toContain('meshx up vm1 --restart');
});

test('with the word they are drained first, and what is left is said', async () => {
  const said: string[] = [];
  const host = new Vm(2);
  const words = { restart: true, drainTimeoutMs: 1000 };
  await drained(work(host, { words }, said), () => {
    said.push('body');
    return Promise.resolve();
  });
  expect(host.asked).toEqual(['meshx-mesh-connections', 'meshx-drain']);
  expect(said.join('\n')).toMatch(/up to 1 s[^]*2 connections through the mesh \(2 from clients\) left[^]*body/);
});

test('a failure of the work is what is thrown', async () => {
  const words = { restart: true, drainTimeoutMs: 0 };
  await expect(drained(work(new Vm(1), { words }), () => Promise.reject(new Error('broken')))).rejects.toThrow(
    'broken',
  );
});
