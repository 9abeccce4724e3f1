import { Readable } from 'node:stream';
import type { Command, Host, Output, Stdin } from './host.ts';

/** Measurements of a command on a host, taken on this side. */
export interface RanCommand {
  /** Name of the script, or of the program. */
  readonly name: string;
  /** Milliseconds from the call to its end. */
  readonly ms: number;
  /** Bytes of argv and stdin. */
  readonly sent: number;
  /** Bytes of stdout and stderr. */
  readonly received: number;
  /** Absent if it did not end. */
  readonly exitCode?: number;
  /** Its arguments, without the text of a script. */
  readonly words: readonly string[];
}

/** Wraps a host to report every command to `record` after its end, also after a failure. */
export function measured(host: Host, record: (ran: RanCommand) => void): Host {
  return {
    name: host.name,
    ...(host.link && { link: host.link }),
    async run(command: Command, signal?: AbortSignal): Promise<Output> {
      const began = performance.now();
      const argv = command.argv.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0);
      const count: { sent: number; received: number; exitCode?: number } = { sent: argv, received: 0 };
      try {
        const output = await host.run({ ...command, ...counted(command.stdin, count) }, signal);
        count.received = Buffer.byteLength(output.stdout) + Buffer.byteLength(output.stderr);
        count.exitCode = output.exitCode;
        return output;
      } finally {
        record({ name: nameOf(command), words: wordsOf(command), ms: performance.now() - began, ...count });
      }
    },
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

/** A script of meshx has its name as $0, after `sh -c TEXT` or `sh -s`. */
function nameOf({ argv }: Command): string {
  const script = argv[placeOfScript(argv)];
  return script?.slice('meshx-'.length) ?? argv[0];
}

/** For a script its name and arguments; else the whole command. */
function wordsOf({ argv }: Command): readonly string[] {
  return argv.slice(Math.max(0, placeOfScript(argv)));
}

/** -1 without one. */
function placeOfScript(argv: readonly string[]): number {
  return argv.findIndex((word, at) => at > 0 && /^meshx-[a-z-]+$/.test(word));
}

function counted(stdin: Stdin | undefined, count: { sent: number }): { readonly stdin?: Stdin } {
  if (stdin === undefined) return {};
  if (typeof stdin !== 'function') {
    count.sent += Buffer.byteLength(stdin);
    return { stdin };
  }
  return { stdin: () => Readable.from(passing(stdin(), count), { objectMode: false }) };
}

async function* passing(from: Readable, count: { sent: number }): AsyncGenerator<Uint8Array> {
  // The loop throws an error of the stream. One that is only ended early has no other listener.
  from.on('error', () => undefined);
  for await (const chunk of from) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
    count.sent += bytes.length;
    yield bytes;
  }
}
