// Another caller of the API server. At a fixed rate, whatever its answers take, it reads an object, changes it, and changes entries of
// agents. Writes its result when its standard input ends.
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { exchange } from '../../../../src/cluster/api/live/http-exchange.ts';
import { CALLER, COUNTED, NAMESPACE } from './objects.ts';
import type { CallerInput, CallerSample } from './orders.ts';

/** Milliseconds between two requests, and until one is given up. */
const EVERY = 50;
const LIMIT = 10_000;

// as: written by agent-scale.
const input = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as CallerInput;
const agent = new Agent({ keepAlive: true, ca: input.ca });
const samples: CallerSample[] = [];
const counts: Record<string, number> = {};
const busy = new Set<string>();
const own = `/api/v1/namespaces/${NAMESPACE}/configmaps/${CALLER}`;
const open = new Set<Promise<void>>();
let turn = 0;

async function ask(method: string, path: string, body?: unknown): Promise<number> {
  const at = Date.now();
  const began = performance.now();
  const headers = { authorization: `Bearer ${input.token}`, 'content-type': 'application/merge-patch+json' };
  const sent = { method, headers, agent, mostMiB: 4, signal: AbortSignal.timeout(LIMIT) };
  const status = await exchange(new URL(path, input.server), {
    ...sent,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).then(
    (answer) => answer.status,
    () => 0,
  );
  samples.push({ at, ms: performance.now() - began, status });
  return status;
}

/** One change of an entry at a time, so that the count is certain. */
async function count(): Promise<void> {
  const { entry = '' } = input.places[Math.floor(Math.random() * input.places.length)] ?? {};
  if (busy.has(entry)) return;
  busy.add(entry);
  const next = (counts[entry] ?? 0) + 1;
  const path = `/apis/networking.istio.io/v1/namespaces/${NAMESPACE}/workloadentries/${entry}`;
  const status = await ask('PATCH', path, { metadata: { annotations: { [COUNTED]: String(next) } } });
  if (status === 200) counts[entry] = next;
  // A request without an answer may have been carried out: the entry is left alone.
  if (status !== 0) busy.delete(entry);
  else delete counts[entry];
}

const timer = setInterval(() => {
  turn += 1;
  const requests = [() => ask('GET', own), () => ask('PATCH', own, { data: { turn: String(turn) } }), count];
  const work = Promise.resolve(requests[turn % requests.length]?.()).then(() => undefined);
  open.add(work);
  void work.finally(() => open.delete(work));
}, EVERY);
process.stdin.resume().on('end', () => {
  clearInterval(timer);
  void Promise.all(open).then(() => {
    process.stdout.write(`${JSON.stringify({ samples, counts })}\n`);
    agent.destroy();
  });
});
