// Broken meshes on the lab, and what `meshx check` says: npm run test:broken -- --help
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildExecutable } from '../e2e/support/executable.ts';
import { must } from '../lab/command.ts';
import { openLab } from '../lab/open.ts';
import type { BrokenCase } from './case.ts';
import { CASES } from './cases.ts';
import { JoinedMesh } from './mesh.ts';
import { type Result, runCase } from './run-case.ts';
import { VARIANT_NAMES, VARIANTS } from './variants.ts';

const HELP = `npm run test:broken -- [OPTIONS]

  --variant NAME   debian-12, debian-13 or debian-12-ipv6
  --only WORDS     cases whose name holds one of the words; may be repeated
  --out FILE       where results go, a line each (.results/broken.jsonl)
  --append         keep the lines that the file has
  --keep           leave the mesh as it is at the end, and use one that was left

E2E_EXECUTABLE names a single executable of meshx; without it one is built.`;

const { values } = parseArgs({
  options: {
    variant: { type: 'string', default: 'debian-12' },
    only: { type: 'string', multiple: true },
    out: { type: 'string', default: join('.results', 'broken.jsonl') },
    append: { type: 'boolean' },
    keep: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
const began = performance.now();
const note = (line: string): void => console.error(`${Math.round((performance.now() - began) / 1000)} s  ${line}`);

/** Where the mesh is not healthy before the case, it runs with a new VM. */
async function onHealthyMesh(mesh: JoinedMesh, each: BrokenCase): Promise<Omit<Result, 'variant'>> {
  try {
    return await runCase(mesh, each);
  } catch (error) {
    note(`${each.name} runs with a new VM: ${String(error)}`);
    await mesh.settle();
    await mesh.fresh();
    return await runCase(mesh, each).catch((again: unknown) => {
      const { name, what, expected } = each;
      return { case: name, what, expected, seen: [], verdict: 'broken', detail: String(again), ms: 0 };
    });
  }
}

function isWanted({ name }: BrokenCase): boolean {
  const words = values.only?.flatMap((text) => text.split(' ').filter((word) => word !== '')) ?? [''];
  return words.some((word) => name.includes(word));
}

async function main(): Promise<void> {
  const name = VARIANT_NAMES.find((each) => each === values.variant);
  if (name === undefined) throw new Error(`--variant: one of ${VARIANT_NAMES.join(', ')}`);
  const cases = CASES.filter(isWanted);
  await mkdir(dirname(values.out), { recursive: true });
  if (!values.append) await writeFile(values.out, '');
  const { lab, down } = await openLab(note);
  const commit = (await must(['git', 'describe', '--always', '--dirty'], { env: { GIT_OPTIONAL_LOCKS: '0' } })).trim();
  let failed = 0;
  const mesh = new JoinedMesh(lab, await buildExecutable(lab), VARIANTS[name]);
  try {
    if (!values.keep || (await lab.vms()).length === 0) {
      await mesh.settle();
      await mesh.fresh();
    }
    note('the VM has joined');
    for (const each of cases) {
      const result = { variant: name, ...(await onHealthyMesh(mesh, each)) };
      await appendFile(values.out, `${JSON.stringify({ commit, ...result })}\n`);
      note(`${result.verdict}  ${result.case}  ${result.seen.join(', ')}  ${result.ms} ms`);
      if (result.verdict === 'fixed' || result.verdict === 'person') continue;
      note(result.detail ?? '');
      failed += 1;
    }
  } finally {
    if (!values.keep) {
      await mesh[Symbol.asyncDispose]();
      await down();
    }
  }
  console.log(`${cases.length - failed} named, ${failed} failed`);
  process.exitCode = failed > 0 || cases.length === 0 ? 1 : 0;
}

if (values.help) console.log(HELP);
else await main();
