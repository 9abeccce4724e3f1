import { readFile } from 'node:fs/promises';
import type { RecoveryCase } from './cases.ts';
import { CLEAN } from './cases-services.ts';
import { type Course, Failure } from './course.ts';

const AGENT = 'meshx-agent.service';
const BASE = '/usr/local/lib/meshx/agent';
/** A new program, as `up` installs one: the one before it becomes `former`. */
const REPLACE = `mkdir ${BASE}/broken && printf '#!/bin/sh\\nexit 1\\n' >${BASE}/broken/meshx && chmod 755 ${BASE}/broken/meshx && ln -sfn "$(readlink ${BASE}/current)" ${BASE}/former && ln -sfn broken ${BASE}/current && systemctl restart --no-block ${AGENT}`;

/** After the event another process of the agent runs, within the limit. The sidecar is the same. */
async function anotherAgent(course: Course, limitMs: number, strike: (pid: string) => Promise<void>): Promise<void> {
  const { vm } = course;
  const pid = async (): Promise<string> => await vm.property(AGENT, 'MainPID');
  const sidecar = await vm.property('istio.service', 'InvocationID');
  const before = await pid();
  await strike(before);
  const isActive = async (): Promise<boolean> => (await vm.property(AGENT, 'ActiveState')) === 'active';
  await course.until(
    'another agent runs',
    limitMs,
    async () => !['0', before].includes(await pid()) && (await isActive()),
  );
  await course.answer(limitMs + 30_000);
  await course.clean(limitMs + CLEAN);
  if ((await vm.property('istio.service', 'InvocationID')) !== sidecar) throw new Failure('the sidecar was restarted');
}

/** The join of an executable that ends at once. */
async function failedUpgrade(course: Course): Promise<void> {
  const { exitCode, stderr } = await course.vm.joinWith(await readFile('/bin/false'));
  if (exitCode !== 1) throw new Failure(`the upgrade ended with ${exitCode}: ${stderr}`);
}

/** The agent itself is broken. */
export const AGENT_CASES: readonly RecoveryCase[] = [
  {
    name: 'agent-killed',
    what: 'kill -9 of the agent; both services must answer all requests',
    run: async (course) => {
      await anotherAgent(course, 15_000, async (pid) => await course.strike(`kill -KILL ${pid}`));
      course.allAnswered();
    },
  },
  {
    name: 'agent-replaced-by-one-that-crashes',
    what: "the agent's program is replaced by one that ends at once; the former one must return",
    run: async (course) => {
      await anotherAgent(course, 30_000, async () => await course.strike(REPLACE));
      course.allAnswered();
    },
  },
  {
    name: 'agent-upgraded-to-one-that-crashes',
    what: 'meshx up with an executable that ends at once: the command must fail, and the former agent must return',
    run: async (course) => {
      await anotherAgent(course, 120_000, async () => await course.event(async () => await failedUpgrade(course)));
      course.allAnswered();
    },
  },
  {
    name: 'agent-suspended',
    what: 'SIGSTOP of the agent: systemd restarts it by its watchdog after 30 s',
    remark:
      "istiod takes the VM out of rotation when the agent's health endpoint gives no answer for 10 s, although its services run: a dead agent must not look like a healthy service.",
    run: async (course) => {
      await anotherAgent(course, 100_000, async (pid) => await course.strike(`kill -STOP ${pid}`));
    },
  },
];
