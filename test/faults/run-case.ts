import { setTimeout as delay } from 'node:timers/promises';
import type { Api } from './api.ts';
import { caseId, type FaultCase, type Operation } from './cases.ts';
import { endsTheMachine, isHang } from './faults.ts';
import type { Machine } from './machine.ts';
import { type Executables, type Operator, type Place, type Said, wordsOf } from './operator.ts';
import { judgeMessage, judgeResume, problemId } from './words.ts';

/** What became of a case: all well, what first went wrong, that the fault was never met, or that the lab itself broke. */
export const VERDICTS = [
  'passed',
  'stranded',
  'lost',
  'agent',
  'message',
  'resume',
  'clean',
  'unreached',
  'broken',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One line of the results. */
export interface Result {
  readonly case: string;
  readonly operation: Operation | 'walk';
  readonly where: 'command' | 'request';
  readonly fault: string;
  readonly step: string;
  readonly verdict: Verdict;
  /** What was seen, where it is not well. */
  readonly detail?: string;
  /** Id of the Problem that the run with the fault ended with. */
  readonly message?: string;
  /** Of the run with the fault; absent when it was killed. */
  readonly exitCode?: number;
  /** Milliseconds of the whole case. */
  readonly ms: number;
}

/** A worker's things. */
export interface Bench {
  readonly machine: Machine;
  readonly operator: Operator;
  readonly api: Api;
  readonly deb: string;
  readonly executables: Executables;
  /** False while meshx cannot remove a VM: the statement `clean` is then skipped. */
  readonly hasDown: boolean;
}

/** A hang is given up by meshx after this; the longest command of a clean run takes less. The agent's program takes a while to send. */
const STEP_SECONDS = 20;
const AGENT_STEP_SECONDS = 60;
/** After this a lock that no one renews is free. */
const LEASE_MS = 100_000;
/** A login may take this long: what reverts by itself has done so. */
const LOGIN_MS = 30_000;
/** So may the agent of before. */
const AGENT_MS = 90_000;

/** Something that was promised did not hold. */
export class Failure extends Error {
  readonly verdict: Verdict;

  constructor(verdict: Verdict, detail: string) {
    super(detail);
    this.verdict = verdict;
  }
}

/** Whether the machine may be used again, and what became of the case. */
export interface Ran {
  readonly result: Result;
  readonly clean: boolean;
}

/** Causes the fault on a restored machine, and checks every promise. */
export async function runCase(bench: Bench, fault: FaultCase): Promise<Ran> {
  const began = performance.now();
  const seen: { said?: Said } = {};
  let failure: Failure | undefined;
  try {
    await prepare(bench, fault);
    seen.said = await withFault(bench, fault);
    await judge(bench, fault, seen.said);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failure = error;
  }
  const id = seen.said && problemId(seen.said);
  const result: Result = {
    ...named(fault),
    verdict: failure?.verdict ?? 'passed',
    ...(failure && { detail: failure.message.slice(-2500) }),
    ...(id !== undefined && { message: id }),
    ...(seen.said?.exitCode !== undefined && { exitCode: seen.said.exitCode }),
    ms: Math.round(performance.now() - began),
  };
  return { result, clean: !failure && bench.hasDown && !fault.trap && !endsTheMachine(fault.fault) };
}

function named(each: FaultCase): Pick<Result, 'case' | 'operation' | 'where' | 'fault' | 'step'> {
  const { operation, fault, step } = each;
  return { case: caseId(each), operation, where: fault.where, fault: fault.what, step };
}

/** The lab failed, and nothing is known of meshx. */
export function broken(each: FaultCase, error: unknown): Ran {
  return { result: { ...named(each), verdict: 'broken', detail: String(error), ms: 0 }, clean: false };
}

/** All but `up` meet a VM of the mesh; its connections are older than that. */
async function prepare(bench: Bench, fault: FaultCase): Promise<void> {
  if (fault.operation === 'up') return;
  const said = await bench.operator.types(wordsOf('up', fault, placeOf(bench)));
  if (said.exitCode !== 0) throw new Error(`${caseId(fault)}: the VM did not join: ${said.stderr}`);
}

/** Where a worker's commands act, and with which files. */
export function placeOf({ machine: { seat }, deb, executables }: Bench): Place {
  return { vm: seat.vm, namespace: seat.namespace, deb, executables };
}

/** The command of the case. A short time limit ends a hang, in the first run and the second. */
function typed(bench: Bench, fault: FaultCase): readonly string[] {
  const stepTimeout = fault.agent ? AGENT_STEP_SECONDS : STEP_SECONDS;
  const limit = isHang(fault.fault) ? { stepTimeout } : {};
  return wordsOf(fault.operation, fault, { ...placeOf(bench), ...limit });
}

/** Types the command, lets the fault happen, and gives what was said. Throws `unreached` when the run ended before. */
export async function withFault(bench: Bench, each: FaultCase): Promise<Said> {
  const { machine, operator, api } = bench;
  const { fault } = each;
  await machine.gate.arm(fault);
  await api.arm(machine.seat.vm, fault);
  const running = operator.types(typed(bench, each));
  const ended = running.then(() => true);
  let acted: Promise<void> | undefined;
  while (!(await Promise.race([ended, delay(30, false)]))) {
    if (!acted && (await happened(bench, each))) acted = act(bench, each);
    await Promise.race([acted, ended]);
  }
  const said = await running;
  const struck = acted !== undefined || (await happened(bench, each));
  await acted;
  if (fault.what === 'silence') await machine.plug();
  if (!struck) throw new Failure('unreached', `the run ended with ${said.exitCode} before: ${said.stderr.slice(-500)}`);
  return said;
}

async function happened({ machine, api }: Bench, { fault }: FaultCase): Promise<boolean> {
  return fault.where === 'command' ? await machine.gate.happened() : (await api.seen(machine.seat.vm)).struck;
}

/** What the gate and the proxy cannot do themselves. */
async function act({ machine, operator }: Bench, { fault }: FaultCase): Promise<void> {
  switch (fault.what) {
    case 'kill':
      operator.kill();
      if (fault.where === 'command') await machine.gate.go();
      return;
    case 'disk':
      await machine.fillDisk();
      return await machine.gate.go();
    case 'silence':
      await machine.unplug();
      return await machine.gate.go();
    case 'reboot':
      return await machine.reboot();
    case 'power':
      return await machine.powerCycle();
    default:
      return;
  }
}

async function judge(bench: Bench, each: FaultCase, said: Said): Promise<void> {
  const { machine, operator, api } = bench;
  const login = await machine.login(LOGIN_MS);
  if (login === undefined) throw new Failure('stranded', `no login after the fault; meshx said: ${said.stderr}`);
  if (!endsTheMachine(each.fault)) await keepsConnections(machine, 'after the fault', said);
  if (hadAgent(each) && !(await machine.runsAgent(AGENT_MS)))
    throw new Failure('agent', `no agent runs after the fault; meshx said: ${said.stderr}`);
  // The run outlived the fault, and looked itself.
  if (problemId(said) === 'difference-left') throw new Failure('clean', said.stderr);
  const wrong = judgeMessage(each, said);
  if (wrong !== undefined) throw new Failure('message', `${wrong}: ${said.stderr}`);

  await machine.gate.disarm();
  await api.arm(machine.seat.vm, 'none');
  if (each.fault.what === 'disk') await machine.emptyDisk();
  await resumes(bench, each);
  if (!endsTheMachine(each.fault)) await keepsConnections(machine, 'after the command was typed again', said);
  if (!bench.hasDown || each.operation === 'down') return;
  const down = await operator.types(wordsOf('down', each, placeOf(bench)));
  if (down.exitCode !== 0)
    throw new Failure('clean', `down --verify ended with ${down.exitCode}: ${down.stdout}${down.stderr}`);
  if ((await machine.login(LOGIN_MS)) === undefined)
    throw new Failure('stranded', `no login after down: ${down.stderr}`);
  if (!endsTheMachine(each.fault)) await keepsConnections(machine, 'after down', down);
}

/** An agent ran before the command, and must run after it, whatever became of the command. */
function hadAgent({ agent, operation }: FaultCase): boolean {
  return agent && operation !== 'up' && operation !== 'down';
}

async function keepsConnections(machine: Machine, when: string, said: Said): Promise<void> {
  const lost = await machine.lost();
  if (lost.length > 0) throw new Failure('lost', `${when}: ${lost.join(', ')}; meshx said: ${said.stderr}`);
}

/**
 * The same command again. An owner who wants port 22 captured is refused, fixes the setting, and runs it a third time.
 */
async function resumes(bench: Bench, each: FaultCase): Promise<void> {
  const { machine, operator } = bench;
  const again = await typeUntilFree(bench, typed(bench, each));
  if (each.trap && again.exitCode !== 0) {
    if (!/\b22\b/.test(again.stderr)) throw new Failure('resume', `port 22 is not what was refused: ${again.stderr}`);
    await machine.untrap();
    return judgeSecond(await operator.types(typed(bench, each)));
  }
  return judgeSecond(again);
}

/** The lock of a run that lost its connection silently ends with its lease. A run before that is refused. */
async function typeUntilFree({ operator }: Bench, words: readonly string[]): Promise<Said> {
  const end = Date.now() + LEASE_MS;
  for (;;) {
    const said = await operator.types(words);
    if (problemId(said) !== 'vm-locked' || Date.now() > end) return said;
    await delay(3000);
  }
}

function judgeSecond(again: Said): void {
  const wrong = judgeResume(again);
  if (wrong !== undefined) throw new Failure('resume', `${wrong}: ${again.stdout}${again.stderr}`);
}
