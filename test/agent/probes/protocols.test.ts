import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { CONVERSATIONS } from './conversations.ts';
import { ask, lastReplies, listen, replies } from './server.ts';

const SECRET = 'open sesame';
const credential = () => Promise.resolve(SECRET);
const CLEAN = /^[\x20-\x7e]{1,200}$/;

/** Runs a method against a server that treats each connection like this. */
async function against(
  [kind, options]: readonly [string, Readonly<Record<string, unknown>>],
  serve: Parameters<typeof listen>[0],
  timeoutMs = 3000,
) {
  await using server = await listen(serve);
  return await ask({ [kind]: { ...options, port: server.port } }, { credential, timeoutMs });
}

test.each(CONVERSATIONS.map((one) => [one.title, one] as const))(
  '%s',
  async (_title, { method, greeting, answers, result }) => {
    expect(await against(method, replies(greeting, ...answers))).toEqual(result);
  },
);

const METHODS: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ...['tls', 'http', 'http2', 'grpc', 'mysql', 'postgresql', 'redis', 'mongodb'].map((kind) => [kind, {}] as const),
  ...['amqp', 'kafka', 'etcd', 'smtp', 'ldap'].map((kind) => [kind, {}] as const),
  ...['http', 'http2', 'grpc', 'mysql', 'postgresql'].map((kind) => [kind, { tls: {}, ...login(kind) }] as const),
  ...['mysql', 'postgresql', 'redis'].map((kind) => [kind, login(kind)] as const),
  ['ldap', { dn: 'cn=probe', credential: 'secret' }],
  ['dns', { name: 'up.example.test', over: 'tcp' }],
];

function login(kind: string) {
  return ['mysql', 'postgresql', 'redis'].includes(kind) ? { user: 'probe', credential: 'secret' } : {};
}

/** Sends the same bytes for as long as the other side takes them. */
const endless = (part: Buffer) => (socket: Socket) => {
  const send = (): void => {
    while (socket.writable && socket.write(part));
    socket.once('drain', send);
  };
  send();
};

const HOSTILE: Readonly<Record<string, Parameters<typeof listen>[0]>> = {
  'closes at once': (socket) => socket.end(),
  'resets at once': (socket) => socket.resetAndDestroy(),
  'says nothing': () => undefined,
  'sends zeros without end': endless(Buffer.alloc(65_536)),
  'sends ones without end': endless(Buffer.alloc(65_536, 0xff)),
  'sends a line without end': endless(Buffer.alloc(65_536, 'A')),
  'sends digits and line ends without end': endless(Buffer.from('220-\r\n'.repeat(9000))),
  'sends control characters': (socket) => socket.end('\u001b]0;owned\u0007\u001b[2J\r\n\u202e\r\n'.repeat(20)),
  'sends random bytes': (socket) => socket.end(randomBytes(4096)),
  'sends back what it gets': (socket) => socket.pipe(socket),
};

test.each(METHODS)('%s %j fails cleanly if a server is hostile', async (kind, options) => {
  const results = await Promise.all(
    Object.entries(HOSTILE).map(async ([title, serve]) => {
      const began = Date.now();
      const result = await against([kind, options], serve, 300);
      return { title, ...result, isLate: Date.now() - began > 20_000 };
    }),
  );
  const isClean = ({ outcome, reason, isLate }: (typeof results)[number]): boolean =>
    outcome === 'failed' && CLEAN.test(reason) && !reason.includes(SECRET) && !isLate;
  expect(results.filter((result) => !isClean(result))).toEqual([]);
});

const randomAnswers = fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 3 });

test.each(METHODS)('%s %j never throws at random answers', async (kind, options) => {
  await fc.assert(
    fc.asyncProperty(randomAnswers, async ([greeting = new Uint8Array(), ...answers]) => {
      const { outcome, reason } = await against([kind, options], lastReplies(greeting, ...answers), 40);
      expect(outcome).toBe('failed');
      expect(reason).toMatch(CLEAN);
    }),
    { numRuns: 10 },
  );
});

/** A change of one byte, a cut, or bytes that are put in. */
const damage = fc.record({ at: fc.nat(), cut: fc.nat(3), insert: fc.uint8Array({ maxLength: 3 }) });

test.each(CONVERSATIONS.map((one) => [one.title, one] as const))('%s, damaged, never throws', async (_title, one) => {
  await fc.assert(
    fc.asyncProperty(damage, async ({ at, cut, insert }) => {
      const whole = [one.greeting, ...one.answers].map((part) => Buffer.from(part as Uint8Array));
      const index = at % whole.length;
      const part = whole[index] ?? Buffer.alloc(0);
      const place = at % (part.length + 1);
      whole[index] = Buffer.concat([part.subarray(0, place), insert, part.subarray(place + cut)]);
      const [greeting = Buffer.alloc(0), ...answers] = whole;
      expect((await against(one.method, lastReplies(greeting, ...answers), 40)).reason).toMatch(CLEAN);
    }),
    { numRuns: 10 },
  );
});
