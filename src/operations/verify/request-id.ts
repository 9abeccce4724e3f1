import { randomUUID } from 'node:crypto';
import type { AccessEntry } from '../../mesh/access-entry.ts';
import type { WebRequest } from '../../mesh/web-request.ts';

/** A request that can be found in access logs. */
export interface Marked {
  readonly id: string;
  readonly request: WebRequest;
}

/**
 * Gives a request an id. A gateway replaces the id of a request from outside, so the user agent has it too, which proxies pass on.
 * A given id or agent stays.
 */
export function marked(request: WebRequest): Marked {
  const given = (name: string): string | undefined => request.headers.find(([key]) => key.toLowerCase() === name)?.[1];
  const id = given('x-request-id') ?? randomUUID();
  const headers = [
    ...request.headers,
    ...(given('x-request-id') === undefined ? [['x-request-id', id] as const] : []),
    ...(given('user-agent') === undefined ? [['user-agent', `meshx-verify/${id}`] as const] : []),
  ];
  return { id, request: { ...request, headers } };
}

/** The lines of a marked request, those of all sides that share an id with one of them included. */
export function linesOf(id: string, entries: readonly AccessEntry[]): readonly AccessEntry[] {
  const isMarked = ({ line }: AccessEntry): boolean =>
    line?.requestId === id || line?.userAgent?.endsWith(`/${id}`) === true;
  const ids = new Set([id, ...entries.filter(isMarked).flatMap(({ line }) => line?.requestId ?? [])]);
  return entries.filter((entry) => isMarked(entry) || ids.has(entry.line?.requestId ?? ''));
}
