import { readFile } from 'node:fs/promises';
import { installWholeOnVm } from '../e2e/support/debian-packages.ts';
import { makeStrictNamespace } from '../e2e/support/strict.ts';
import type { Suite } from '../lab/build/root-file-system.ts';
import type { Lab } from '../lab/lab.ts';
import type { PlatformCase } from './cases.ts';
import { CLIENT, IP, type Member, NAMESPACE, STRANGER, type Steps, steps, VM } from './member.ts';
import { rpmSteps } from './rpm-steps.ts';

/** `passed`: all steps. `failed`: a step did not. `not-run`: the system does not run in the lab, with the reason. */
export const VERDICTS = ['passed', 'failed', 'not-run'] as const;

/** One line of the results. */
export interface Result {
  readonly suite: Suite;
  readonly case: string;
  readonly what: string;
  readonly verdict: (typeof VERDICTS)[number];
  /** The steps that were passed. */
  readonly steps: readonly string[];
  /** Where it ended and what was seen, or why it was not run. */
  readonly detail?: string;
  /** Milliseconds of the whole case. */
  readonly ms: number;
}

/** The members beside the VM; once. */
export async function makeOthers(lab: Lab): Promise<void> {
  // What a run that was killed left.
  await removeMembers(lab);
  await makeStrictNamespace(lab, NAMESPACE);
  await lab.pod(CLIENT, '10.150.0.151', { namespace: NAMESPACE });
  await lab.host(STRANGER, '10.150.0.152');
}

/** Takes away the VM and the members beside it. */
export async function removeMembers(lab: Lab): Promise<void> {
  for (const member of [CLIENT, STRANGER]) await lab.removeMember(member);
  if ((await lab.vms()).some(({ name }) => name === VM)) await lab.removeVm(VM);
}

/** Joins a machine with the program, reboots it, and takes it out of the mesh; after each step mesh and program work. */
export async function runCase(lab: Lab, suite: Suite, executable: string, each: PlatformCase): Promise<Result> {
  const began = performance.now();
  const { name, what } = each;
  const passed: string[] = [];
  const result = (rest: Pick<Result, 'verdict' | 'detail'>): Result => ({
    ...{ suite, case: name, what, ...rest, steps: passed },
    ms: Math.round(performance.now() - began),
  });
  const reason = each.not?.[suite];
  if (reason !== undefined) return result({ verdict: 'not-run', detail: reason });
  try {
    await lab.vm(VM, IP, { suite, mysql: 'off' });
    for (const [step, act] of Object.entries(await course({ lab, executable }, suite, each))) {
      await act();
      await expectWorking(lab, each);
      passed.push(step);
    }
    return result({ verdict: 'passed' });
  } catch (error) {
    return result({ verdict: 'failed', detail: String(error).slice(-3000) });
  } finally {
    await lab.removeVm(VM);
  }
}

/** The steps by their names for people, in order. */
async function course(member: Member, suite: Suite, each: PlatformCase): Promise<Steps> {
  const install = async (): Promise<void> => {
    await setUp(member.lab, suite, each);
    // What a program makes at its first boot only is there before the join.
    await member.lab.reboot(VM);
  };
  return { install, ...(each.rpm ? await rpmSteps(member) : steps(member)) };
}

async function setUp(lab: Lab, suite: Suite, each: PlatformCase): Promise<void> {
  const file = async (name: string): Promise<string> =>
    await readFile(new URL(`guest/${name}`, import.meta.url), 'utf8');
  await lab.mustSsh(VM, 'systemctl enable --now lab-http@8080');
  const packages = [...each.packages, ...(each.more?.[suite] ?? [])];
  if (packages.length > 0) await installWholeOnVm(lab, VM, suite, packages);
  for (const name of each.programs ?? [])
    await lab.mustSsh(VM, `cat > /usr/local/bin/${name} && chmod 755 /usr/local/bin/${name}`, {
      input: await file(name),
    });
  const { setUp } = each;
  const input = 'script' in setUp ? await file(setUp.script) : setUp.command;
  await lab.mustSsh(VM, `sh -eus ${IP}`, { input, timeoutMs: 120_000 });
}

/** What works before the join works after each step. */
async function expectWorking(lab: Lab, { works, outside }: PlatformCase): Promise<void> {
  await lab.waitFor(`success of ${works}`, async () => (await lab.ssh(VM, works)).exitCode === 0);
  if (!outside) return;
  const ask = ['curl', '-sf', '--max-time', '2', `http://${IP}:${outside.port}/`];
  await lab.waitFor(`port ${outside.port} for a machine outside the mesh`, async () => {
    const { stdout } = await lab.in(STRANGER, ask);
    return stdout.trim() === outside.answer;
  });
}
