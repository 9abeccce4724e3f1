import { isAnswer, type Reply } from '../../mesh/web-request.ts';
import type { Result, Seen } from '../check.ts';
import type { ConnectionSeen } from './request-seen.ts';

const path = { category: 'path', severity: 'warning', ms: 0 } as const;
const OUT = { ...path, id: 'pod-from-vm', title: 'the machine reaches pods of the mesh' };
const IN = { ...path, id: 'vm-from-pod', title: 'pods of the mesh reach the machine' };

/** What both sides of the network met before a join, or why it was not tried. */
export type NetworkTried =
  | { readonly untried: string }
  | {
      /** `Pod web/client-1`. */
      readonly pod: string;
      /** From the machine to the sidecar's health port, ADDRESS:PORT. */
      readonly out: { readonly target: string; readonly reply: Reply };
      /** From the pod to a port of the machine. */
      readonly back: ConnectionSeen;
    };

const HINT =
  'Route both networks to each other and open their firewalls; for machines in another network join through the east-west gateway, with --network NAME';

/** Without NAT and firewalls between, machines and pods of one network reach each other at their own addresses. */
export function judgeNetwork(tried: NetworkTried): readonly Result[] {
  if ('untried' in tried) return [OUT, IN].map((each) => ({ ...each, ok: 'skipped', detail: tried.untried }));
  const { pod, out, back } = tried;
  return [
    { ...OUT, ...outward(out, pod) },
    { ...IN, ...inward(back, pod) },
  ];
}

function outward({ target, reply }: { readonly target: string; readonly reply: Reply }, pod: string): Seen {
  if (isAnswer(reply)) return { ok: true, detail: `${pod} answers ${reply.status} at ${target}` };
  const detail = `${pod} at ${target}: ${reply.detail}`;
  return reply.failure === 'no-program' ? { ok: 'skipped', detail } : { ok: false, detail, hint: HINT };
}

function inward({ outcome, detail }: ConnectionSeen, pod: string): Seen {
  if (outcome === 'untried') return { ok: 'skipped', detail: `from ${pod}: ${detail}` };
  return outcome === 'failed'
    ? { ok: false, detail: `from ${pod}: ${detail}`, hint: HINT }
    : { ok: true, detail: `from ${pod}: ${detail}` };
}
