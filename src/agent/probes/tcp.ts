import type { Attempt } from './attempt.ts';
import { Connection } from './connection.ts';
import type { Method } from './method.ts';
import { ok, type ProbeResult } from './probe.ts';

/** Ready if the server accepts a connection. It gets no byte and is closed at once. */
export async function tcp({ port }: Method<'tcp'>, attempt: Attempt): Promise<ProbeResult> {
  await Connection.open(attempt, { port });
  return ok('accepts connections');
}
