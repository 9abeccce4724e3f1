// ADDRESS: a metadata server as Compute Engine has it. A line `KEY VALUE` on stdin sets a value; each request is printed.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const values = new Map([
  ['preempted', { value: 'FALSE', tag: 'a0' }],
  ['maintenance-event', { value: 'NONE', tag: 'b0' }],
]);
/** Requests that wait for a change of the key. */
const held = new Map();

function answer(key, response) {
  const { value, tag } = values.get(key);
  response.setHeader('metadata-flavor', 'Google').setHeader('etag', tag).end(value);
}

createServer((request, response) => {
  const url = new URL(request.url, 'http://metadata');
  const key = url.pathname.replace('/computeMetadata/v1/instance/', '');
  process.stdout.write(`${request.socket.remoteAddress} ${request.url}\n`);
  if (request.headers['metadata-flavor'] !== 'Google' || !values.has(key)) return response.writeHead(403).end();
  if (url.searchParams.get('last_etag') !== values.get(key).tag) return answer(key, response);
  held.set(key, [...(held.get(key) ?? []), response]);
}).listen(80, process.argv[2], () => process.stdout.write('listening\n'));

let changes = 0;
createInterface({ input: process.stdin }).on('line', (line) => {
  const [key, value] = line.split(' ');
  values.set(key, { value, tag: `c${(changes += 1)}` });
  for (const response of held.get(key) ?? []) answer(key, response);
  held.delete(key);
});
