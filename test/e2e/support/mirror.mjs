// FOLDER PORT: serves the files of a folder on 127.0.0.1, and prints each request. Stands for a mirror of Istio's releases.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, normalize } from 'node:path';

const [folder, port] = process.argv.slice(2);

createServer((request, response) => {
  const path = normalize(new URL(request.url, 'http://mirror').pathname);
  process.stdout.write(`GET ${path}\n`);
  const found = statSync(join(folder, path), { throwIfNoEntry: false });
  if (!found?.isFile()) return response.writeHead(404).end();
  response.writeHead(200, { 'content-length': found.size });
  createReadStream(join(folder, path)).pipe(response);
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('listening\n'));
