import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';

const MIB = 1024 * 1024;

export interface Exchange extends RequestOptions {
  readonly body?: string;
  /** A longer answer is an error. */
  readonly mostMiB: number;
}

export interface ExchangeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends one HTTP request and reads the whole answer, whatever its status. */
export function exchange(url: URL, { body, mostMiB, headers, ...options }: Exchange): Promise<ExchangeAnswer> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = send(
      url,
      { ...options, headers: { ...headers, accept: 'application/json', ...length } },
      (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on('data', (part: Buffer) => {
          parts.push(part);
          size += part.length;
          if (size > mostMiB * MIB) response.destroy(new RangeError(`the answer is larger than ${mostMiB} MiB`));
        });
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, body: Buffer.concat(parts).toString('utf8') });
        });
      },
    );
    sent.on('error', reject).end(body);
  });
}

/** Sends one HTTP request without a body. The answer is there once its headers are; `signal` then ends it no more. */
export function openExchange(url: URL, { headers, ...options }: RequestOptions): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    send(url, { ...options, headers: { ...headers, accept: '*/*' } }, resolve)
      .on('error', reject)
      .end();
  });
}
