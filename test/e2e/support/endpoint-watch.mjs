// HOST PORT: prints `TIME ADDRESS…` whenever the endpoints change that the sidecar of this network has for the service. TIME is in
// milliseconds since 1970.
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const [host, port] = process.argv.slice(2);
const cluster = `outbound|${port}||${host}::`;
let last;

const clusters = () =>
  new Promise((resolve, reject) => {
    get('http://127.0.0.1:15000/clusters', { agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => (text += part));
      answer.on('end', () => resolve(text));
    }).on('error', reject);
  });

for (;;) {
  const lines = (await clusters())
    .split('\n')
    .filter((line) => line.startsWith(cluster) && line.endsWith('health_flags::healthy'));
  const endpoints = lines
    .map((line) => line.slice(cluster.length).split(':')[0])
    .sort()
    .join(' ');
  if (endpoints !== last) process.stdout.write(`${Date.now()} ${endpoints}\n`);
  last = endpoints;
  await delay(20);
}
