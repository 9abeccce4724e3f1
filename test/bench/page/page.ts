import { type Results, timesOf } from '../record.ts';
import { summaryOf } from '../statistics.ts';
import { againSection } from './again.ts';
import { endedSection } from './ended.ts';
import { spread, table } from './format.ts';
import { growthSection, memorySection, wireSection } from './growth.ts';
import { pairTables } from './pairs.ts';
import { stepSection } from './steps.ts';

const HEAD = `# Performance

Made by \`npx tsx scripts/performance.ts\` from \`docs/performance.jsonl\`, the raw samples of one \`npm run bench\`, and \`docs/performance-notes.md\`; not edited by
hand.`;

const METHOD = `All of it runs on one machine: API server, istiod, the operator's seat and VMs that boot systemd, so each side pays for the same two cores. The sides of
a series run in turn (A B A B …); only the sizes of the cluster follow each other. Numbers are medians with the quartiles in brackets; a ratio is meshx's median by the other's. Where the spreads (quartiles) of a
pair cross, the verdict is *unclear*; for a target above 1 the other's spread is first multiplied by the target. What fails or is ended by its limit is counted below
and is in no median; a side that did not end well is run once more in the same round, at most twice in a series, so that medians stand on five. A VM is fresh in each round, has booted to its end, and its database listens; namespaces are STRICT, so all sides meet the same policy, and are emptied before
each join. meshx's time has all its checks, the dead-man switch and the proofs in it; the others end when the sidecar answers that it is ready. Ansible's facts and the search for
an interpreter are off; its sidecar is started in the background and asked from the operator's seat whether it is ready, because the plain form of the task was seen to hang
for good when capture started. \`SshHost\` is measured within one process that runs; its row "as a whole process" starts Node.js too. A sample of a
start (\`--version\`, \`--help\`, completion and what they are compared with) is the middle one of five in a row.`;

/** docs/performance.md, made of the kept samples, those of a second run and the hand-written notes alone. Pure. */
export function performancePage(results: Results, notes: string, again?: Results): string {
  return [
    HEAD,
    '',
    ...about(results),
    '## Side by side',
    '',
    '![Ratios against their targets](performance.svg)',
    '',
    ...pairTables(results),
    METHOD,
    '',
    ...permissive(results),
    ...againSection(results, again),
    '### What did not end well',
    '',
    ...endedSection(results),
    '## Where the time of `up` goes',
    '',
    'A first join, from its `--timings`; medians over the rounds. Rows overlap where things are done side by side.',
    '',
    ...stepSection(results),
    '## Growth',
    '',
    ...growthSection(results),
    '## Peak memory',
    '',
    'Of one process what the kernel keeps as its peak (VmHWM); of several the highest sum of their proportional shares.',
    '',
    ...memorySection(results),
    '## Bytes on the wire',
    '',
    ...wireSection(results),
    notes.trimEnd(),
    '',
  ].join('\n');
}

function about({ run }: Results): readonly string[] {
  const { cpu, cores, memoryGib, system, kernel, node } = run.machine;
  const versions = Object.entries(run.versions).map(([name, version]) => `${name} ${version}`);
  const warning = run.quick ? ['**A quick run: too few samples to judge by.**', ''] : [];
  return [
    ...warning,
    ...table(
      ['commit', 'when', 'machine'],
      [
        [
          run.commit,
          run.at.slice(0, 16).replace('T', ' '),
          `${cpu}, ${cores} cores, ${memoryGib} GiB, ${system}, Linux ${kernel}, Node.js ${node}`,
        ],
      ],
    ),
    `Load average in the minute before: ${run.load}. Versions: ${versions.join('; ')}.`,
    '',
  ];
}

/** By design the check then waits for the silence of a server that should speak first. */
function permissive(results: Results): readonly string[] {
  const summary = summaryOf(timesOf(results, 'first-join-permissive', 'meshx'));
  if (!summary) return [];
  return [
    `In a PERMISSIVE namespace a first join takes ${spread(summary)}: a database speaks first there, and the proof of what a client outside the mesh meets waits for its silence.`,
    '',
  ];
}
