import { Readable } from 'node:stream';
import type { Stdin } from '../host/run/host.ts';
import type { OpenedSource } from './sources.ts';

/** How far an upload is. */
export interface Upload {
  readonly bytes: number;
  /** Bytes of the whole; absent while a file is packed on its way. */
  readonly total?: number;
  readonly ended: boolean;
}

/** The input of a script, which reports each chunk that leaves; text and secrets are sent as they are. */
export function measuredUpload(
  { stdin, size }: Pick<OpenedSource, 'stdin' | 'size'>,
  report: (upload: Upload) => void,
): Stdin {
  if (typeof stdin !== 'function') return stdin;
  const whole = size === undefined ? {} : { total: size };
  return () =>
    Readable.from(
      passing(stdin(), (bytes, ended) => report({ bytes, ...whole, ended })),
      { objectMode: false },
    );
}

async function* passing(from: Readable, report: (bytes: number, ended: boolean) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  // The loop throws an error of the stream. One that is only ended early, because the run failed elsewhere, has no other listener.
  from.on('error', () => undefined);
  try {
    for await (const chunk of from) {
      // as: neither source has an encoding.
      bytes += (chunk as Uint8Array).length;
      report(bytes, false);
      yield chunk as Uint8Array;
    }
  } finally {
    report(bytes, true);
  }
}
