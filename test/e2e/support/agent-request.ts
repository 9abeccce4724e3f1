import { request } from 'node:https';
import type { ApiForward } from './api-forward.ts';

export interface Asked {
  readonly method: 'GET' | 'PATCH' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

/** The status of one request with a token, as a hostile agent would send it. */
export async function statusOf({ url, ca }: ApiForward, token: string, { method, path, body }: Asked): Promise<number> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const headers = { authorization: `Bearer ${token}`, 'content-type': type };
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { method, ca, headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}
