// The two pages of a kubelet that commands of meshx use: kubelet.mjs ADDRESS PORT CERT KEY PREFIX LOGS
// Logs of a pod are in LOGS/POD.log; a program runs in the network namespace PREFIXPOD, as user 65534.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';

const [address, port, cert, key, prefix, logs] = process.argv.slice(2);
const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
  const url = new URL(request.url, 'https://kubelet');
  const [, page, , pod] = url.pathname.split('/');
  if (page !== 'containerLogs') return response.writeHead(404).end();
  const lines = readFileSync(join(logs, `${pod}.log`), 'utf8').split('\n');
  const tail = Number(url.searchParams.get('tailLines') ?? lines.length);
  response.end(lines.slice(Math.max(0, lines.length - 1 - tail)).join('\n'));
});

const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  const url = new URL(request.url, 'https://kubelet');
  const [, page, , pod] = url.pathname.split('/');
  if (page !== 'exec') return socket.destroy();
  sockets.handleUpgrade(request, socket, head, (client) => {
    const argv = url.searchParams.getAll('command');
    const child = spawn('ip', [
      'netns',
      'exec',
      `${prefix}${pod}`,
      'setpriv',
      '--reuid=65534',
      '--clear-groups',
      ...argv,
    ]);
    const send = (channel, data) => client.send(Buffer.concat([Buffer.of(channel), Buffer.from(data)]));
    child.stdout.on('data', (data) => send(1, data));
    child.stderr.on('data', (data) => send(2, data));
    child.stdin.on('error', () => undefined);
    client.on('message', (message) => message[0] === 0 && child.stdin.write(message.subarray(1)));
    client.on('close', () => child.kill('SIGKILL'));
    child.on('close', (code) => {
      const causes = [{ reason: 'ExitCode', message: String(code) }];
      const failure = { status: 'Failure', message: `command terminated with exit code ${code}`, details: { causes } };
      send(3, JSON.stringify(code === 0 ? { status: 'Success' } : failure));
      client.close();
    });
  });
});
server.listen(Number(port), address);
