import * as fc from 'fast-check';
import { formatKeptPlan, type KeptPlan, parseKeptPlan } from '../../src/operations/join/kept-plan.ts';
import { Problem } from '../../src/problems.ts';
import { auditChain, auditMembers } from '../../src/reconcile/audit.ts';
import { parseFrames } from '../../src/reconcile/frames.ts';
import { editEnv } from '../../src/reconcile/kinds/env.ts';
import { assignments } from '../../src/reconcile/kinds/env-text.ts';
import { editHosts } from '../../src/reconcile/kinds/hosts.ts';
import { runsPresentFiles, parseTimestamp, unitState } from '../../src/reconcile/kinds/unit-state.ts';
import { unit } from '../../src/reconcile/kinds/unit.ts';
import { token } from '../../src/reconcile/kinds/token.ts';
import { parseFound } from '../../src/reconcile/undo/found.ts';
import { parseJournal } from '../../src/reconcile/undo/record.ts';
import { mutated, mutatedJson } from './support/mutations.ts';
import { fuzz, fuzzAsync, holds, orProblem } from './support/statement.ts';

const UNIT =
  'LoadState=loaded\nActiveState=active\nNeedDaemonReload=no\nInvocationID=6f1c\nActiveEnterTimestamp=Tue 2025-11-18 12:00:00.123456 UTC\n' +
  'Read=1763467100.123456789 1763467100.1 120 77 /var/lib/istio/envoy/cluster.env\nNote=InvocationID=6f1c\nNote=1763467100.1 1763467100.1 120 77 /x\n';

fuzz('any answer about a unit is a state of it', mutated([UNIT, 'Image=yes\n', 'ActiveState=activating\n']), (text) => {
  const state = unitState(text);
  holds(!Number.isNaN(state.startedAt), state.startedAt);
  runsPresentFiles(state);
  const want = { kind: 'unit', name: 'istio.service', reads: ['/x'] } as const;
  unit.changes(want, { exitCode: 0, stdout: text, stderr: '' }, new Set());
});

fuzz(
  'any time of systemd is a number',
  mutated(['Tue 2025-11-18 12:00:00.123456 UTC', 'n/a', '2025-13-45 99:99:99']),
  (text) => holds(!Number.isNaN(parseTimestamp(text)), text),
);

const frame = (code: number, out: string): string => `${code} ${out.length}\n${out}`;
const FRAMES = [frame(0, 'a\nb\n'), frame(1, '') + frame(0, '0 3\nabc0\n') + '\nmeshx-asked 1\n'];

fuzz(
  'any text of frames is as many answers as were asked for, or why it is not',
  fc.tuple(
    fc.oneof(
      mutated(FRAMES).map((text) => Buffer.from(text).toString('base64')),
      mutated(FRAMES),
    ),
    fc.nat({ max: 3 }),
  ),
  ([text, expected]) => {
    const frames = parseFrames({ stdout: text, stderr: text }, expected);
    if (typeof frames !== 'string') holds(frames.length === expected, frames);
  },
);

const ENV = mutated([
  '# c\nISTIO_SERVICE=mysqldb # why\nexport A="b c" B=2\nISTIO_INBOUND_PORTS=3306;X=1\n',
  "A='it'\"'\"'s'\nB=$(cmd \"x)\" y)\nC=`x`\nD=a\\\nb\nA=1 command\n",
]);

fuzz('an edit of any env file sets the key, once, and leaves the other assignments', ENV, (text) => {
  const want = { path: '/x', set: { MESHX_NEW: 'ab' }, remove: ['GONE'] };
  const keys = (all: string): readonly string[] => assignments(all).map(({ key }) => key);
  const edited = editEnv(text, want);
  holds(editEnv(edited, want) === edited, edited);
  const others = keys(text).filter((key) => key !== 'MESHX_NEW' && key !== 'GONE');
  expect(keys(edited).filter((key) => key !== 'MESHX_NEW')).toEqual(others);
  expect(keys(edited)).toContain('MESHX_NEW');
});

fuzz(
  'an edit of any /etc/hosts gives the name one address and keeps the rest',
  mutated([
    '127.0.0.1 localhost\n10.0.0.1 istiod.istio-system.svc other # x\n::1 ip6-localhost\n',
    '10.0.0.9 ISTIOD.istio-system.svc # meshx\n',
  ]),
  (text) => {
    const want = { address: '10.150.0.1', names: ['istiod.istio-system.svc'] };
    const edited = editHosts(text, want);
    holds(editHosts(edited, want) === edited, edited);
    const named = edited.split('\n').filter((line) =>
      (line.split('#', 1)[0] ?? '')
        .trim()
        .split(/\s+/)
        .slice(1)
        .some((name) => name.toLowerCase() === want.names[0]),
    );
    holds(named.length === 1, named);
  },
);

fuzz(
  'any certificate on the machine is one or none',
  mutated(['1767323045\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n', 'image\n']),
  (text) => {
    const want = {
      kind: 'token',
      path: '/t',
      secret: 's',
      owner: 'a',
      mode: '0600',
      certificate: '/c',
      key: '/k',
      identity: 'spiffe://x',
    } as const;
    expect(token.changes(want, { exitCode: 0, stdout: text, stderr: '' }, new Set()).length).toBeLessThan(2);
  },
);

const INDEX =
  'tables nft:ip:nat legacy:ip6:filter\npath absent /etc/istio\npath tree-absent /var/lib/istio\npath file root:root 0644 1763467100.5 /etc/hosts\n' +
  'path directory root:root 0755 1763467100 /etc/certs\npath link L2V0Yw== /etc/istio/x\npath secret /run/secrets/t\nunit istio.service inactive disabled\n' +
  'user istio-proxy absent absent\npackage istio-sidecar 1.29.1\n';
const README = 'meshx undo journal, format 2: what was before\n';

fuzz('any journal is read whole, or refused as damaged', mutated([INDEX]), (index) => {
  const journal = orProblem(() => parseJournal({ host: 'vm', readme: README, index, wrote: '' }));
  for (const entry of journal?.entries ?? [])
    if (entry.kind === 'path') holds(/^\/[^\n\0]*$/.test(entry.path), entry.path);
});

fuzz(
  'what a journal says was written is read or refused',
  mutated([`${'a'.repeat(64)} /etc/hosts\nroot:root=0755 /etc/certs\n`]),
  (wrote) => void orProblem(() => parseJournal({ host: 'vm', readme: README, index: INDEX, wrote })),
);

fuzz(
  'what a machine answers about the things of a journal is read or refused',
  mutated([
    `${INDEX}digest ${'a'.repeat(64)} /etc/hosts\ninside /var/lib/istio/x\ntext YQ== /etc/hosts\nformer deb /var/x.deb istio-sidecar\n`,
  ]),
  (answer) => void orProblem(() => parseFound('vm', answer)),
);

const NOTE = { event: 'began', run: 'a1', who: 'me@here', command: 'up vm', plan: 'f'.repeat(8) } as const;
const LINE = `{"time":"2026-01-02T03:04:05Z","previous":"-",${auditMembers(NOTE)}}\n`;

fuzz('any audit is a chain, or it is said where it breaks', mutated([LINE, LINE + LINE]), (text) => {
  const { lines, hashes } = auditChain(text);
  holds(hashes.length === lines.length, hashes);
});

const KEPT = JSON.parse(
  formatKeptPlan({
    vm: 'vm',
    registration: { generation: 'classic', wanted: [] },
    steps: [{ id: 'a', title: 'A', wants: [{ kind: 'line', path: '/x', line: 'y' }] }],
    plan: { steps: [{ id: 'a', title: 'A', changes: [], touches: {} }] },
    subject: { workload: { namespace: 'vm', serviceAccount: 'default' } },
    acceptRisk: [],
  } as unknown as KeptPlan),
) as unknown;

fuzzAsync(
  'a kept plan is the one that was written, or it is refused',
  fc.oneof(
    mutated([JSON.stringify(KEPT)]),
    mutatedJson([KEPT]).map((value) => JSON.stringify(value)),
  ),
  async (text) => {
    const read = await parseKeptPlan('plan.json', text).catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
    });
    if (read) expect({ ...(JSON.parse(text) as object), version: 1 }).toMatchObject(read);
  },
);
