import { readdirSync } from 'node:fs';
import { verifyJoin } from '../../src/checks/verify-join.ts';
import { nameVm } from '../../src/checks/vm-in-hints.ts';
import type { JoinQuestion } from '../../src/checks/join/question.ts';
import { Problem } from '../../src/problems.ts';
import { vmProblems } from '../../src/problems/vm.ts';
import { reportOf } from '../../src/operations/vm-report.ts';
import { AnsweringHost } from '../support/answering-host.ts';
import { anything } from '../support/anything.ts';

test.each([
  ['Join it: meshx up VM', 'Join it: meshx up db1'],
  ['See: meshx verify vm VM; meshx capture VM check', 'See: meshx verify vm db1; meshx capture db1 check'],
  ['Set it: meshx configure VM --set KEY=VALUE', 'Set it: meshx configure db1 --set KEY=VALUE'],
  ['Read why on the VM: journalctl -u istio', 'Read why on the VM: journalctl -u istio'],
  ['Name a VM that may call it: --probe-client VM', 'Name a VM that may call it: --probe-client VM'],
])('"%s" about the VM db1 is "%s"', (text, expected) => {
  expect(nameVm(text, 'db1')).toBe(expected);
});

test('a name with characters of the shell is quoted', () => {
  expect(nameVm('meshx up VM', "$& 'x")).toBe(String.raw`meshx up '$& '\''x'`);
});

/** A command with a placeholder where it takes a VM. */
const PLACEHOLDER = /\bmeshx (?:verify vm|[a-z][a-z-]*) VM\b/;

/** Answers no question, at once. */
const silent = new AnsweringHost((_, { argv }) => ({
  stdout: argv.map((__, index) => `${index + 1} end 1\n`).join(''),
}));

const web = { name: 'web', ports: [{ name: 'http', number: 8080, targetPort: 8080 }] };

test.each(['current', 'classic'])(
  'no check of a join to a %s mesh prints a placeholder for its VM',
  async (generation) => {
    const workload = { namespace: 'vm', group: 'web', serviceAccount: 'web', services: [web], labels: {} };
    const cluster = {
      generation,
      clusterDomain: 'cluster.local',
      trustDomain: 'cluster.local',
      addresses: { pilot: '10.0.0.1' },
    };
    const question = { name: 'db1', cluster, workload, vm: { address: '10.0.0.5' } } as unknown as JoinQuestion;
    const hints: string[] = [];
    let failed = 0;
    for await (const { ok, hint } of verifyJoin(silent, question, { limitMs: 0 })) {
      if (ok === false) failed += 1;
      if (hint !== undefined) hints.push(hint);
    }
    expect(failed).toBeGreaterThan(4);
    expect(hints.filter((hint) => PLACEHOLDER.test(hint))).toEqual([]);
    if (generation === 'current') expect(hints.join('\n')).toContain('meshx setup-vm db1');
  },
);

test('the Problem of one of several VMs names it in its hint', async () => {
  const { signal } = new AbortController();
  const { problem } = await reportOf('db1', signal, failing());
  expect(problem).toMatchObject({ id: 'resolver-unknown', hint: expect.stringContaining('meshx setup-vm db1 --only') });
});

async function* failing(): AsyncGenerator<never, void, undefined> {
  yield* [];
  throw vmProblems.resolverUnknown({ link: '/run/other', trail: [] });
}

/** Details of problems, and the placeholder that must not stand for them in a hint. */
const KNOWN: Readonly<Record<string, RegExp>> = {
  vm: PLACEHOLDER,
  host: PLACEHOLDER,
  account: /\bACCOUNT\b/,
  namespace: /-n NAMESPACE\b/,
  address: /\bIP\b/,
  name: /\/NAME\b/,
  path: /chmod \S+ FILE\b/,
};

const catalogues = readdirSync(new URL('../../src/problems/', import.meta.url));

test.each(catalogues)('no hint of %s has a placeholder for a value that the Problem knows', async (file) => {
  const module = (await import(`../../src/problems/${file}`)) as Record<string, unknown>;
  const creates = Object.values(module).flatMap((each) => Object.values(Object(each) as object) as unknown[]);
  const found = creates.flatMap((create) => {
    const keys = new Set<string>();
    const details = new Proxy({}, { get: (_, key) => (keys.add(String(key)), anything) });
    const problem: unknown = typeof create === 'function' ? create(details) : undefined;
    if (!(problem instanceof Problem)) return [];
    return [...keys].filter((key) => KNOWN[key]?.test(problem.hint)).map((key) => `${key}: ${problem.hint}`);
  });
  expect(found).toEqual([]);
});
