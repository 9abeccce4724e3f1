import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { type Attempt, Failure, reasonOf } from './attempt.ts';
import { Connection } from './connection.ts';
import { Fields, unexpected } from './fields.ts';
import type { Method } from './method.ts';
import { failed, ok, type ProbeResult } from './probe.ts';

const TYPES = { A: 1, NS: 2, SOA: 6, MX: 15, TXT: 16, AAAA: 28, SRV: 33 } as const;
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const;
const INTERNET = 1;
const RECURSION_DESIRED = 0x0100;
const IS_RESPONSE = 0x8000;

/** Ready if the server answers a query for `name` with the expected rcode, over UDP and TCP unless `over` names one (RFC 1035, 4). */
export async function dns(method: Method<'dns'>, attempt: Attempt): Promise<ProbeResult> {
  const ways = method.over === 'both' ? (['UDP', 'TCP'] as const) : ([method.over === 'udp' ? 'UDP' : 'TCP'] as const);
  for (const way of ways) {
    const id = randomInt(0x10000);
    const query = encoded(id, method);
    const answer = await (way === 'UDP' ? overUdp : overTcp)(query, method.port, attempt);
    const rcode = rcodeOf(answer, id);
    if (rcode !== method.rcode) return failed(`${rcode} over ${way}`);
  }
  return ok(`${method.rcode} over ${ways.join(' and ')}`);
}

/** A query with one question. */
function encoded(id: number, { name, type }: Method<'dns'>): Buffer {
  const header = [id, RECURSION_DESIRED, 1, 0, 0, 0].map(big16);
  const labels = name.split('.').filter((label) => label !== '');
  const encodedName = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...header, ...encodedName, Buffer.alloc(1), big16(TYPES[type]), big16(INTERNET)]);
}

function big16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

async function overTcp(query: Buffer, port: number, attempt: Attempt): Promise<Buffer> {
  const connection = await Connection.open(attempt, { port });
  // RFC 1035, 4.2.2: two bytes of length.
  connection.write(Buffer.concat([big16(query.length), query]));
  return await connection.read(new Fields(await connection.read(2)).big(2));
}

function overUdp(query: Buffer, port: number, attempt: Attempt): Promise<Buffer> {
  const socket = createSocket(isIPv6(attempt.address) ? 'udp6' : 'udp4');
  attempt.onEnd(() => socket.close());
  return new Promise((resolve, reject) => {
    socket.once('message', resolve).on('error', (error) => reject(new Failure(`${reasonOf(error)} over UDP`)));
    // A connected socket takes answers from this address only, and hears that no one listens.
    socket.connect(port, attempt.address, () => socket.send(query));
  });
}

function rcodeOf(answer: Buffer, id: number): string {
  const fields = new Fields(answer);
  if (fields.big(2) !== id) throw unexpected();
  const flags = fields.big(2);
  if ((flags & IS_RESPONSE) === 0) throw unexpected();
  return RCODES[flags & 0xf] ?? `rcode ${flags & 0xf}`;
}
