import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { copyExample, examplePackage } from './examples.ts';
import { runCli, temporaryFolder } from './run-cli.ts';

/** An image and its cluster, in one folder. */
export interface Example {
  readonly root: string;
  readonly cluster: string;
}

const exampleIn = (folder: string): Example => ({
  root: join(folder, 'image'),
  cluster: join(folder, 'current-cluster'),
});

/** An image and a cluster that a test may write into. */
export function anExample(): Example {
  const folder = temporaryFolder();
  const example = exampleIn(folder);
  for (const name of ['image', 'current-cluster'] as const) copyExample(name, folder);
  // Every image has it, and the journal of meshx is in it.
  mkdirSync(join(example.root, 'var/lib'), { recursive: true });
  return example;
}

/** The options that join its VM to its cluster. */
export const joining = ({ root, cluster }: Example): readonly string[] => [
  ...['istio-vm', '--root', root, '--manifests', cluster, '--package', examplePackage],
  ...['-n', 'vm', '--service', 'mysqldb:3306'],
];

export function copyOf(example: Example): Example {
  const folder = temporaryFolder();
  execFileSync('cp', ['-a', `${dirname(example.root)}/.`, folder]);
  return exampleIn(folder);
}

const joined = new Map<string, Promise<Example>>();

/** The same after `setup-vm`. A join takes a second: each call gets a copy of the first with these options. */
export async function aJoinedExample(...more: readonly string[]): Promise<Example> {
  const key = more.join(' ');
  const first = joined.get(key) ?? setUp(more);
  joined.set(key, first);
  return copyOf(await first);
}

async function setUp(more: readonly string[]): Promise<Example> {
  const example = anExample();
  expect((await runCli(['setup-vm', ...joining(example), ...more])).exitCode).toBe(0);
  return example;
}
