import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must, run } from '../lab/command.ts';
import { ANSIBLE } from './alternatives/ansible-recipe.ts';
import type { Bench } from './bench.ts';

/** What was compared. istioctl and kubectl are built from modules and do not know their own versions. */
export async function versionsOf(bench: Bench): Promise<Readonly<Record<string, string>>> {
  const ssh = (await run(['ssh', '-V'])).stderr.trim().split(',')[0] ?? '';
  const meshx = (await must([...bench.meshx, '--version'])).trim();
  const istioctl = await moduleVersion(bench, 'istio', 'istio.io/istio');
  const kubectl = await moduleVersion(bench, 'kubernetes', 'k8s.io/kubernetes');
  return { meshx, istioctl, kubectl, ssh, ansible: `core ${ANSIBLE}` };
}

async function moduleVersion({ lab }: Bench, tool: string, name: string): Promise<string> {
  const text = await readFile(join(lab.names.project, 'test/lab/tools', tool, 'go.mod'), 'utf8');
  return (
    text
      .split('\n')
      .find((line) => line.includes(`${name} v`))
      ?.split(' v')[1]
      ?.split(' ')[0] ?? 'unknown'
  );
}
