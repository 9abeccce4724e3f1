import type { Host, Output } from '../../host/run/host.ts';
import { scriptCommand, type Script } from '../../host/run/shell.ts';
import { hostProblems } from '../../problems/host.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import { type Connect, connectScript, SIDE_BY_SIDE } from './connect-shell.ts';
import { type ProofLimits, proofScript, type Question } from './scripts.ts';

/** What the VM said to one question. */
export interface Answer {
  readonly stdout: string;
  /** Milliseconds that this one took, without the wait for others that were asked with it. */
  readonly ms: number;
}

/** What a host is asked: a question about itself, or a connection from it. */
type Asked = Question | Connect;

interface Waiting {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface QuestionsOptions {
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Puts what a host is asked at the same moment into one command, connections into another: what the machine itself says is
 * known before a connection has failed. Each is answered, waits and fails for itself.
 */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #waiting = new Map<Host, Waiting[]>();

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /** Throws what `Host.run` throws, and `host-command-timed-out` when the others were answered and this one was not. */
  ask(host: Host, asked: Asked): Promise<Answer> {
    // Who asks next in the same moment still comes before it is sent.
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
        if (part.length > 0) void this.#together(host, part);
    }
  }

  /** Whoever asked hears of a failure. */
  async #together(host: Host, waiting: readonly Waiting[]): Promise<void> {
    try {
      const { script, limits } = commandOf(waiting, this.#options.limitMs);
      const timeoutMs = (limits.most + 20) * 1000;
      const output = await host.run({ ...scriptCommand(script), timeoutMs }, this.#options.signal);
      const answers = parseAnswers(output.stdout);
      if (answers.size === 0) throw unanswered(host, script, { output, limits });
      for (const [index, { resolve, reject }] of waiting.entries()) {
        const answer = answers.get(index + 1);
        if (answer) resolve(answer);
        else reject(late(host, script, limits));
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}

function isQuestion({ asked }: Waiting): boolean {
  return 'name' in asked;
}

function commandOf(
  waiting: readonly Waiting[],
  limitMs: number,
): { readonly script: Script; readonly limits: ProofLimits } {
  const seconds = Math.ceil(limitMs / 1000);
  const connects = waiting.flatMap(({ asked }) => ('name' in asked ? [] : [asked]));
  // Connections wait for their turn before they wait for their answer.
  const turns = Math.max(1, Math.ceil(connects.length / SIDE_BY_SIDE));
  const limits = { seconds, most: seconds * turns + 20 };
  if (connects.length > 0) return { limits, script: connectScript(connects, limits) };
  return {
    limits,
    script: proofScript(
      waiting.flatMap(({ asked }) => ('name' in asked ? [asked] : [])),
      limits,
    ),
  };
}

interface Unanswered {
  readonly output: Output;
  readonly limits: ProofLimits;
}

function unanswered(host: Host, script: Script, { output, limits }: Unanswered): Error {
  if (output.exitCode === 0) return late(host, script, limits);
  return reconcileProblems.probeFailed({ host: host.name, probe: 'the proofs', ...output });
}

function late(host: Host, { name }: Script, { most }: ProofLimits): Error {
  return hostProblems.timedOut({ host: host.name, doing: `meshx-${name}`, ms: most * 1000 });
}

/** Lines `NUMBER TEXT`; the last of each whole answer is `NUMBER end MILLISECONDS`. */
export function parseAnswers(stdout: string): ReadonlyMap<number, Answer> {
  const lines = new Map<number, string[]>();
  for (const line of stdout.split('\n')) {
    const [, number, text] = /^(\d+) ([^]*)$/.exec(line) ?? [];
    if (number === undefined || text === undefined) continue;
    const said = lines.get(Number(number)) ?? [];
    said.push(text);
    lines.set(Number(number), said);
  }
  return new Map(
    [...lines].flatMap(([number, said]) => {
      const ms = /^end (\d+)$/.exec(said.at(-1) ?? '')?.[1];
      return ms === undefined
        ? []
        : [[number, { stdout: `${said.slice(0, -1).join('\n')}\n`, ms: Number(ms) }] as const];
    }),
  );
}
