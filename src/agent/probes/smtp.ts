import { isIPv6 } from 'node:net';
import type { Attempt } from './attempt.ts';
import { Connection } from './connection.ts';
import { unexpected } from './fields.ts';
import type { Method } from './method.ts';
import { failed, ok, type ProbeResult } from './probe.ts';
import { plain } from './reason.ts';

const MOST_LINES = 100;

/** Ready if the server greets with 220 and accepts EHLO (RFC 5321, 3.1 and 4.1.1.1). */
export async function smtp(method: Method<'smtp'>, attempt: Attempt): Promise<ProbeResult> {
  const connection = await Connection.open(attempt, method);
  const greeting = await reply(connection);
  if (greeting.code !== 220) return failed(`greets with ${greeting.code} ${plain(greeting.text, 100)}`);
  // RFC 5321, 4.1.3: an address literal names a host without a name.
  connection.write(`EHLO [${isIPv6(attempt.address) ? 'IPv6:' : ''}${attempt.address}]\r\n`);
  const hello = await reply(connection);
  connection.write('QUIT\r\n');
  if (hello.code !== 250) return failed(`refuses EHLO with ${hello.code} ${plain(hello.text, 100)}`);
  // The answer to QUIT: a server that is left without it logs a lost connection.
  await reply(connection);
  return ok(`greets: ${plain(greeting.text, 100)}`);
}

/** A reply of one or several lines: its code and the text of its first line. */
async function reply(connection: Connection): Promise<{ readonly code: number; readonly text: string }> {
  let first: string | undefined;
  for (let lines = 0; lines < MOST_LINES; lines += 1) {
    const [, code = '', mark, text = ''] = /^(\d{3})([ -]?)(.*)$/s.exec(await connection.line()) ?? [];
    if (code === '') throw unexpected();
    first ??= text;
    if (mark !== '-') return { code: Number(code), text: first };
  }
  throw unexpected('too many lines');
}
