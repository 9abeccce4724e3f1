import type { UnknownPath } from '../../checks/verify/unknown-path.ts';
import { takesEveryPath } from '../../mesh/gateway-route.ts';
import { type KubeObject, refOf, showRef } from '../../mesh/kube-object.ts';
import { isAnswer, type Reply, type WebRequest } from '../../mesh/web-request.ts';

/** No route of a person has it. */
const UNKNOWN_PATH = '/meshx-path-without-a-route';

interface Trying {
  /** What the path of the route got. */
  readonly reply: Reply | undefined;
  /** All VirtualServices of the Gateway. */
  readonly bound: readonly KubeObject[];
  readonly send: (request: WebRequest) => Promise<Reply>;
}

/** Sends a path that no route has to the host of a request that a gateway answered. */
export async function tryUnknownPath(request: WebRequest, { reply, bound, send }: Trying): Promise<UnknownPath> {
  const open = bound.find(takesEveryPath);
  if (open) return { untried: `${showRef(refOf(open))} takes every path` };
  if (!reply || !isAnswer(reply)) return { untried: 'the gateway does not answer' };
  const { body: _unused, ...bare } = request;
  const url = new URL(UNKNOWN_PATH, request.url).href;
  return { path: UNKNOWN_PATH, reply: await send({ ...bare, method: 'GET', url }) };
}
