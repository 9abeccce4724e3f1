import type { WebSocket } from 'ws';
import { tryJson } from '../../../documents/json.ts';
import { list, mapping, text } from '../../../mesh/unknown.ts';
import type { PodExecQuery, PodOutput } from '../kubernetes.ts';
import { problemOf } from './api-problems.ts';
import { resourcePath } from './resource-paths.ts';
import type { ApiRequest, Transport } from './transport.ts';

/** Channels of stdin, stdout, stderr and the final status. Source: k8s.io/apimachinery, pkg/util/remotecommand/constants.go. */
const PROTOCOL = 'v4.channel.k8s.io';
const [STDIN, STDOUT, STDERR, STATUS] = [0, 1, 2, 3] as const;
const MOST_BYTES = 1024 * 1024;

/**
 * Runs a program in a container, which must not wait for the end of its stdin: the protocol has none. Its output is cut after 1 MiB.
 * Throws Problems of the request.
 */
export async function execInPod(
  transport: Transport,
  cluster: string,
  { namespace, pod, container, argv, stdin }: PodExecQuery,
  signal: AbortSignal,
): Promise<PodOutput> {
  const object = `Pod ${namespace}/${pod}`;
  const query = new URLSearchParams({ container, stdin: 'true', stdout: 'true', stderr: 'true' });
  for (const word of argv) query.append('command', word);
  const path = `${resourcePath({ apiVersion: 'v1', kind: 'Pod', namespace, name: pod })}/exec?${query.toString()}`;
  const request: ApiRequest = { method: 'GET', path, summary: `run a program in ${container} of ${object}` };
  const upgrade = await transport.upgrade(request, PROTOCOL, signal);
  if ('answer' in upgrade) throw problemOf({ cluster, request, answer: upgrade.answer, object });
  return await outputOf(upgrade.socket, stdin, signal);
}

function outputOf(socket: WebSocket, stdin: string, signal: AbortSignal): Promise<PodOutput> {
  const parts: Readonly<Record<number, Buffer[]>> = { [STDOUT]: [], [STDERR]: [], [STATUS]: [] };
  const textOf = (channel: number): string => Buffer.concat(parts[channel] ?? []).toString('utf8');
  let size = 0;
  const stop = (): void => socket.terminate();
  signal.addEventListener('abort', stop, { once: true });
  return new Promise<PodOutput>((resolve, reject) => {
    // as: of the binaryType `nodebuffer`, the default, every message is a Buffer.
    socket.on('message', (message) => {
      const [channel = STDOUT] = message as Buffer;
      size += (message as Buffer).length;
      if (size <= MOST_BYTES) parts[channel]?.push((message as Buffer).subarray(1));
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (signal.aborted) reject(signal.reason as Error);
      else resolve({ stdout: textOf(STDOUT), stderr: textOf(STDERR), ...endOf(textOf(STATUS)) });
    });
    socket.resume();
    socket.send(Buffer.concat([Buffer.of(STDIN), Buffer.from(stdin)]));
  }).finally(() => signal.removeEventListener('abort', stop));
}

/** The status of the kubelet: success, or a failure with the exit code as its cause. */
function endOf(json: string): Pick<PodOutput, 'exitCode' | 'reason'> {
  const status = mapping(tryJson(json));
  if (status['status'] === 'Success') return { exitCode: 0 };
  const causes = list(mapping(status['details'])['causes']).map(mapping);
  const code = Number(text(causes.find(({ reason }) => reason === 'ExitCode')?.['message']));
  const reason = text(status['message']) ?? 'the connection ended without a status';
  return { ...(Number.isInteger(code) && { exitCode: code }), reason };
}
