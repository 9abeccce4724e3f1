import { spawn } from 'node:child_process';
import { WebSocketServer } from 'ws';
import type { Upgraded } from './fake-pod-port.ts';

const server = new WebSocketServer({ noServer: true });

/** What a container is to programs: a PATH of its own, or nothing that can be started. */
export interface FakeContainer {
  readonly path?: string;
  /** Called when a program has ended. */
  readonly ended?: () => void;
}

/** A kubelet's answer to a request for a program, by the protocol v4.channel.k8s.io. */
export function servePodExec(asked: Upgraded, argv: readonly string[], { path, ended }: FakeContainer): void {
  server.handleUpgrade(...asked, (client) => {
    const send = (channel: number, data: Buffer | string): void =>
      client.send(Buffer.concat([Buffer.of(channel), Buffer.from(data)]));
    const end = (status: object): void => {
      send(3, JSON.stringify(status));
      ended?.();
      client.close();
    };
    client.on('error', () => undefined);
    if (path === undefined) {
      const message = `exec: "${argv[0]}": executable file not found in $PATH`;
      return end({ status: 'Failure', message, reason: 'InternalError' });
    }
    const [file = '', ...args] = argv;
    const child = spawn(file, args, { env: { PATH: path } });
    child.stdout.on('data', (data: Buffer) => send(1, data));
    child.stderr.on('data', (data: Buffer) => send(2, data));
    child.stdin.on('error', () => undefined);
    // as: of the binaryType `nodebuffer`, the default, every message is a Buffer.
    client.on('message', (message) => child.stdin.write((message as Buffer).subarray(1)));
    client.on('close', () => child.kill('SIGKILL'));
    child.on('close', (code) => {
      const causes = [{ reason: 'ExitCode', message: String(code) }];
      const message = `command terminated with exit code ${code}`;
      end(code === 0 ? { status: 'Success' } : { status: 'Failure', message, details: { causes } });
    });
  });
}
