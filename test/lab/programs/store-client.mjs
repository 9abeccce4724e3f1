// An HTTP application in front of etcd's keys: store-client.mjs PORT STORE, where STORE is http://HOST:PORT
// GET / is a text with an etag; GET /productpage is a page with the value of the key `title`; PUT /storage takes {"key", "value"}; GET /storage/KEY. Answers about keys are chunked and hold etcd's own.
// It hands on what a trace of a request needs, as Istio's sample does.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const [port, store] = process.argv.slice(2);
const ALIVE = 'Simple test for liveliness of the application!';
const etag = `W/"${ALIVE.length.toString(16)}-${createHash('sha1').update(ALIVE).digest('base64').slice(0, 27)}"`;

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function asked(path, { headers: given }, options = {}) {
  const kept = ['x-request-id', 'user-agent'].filter((name) => given[name] !== undefined);
  const headers = { ...options.headers, ...Object.fromEntries(kept.map((name) => [name, given[name]])) };
  const answer = await fetch(`${store}/v2/keys/${path}`, { ...options, headers, signal: AbortSignal.timeout(10_000) });
  return await answer.text();
}

const PAGE = '<!DOCTYPE html><html><head><title>Simple Bookstore App</title></head><body><pre>';

const ROUTES = {
  'GET /productpage': async (request, response) => {
    const answer = await asked('title', request);
    response.writeHead(200, { 'content-type': 'text/html' }).end(`${PAGE}${answer}</pre></body></html>`);
  },
  'GET /': (_request, response) => response.writeHead(200, { etag, 'content-length': ALIVE.length }).end(ALIVE),
  'PUT /storage': async (request, response) => {
    const given = await bodyOf(request);
    const { key, value } = JSON.parse(given);
    const form = { method: 'PUT', body: new URLSearchParams({ value }) };
    const answer = await asked(encodeURIComponent(key), request, form);
    response.writeHead(201, { 'content-type': 'text/plain' });
    response.write(`created ->${given}: `);
    response.end(answer);
  },
  'GET /storage/': async (request, response) => {
    const answer = await asked(request.url.slice('/storage/'.length), request);
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('stored ->');
    response.end(answer);
  },
};

createServer(async (request, response) => {
  const path = request.url.replace(/^(\/storage\/).+$/, '$1');
  const route = ROUTES[`${request.method} ${path}`];
  try {
    await (route ? route(request, response) : response.writeHead(404).end());
  } catch (error) {
    if (!response.headersSent) response.writeHead(502);
    response.end(String(error));
  }
}).listen(Number(port), '0.0.0.0');
