// A proxy between meshx and the API server. It terminates TLS with the lab's own certificate, and causes faults: tsx
// test/faults/api-proxy.ts LISTEN_HOST PORT SERVER_PORT PKI_FOLDER CONTROL_SOCKET The first segment of a path is the
// seat, the caller. Each seat counts its own requests and has its own fault.
import { readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, createServer as createTlsServer, request } from 'node:https';
import { join } from 'node:path';
import type { RequestFault } from './faults.ts';

interface Seat {
  readonly requests: string[];
  at: number;
  fault: RequestFault | 'none';
  /** Method and path that met the fault: a repeated one meets it again. */
  struck?: string;
}

const [host = '', port = '', serverPort = '', pki = '', control = ''] = process.argv.slice(2);
const pem = (name: string): string => readFileSync(join(pki, name), 'utf8');
const agent = new Agent({ keepAlive: true, ca: pem('ca.crt') });
const seats = new Map<string, Seat>();

function seatOf(name: string): Seat {
  const seat = seats.get(name) ?? { requests: [], at: 0, fault: 'none' };
  seats.set(name, seat);
  return seat;
}

function refuse(response: ServerResponse, code: number, reason: string): void {
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: `${reason} (injected)`, reason, code };
  response.writeHead(code, { 'content-type': 'application/json', ...(code === 429 ? { 'retry-after': '1' } : {}) });
  response.end(JSON.stringify(status));
}

function forward(incoming: IncomingMessage, response: ServerResponse, path: string, lost: boolean): void {
  const options = { host, port: serverPort, path, method: incoming.method, headers: incoming.headers, agent };
  const sent = request(options, (answer) => {
    if (lost) return void answer.resume().on('end', () => incoming.socket.destroy());
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  sent.on('error', () => incoming.socket.destroy());
  incoming.pipe(sent);
}

function answer(incoming: IncomingMessage, response: ServerResponse): void {
  const [, name = '', rest = ''] = /^\/([^/]+)(\/.*)$/.exec(incoming.url ?? '') ?? [];
  const seat = seatOf(name);
  const key = `${incoming.method} ${rest.split('?')[0]}`;
  seat.requests.push(key);
  const again = seat.struck === key && seat.fault !== '429-once';
  if (seat.requests.length !== seat.at && !again) return forward(incoming, response, rest, false);
  seat.struck = key;
  switch (seat.fault) {
    case '409':
      return refuse(response, 409, 'Conflict');
    case '429':
    case '429-once':
      return refuse(response, 429, 'TooManyRequests');
    case '500':
      return refuse(response, 500, 'InternalError');
    case 'timeout':
    case 'kill':
      return;
    case 'cut-before':
      return void incoming.socket.destroy();
    case 'cut-after':
      return forward(incoming, response, rest, true);
    case 'none':
      return forward(incoming, response, rest, false);
  }
}

createTlsServer({ key: pem('srv.key'), cert: pem('srv.crt') }, answer).listen(Number(port), host);

// GET /SEAT tells the requests and whether the fault struck; PUT /SEAT?at=N&fault=WORD starts to count anew.
rmSync(control, { force: true });
createServer((incoming, response) => {
  const url = new URL(incoming.url ?? '/', 'http://control');
  const name = url.pathname.slice(1);
  if (incoming.method === 'PUT') {
    // as: the harness sends a fault of REQUEST_FAULTS, or none.
    const fault = (url.searchParams.get('fault') ?? 'none') as Seat['fault'];
    seats.set(name, { requests: [], at: Number(url.searchParams.get('at')), fault });
  }
  const { requests, struck } = seatOf(name);
  response.end(JSON.stringify({ requests, struck: struck !== undefined }));
}).listen(control);
