import type { Host } from '../../host/run/host.ts';
import { scriptCommand, type Script } from '../../host/run/shell.ts';
import { hostProblems } from '../../problems/host.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import {
  type Connect,
  connectScript,
  type Question,
  questionScript,
  type ScriptLimits,
  SIDE_BY_SIDE,
} from './script.ts';

/** What the VM answered to one question. */
export interface Answer {
  readonly stdout: string;
  /** Milliseconds that this question took, without the wait for others in the same script. */
  readonly ms: number;
}

interface Waiting {
  readonly asked: Question | Connect;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface QuestionsOptions {
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends questions that are asked in the same tick as one command, and connections as another: the machine's own answers arrive
 * before a connection has failed. Each is answered, waits and fails on its own.
 */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #waiting = new Map<Host, Waiting[]>();

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /** Throws what `Host.run` throws, and `host-command-timed-out` if only this one was not answered. */
  ask(host: Host, asked: Question | Connect): Promise<Answer> {
    if (this.#waiting.size === 0) setImmediate(() => this.#send());
    return new Promise((resolve, reject) => {
      this.#waiting.set(host, [...(this.#waiting.get(host) ?? []), { asked, resolve, reject }]);
    });
  }

  #send(): void {
    const hosts = [...this.#waiting];
    this.#waiting.clear();
    for (const [host, waiting] of hosts) {
      for (const part of [waiting.filter(isQuestion), waiting.filter((each) => !isQuestion(each))])
        if (part.length > 0) void this.#run(host, part);
    }
  }

  async #run(host: Host, waiting: readonly Waiting[]): Promise<void> {
    try {
      const { script, limits } = batch(waiting, this.#options.limitMs);
      const late = () =>
        hostProblems.timedOut({ host: host.name, doing: `meshx-${script.name}`, ms: limits.most * 1000 });
      const timeoutMs = (limits.most + 20) * 1000;
      const output = await host.run({ ...scriptCommand(script), timeoutMs }, this.#options.signal);
      const answers = parseAnswers(output.stdout);
      if (answers.size === 0 && output.exitCode !== 0)
        throw reconcileProblems.probeFailed({ host: host.name, probe: 'the checks', ...output });
      for (const [index, { resolve, reject }] of waiting.entries()) {
        const answer = answers.get(index + 1);
        if (answer) resolve(answer);
        else reject(late());
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}

function isQuestion({ asked }: Waiting): boolean {
  return 'name' in asked;
}

/** Questions or connections, as one script. */
function batch(
  waiting: readonly Waiting[],
  limitMs: number,
): { readonly script: Script; readonly limits: ScriptLimits } {
  const seconds = Math.ceil(limitMs / 1000);
  const questions = waiting.flatMap(({ asked }) => ('name' in asked ? [asked] : []));
  const connects = waiting.flatMap(({ asked }) => ('name' in asked ? [] : [asked]));
  // Connections wait for their turn before they wait for their answer.
  const turns = Math.max(1, Math.ceil(connects.length / SIDE_BY_SIDE));
  const limits = { seconds, most: seconds * turns + 20 };
  return { limits, script: connects.length > 0 ? connectScript(connects, limits) : questionScript(questions, limits) };
}

/** Lines `NUMBER TEXT`; the last of each complete answer is `NUMBER end MILLISECONDS`. */
export function parseAnswers(stdout: string): ReadonlyMap<number, Answer> {
  const lines = new Map<number, string[]>();
  const answers = new Map<number, Answer>();
  for (const line of stdout.split('\n')) {
    const [, number, text] = /^(\d+) ([^]*)$/.exec(line) ?? [];
    if (number === undefined || text === undefined) continue;
    const said = lines.get(Number(number)) ?? [];
    said.push(text);
    lines.set(Number(number), said);
  }
  for (const [number, said] of lines) {
    const ms = /^end (\d+)$/.exec(said.at(-1) ?? '')?.[1];
    if (ms !== undefined) answers.set(number, { stdout: `${said.slice(0, -1).join('\n')}\n`, ms: Number(ms) });
  }
  return answers;
}
