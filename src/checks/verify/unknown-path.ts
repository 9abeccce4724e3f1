import { isAnswer, type Reply } from '../../mesh/web-request.ts';
import type { Result, Seen } from '../check.ts';

const UNKNOWN = {
  id: 'unknown-path',
  category: 'exposure',
  severity: 'error',
  ms: 0,
  title: 'a path that no route has gets 404 from the gateway',
} as const;

/** What a path got that no route has, or why none was tried. */
export type UnknownPath = { readonly path: string; readonly reply: Reply } | { readonly untried: string };

/** Whether the gateway forwards the paths of its routes alone. */
export function judgeUnknownPath(tried: UnknownPath): Result {
  return { ...UNKNOWN, ...seenOf(tried) };
}

/** Of a gateway that asks who calls before it routes. */
const BEFORE_ROUTES: ReadonlySet<number> = new Set([301, 302, 307, 308, 401, 403]);

function seenOf(tried: UnknownPath): Seen {
  if ('untried' in tried) return { ok: 'skipped', detail: tried.untried };
  const { path, reply } = tried;
  if (!isAnswer(reply)) return { ok: 'skipped', detail: `${path}: ${reply.detail}` };
  if (reply.status === 404) return { ok: true, detail: `${path}: ${reply.status}` };
  if (BEFORE_ROUTES.has(reply.status))
    return { ok: 'skipped', detail: `${path}: ${reply.status}, which the gateway answers before it chooses a route` };
  return {
    ok: false,
    detail: `${path}: ${reply.status}; something behind the gateway got it`,
    hint: 'See which routes its hosts have: kubectl get virtualservices.networking.istio.io -A -o yaml',
  };
}
