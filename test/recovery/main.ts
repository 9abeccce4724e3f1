// Recovery on the lab, without a hand: npm run test:recovery -- --help
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildExecutable } from '../e2e/support/executable.ts';
import { must } from '../lab/command.ts';
import { openLab } from '../lab/open.ts';
import { casesOf, type RecoveryCase } from './cases.ts';
import { JoinedVm } from './joined-vm.ts';
import { type Result, runCase } from './run-case.ts';
import { VARIANT_NAMES, VARIANTS } from './variants.ts';

const HELP = `npm run test:recovery -- [OPTIONS]

  --variant NAME   debian-12, debian-13 or health-channel (debian-12)
  --only TEXT      cases whose name holds the text; may be repeated
  --out FILE       where results go, a line each (.results/recovery.jsonl)
  --append         keep the lines that the file has

The journal of the VM after each case that did not recover is in .results/recovery/.
E2E_EXECUTABLE names a single executable of meshx; without it one is built.`;

const { values } = parseArgs({
  options: {
    variant: { type: 'string', default: 'debian-12' },
    only: { type: 'string', multiple: true },
    out: { type: 'string', default: join('.results', 'recovery.jsonl') },
    append: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
const began = performance.now();
const note = (line: string): void => console.error(`${Math.round((performance.now() - began) / 1000)} s  ${line}`);

/** Where the VM is not as it should be before the case, it runs on a new one. */
async function onGoodVm(vm: JoinedVm, each: RecoveryCase): Promise<Omit<Result, 'variant'>> {
  try {
    return await runCase(vm, each);
  } catch (error) {
    note(`${each.name} runs on a new VM: ${String(error)}`);
    await vm.fresh();
    return await runCase(vm, each);
  }
}

async function keep(vm: JoinedVm, commit: string, result: Result): Promise<void> {
  const { out } = values;
  await appendFile(out, `${JSON.stringify({ commit, ...result })}\n`);
  const phases = result.phases.map(({ what, ms }) => `${what}: ${ms ?? '-'} ms`).join(', ');
  note(`${result.verdict}  ${result.variant}/${result.case}  ${phases}  ${JSON.stringify(result.web)}`);
  if (result.verdict === 'recovered') return;
  note(result.detail ?? '');
  const folder = join(dirname(out), 'recovery');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${result.variant}-${result.case}.txt`), `${result.detail}\n${await vm.journal()}`);
}

async function main(): Promise<void> {
  const name = VARIANT_NAMES.find((each) => each === values.variant);
  if (name === undefined) throw new Error(`--variant: one of ${VARIANT_NAMES.join(', ')}`);
  const variant = VARIANTS[name];
  const cases = casesOf(variant).filter(({ name }) => values.only?.some((text) => name.includes(text)) ?? true);
  await mkdir(dirname(values.out), { recursive: true });
  if (!values.append) await writeFile(values.out, '');
  const { lab, down } = await openLab(note);
  const commit = (await must(['git', 'describe', '--always', '--dirty'], { env: { GIT_OPTIONAL_LOCKS: '0' } })).trim();
  let failed = 0;
  try {
    await using vm = new JoinedVm(lab, await buildExecutable(lab), variant);
    await vm.settle();
    await vm.fresh();
    note('the VM has joined');
    for (const each of cases) {
      const result = { variant: name, ...(await onGoodVm(vm, each)) };
      await keep(vm, commit, result);
      if (result.verdict === 'recovered') continue;
      failed += 1;
      await vm.fresh();
    }
  } finally {
    await down();
  }
  console.log(`${cases.length - failed} recovered, ${failed} failed`);
  process.exitCode = failed > 0 || cases.length === 0 ? 1 : 0;
}

if (values.help) console.log(HELP);
else await main();
