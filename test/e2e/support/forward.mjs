// Hands the connections of a UNIX socket to an address, from the network namespace that it runs in: forward.mjs SOCKET HOST PORT
import { connect, createServer } from 'node:net';

const [socket, host, port] = process.argv.slice(2);
createServer((near) => {
  const far = connect(Number(port), host);
  for (const [one, other] of [
    [near, far],
    [far, near],
  ]) {
    one.pipe(other);
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}).listen(socket, () => process.stdout.write('ready\n'));
