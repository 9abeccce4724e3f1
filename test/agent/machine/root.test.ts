import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { askRoot } from '../../../src/agent/machine/root.ts';

const { signal } = new AbortController();
let folder: string;
let server: Server | undefined;
const accepted: Socket[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshx-root-'));
});
afterEach(() => {
  for (const socket of accepted.splice(0)) socket.destroy();
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Root's end of the socket. */
async function root(listener: (socket: Socket) => void): Promise<string> {
  const path = join(folder, 'root.sock');
  server = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => undefined);
    listener(socket);
  }).listen(path);
  await once(server, 'listening');
  return path;
}

describe('a request to root', () => {
  it('is one line with a verb, and the answer is one line', async () => {
    const asked: string[] = [];
    const socket = await root((each) => {
      each.on('data', (data) => {
        asked.push(String(data));
        each.end('done\n');
      });
    });
    expect(await askRoot('restore-rules', { signal, socket })).toEqual({ outcome: 'done', reason: '' });
    expect(asked).toEqual(['restore-rules\n']);
  });

  it.each([
    ['nothing to do\n', { outcome: 'nothing to do', reason: '' }],
    ['refused: istio.service is not enabled\n', { outcome: 'refused', reason: 'istio.service is not enabled' }],
    ['refused: \u001b[31mred\n', { outcome: 'refused', reason: '\\u001b[31mred' }],
  ])('understands the answer %j', async (line, answer) => {
    const socket = await root((each) => void each.end(line));
    expect(await askRoot('start-sidecar', { signal, socket })).toEqual(answer);
  });

  it.each(['', 'maybe\n', 'done and more\n', 'x'.repeat(100_000)])('takes no other answer (%#)', async (text) => {
    const socket = await root((each) => void each.end(text));
    expect(await askRoot('start-sidecar', { signal, socket })).toMatchObject({ outcome: 'unreachable' });
  });

  it('has a time limit, and survives a root that does not listen', async () => {
    const silent = await root(() => undefined);
    expect(await askRoot('renew-token', { signal, socket: silent, timeoutMs: 50 })).toMatchObject({
      outcome: 'unreachable',
    });
    expect(await askRoot('renew-token', { signal, socket: join(folder, 'none') })).toMatchObject({
      outcome: 'unreachable',
      reason: expect.stringContaining('ENOENT'),
    });
  });
});
