import type { Script } from '../../host/run/shell.ts';
import { shellFile } from '../../text-files.ts';

const ASK = shellFile(new URL('./ask.root.sh', import.meta.url));
const CONNECT = shellFile(new URL('./connect.root.sh', import.meta.url));

/** The functions of questions.sh. */
export type QuestionName =
  'agent' | 'resolves' | 'answers' | 'ready' | 'admin' | 'certificate' | 'active' | 'capture' | 'log' | 'own';

/** A question to a VM about itself. */
export interface Question {
  readonly name: QuestionName;
  readonly args: readonly string[];
}

/** One connection from the VM, as an ordinary user. */
export interface Connect {
  readonly host: string;
  readonly port: number;
  /** Of a GET; empty for a TCP connection that only listens. */
  readonly path: string;
  /** Whether the server must speak first. */
  readonly serverFirst: boolean;
  /** Whether Envoy must have chosen an endpoint for it. */
  readonly counted: boolean;
}

/** Limits of a script, in seconds. */
export interface ScriptLimits {
  /** For each condition. */
  readonly seconds: number;
  /** For the whole script. */
  readonly most: number;
}

/** How many connections run in parallel. */
export const SIDE_BY_SIDE = 16;

/** Asks the VM read-only questions in parallel. */
export function questionScript(questions: readonly Question[], { seconds, most }: ScriptLimits): Script {
  const args = questions.flatMap(({ name, args }) => [name, String(args.length), ...args]);
  return { ...ASK, args: [String(seconds), String(most), ...args] };
}

/** Opens connections from the VM. */
export function connectScript(targets: readonly Connect[], { seconds, most }: ScriptLimits): Script {
  const args = targets.flatMap(({ host, port, path, serverFirst, counted }) => [
    ...[host, String(port), path, serverFirst ? 'server' : '', counted ? 'counted' : ''],
  ]);
  return { ...CONNECT, args: [String(seconds), String(most), String(SIDE_BY_SIDE), ...args] };
}
