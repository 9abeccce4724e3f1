import * as z from 'zod';
import { tryJson } from '../../documents/json.ts';
import type { AgentSnapshot } from './snapshot.ts';

const TEXT = z.string().max(4096);
const TIME = z.iso.datetime();
const COUNT = z.number().min(0);

const STATE = z.enum(['starting', 'ready', 'degraded', 'down', 'draining', 'drained']);

const SERVICE = z.object({
  name: TEXT,
  state: STATE,
  since: TIME,
  reason: TEXT,
  inRotation: z.boolean(),
  ports: z.array(z.object({ name: TEXT, number: z.int() })).max(256),
  probe: z.object({ kind: TEXT, intervalSeconds: COUNT }),
  lastProbe: z
    .object({
      ended: TIME,
      outcome: z.enum(['ok', 'degraded', 'failed']),
      reason: TEXT,
      seconds: COUNT,
      details: z.record(TEXT, z.union([TEXT, z.number(), z.boolean()])).exactOptional(),
    })
    .exactOptional(),
});

const REPORTER = z.object({
  mode: z.enum(['api', 'health-channel', 'fenced']),
  since: TIME,
  lastWrite: TIME.exactOptional(),
  reason: TEXT.exactOptional(),
  tokenExpires: TIME.exactOptional(),
  server: TEXT.exactOptional(),
  unwatched: TEXT.exactOptional(),
});

const IDENTITY = z.object({
  state: z.enum(['valid', 'cliff', 'lost']),
  reason: TEXT,
  until: TIME.exactOptional(),
  certificateUntil: TIME.exactOptional(),
  authority: z.object({ kind: z.enum(['istiod', 'external', 'files', 'workload-api']), place: TEXT }).exactOptional(),
  trust: TEXT.exactOptional(),
});

const SNAPSHOT = z.object({
  version: z.literal(1),
  agent: z.object({
    ...{ version: TEXT, node: TEXT, started: TIME, uptime: COUNT },
    ...{ generation: z.int(), observe: z.boolean() },
  }),
  mesh: z.object({ group: TEXT, namespace: TEXT, account: TEXT, entry: TEXT, address: TEXT, network: TEXT }),
  reporter: REPORTER,
  judged: z.boolean(),
  services: z.array(SERVICE).max(256),
  invalidFiles: z
    .array(z.object({ file: TEXT, issues: z.array(TEXT).max(1000), lastGoodInEffect: z.boolean() }))
    .max(256),
  sidecar: z.object({ state: STATE, since: TIME, reason: TEXT }).exactOptional(),
  deviations: z.array(TEXT).max(64),
  identity: IDENTITY.exactOptional(),
});

/** The snapshot in an answer of the agent, or why there is none. Fields of a newer agent are left out. */
export function parseSnapshot(text: string): AgentSnapshot | { readonly unreadable: string } {
  const { data, error } = SNAPSHOT.safeParse(tryJson(text));
  if (data) return data;
  const [issue] = error.issues;
  return {
    unreadable: issue && issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : 'not its document',
  };
}
