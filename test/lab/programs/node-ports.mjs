// Plays kube-proxy: node-ports.mjs ADDRESS PORT=HOST:PORT… hands connections to the node's ports on.
import { connect, createServer } from 'node:net';

const [address, ...forwards] = process.argv.slice(2);
for (const forward of forwards) {
  const [, port, host, target] = /^(\d+)=(.+):(\d+)$/.exec(forward);
  createServer((near) => {
    const far = connect(Number(target), host);
    near.pipe(far).pipe(near);
    for (const each of [near, far]) each.on('error', () => (near.destroy(), far.destroy()));
  }).listen(Number(port), address);
}
