import type { Attempt } from './attempt.ts';
import { authority } from './http.ts';
import type { Http2Response } from './http2-request.ts';
import type { Method } from './method.ts';
import { failed, ok, type ProbeResult } from './probe.ts';
import { plain } from './reason.ts';

/** HealthCheckResponse.ServingStatus, grpc/health/v1/health.proto. */
const STATUS = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
const UNIMPLEMENTED = '12';
const NOT_FOUND = '5';

/** Ready if grpc.health.v1.Health/Check answers SERVING (GRPC Health Checking Protocol, gRPC over HTTP/2). */
export async function grpc(method: Method<'grpc'>, attempt: Attempt): Promise<ProbeResult> {
  const headers = {
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    ':authority': authority(attempt.address, method.port),
    'content-type': 'application/grpc',
    'user-agent': 'meshx',
    te: 'trailers',
  };
  // Loaded on demand, as in http2.ts.
  const { requestHttp2 } = await import('./http2-request.ts');
  return judged(
    await requestHttp2(attempt, method, { headers, body: framed(request(method.service)) }),
    method.service,
  );
}

/** HealthCheckRequest { string service = 1; } An empty string is not encoded. */
function request(service: string): Buffer {
  const name = Buffer.from(service);
  return name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
}

function varint(value: number): Buffer {
  return value < 128 ? Buffer.from([value]) : Buffer.from([(value & 0x7f) | 0x80, value >> 7]);
}

/** A length-prefixed message that is not compressed. */
function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function judged({ status, headers, body, trailers }: Http2Response, service: string): ProbeResult {
  if (status !== 200) return failed(`status ${status}`);
  // A response without a message has its status in the headers ("trailers only").
  const code = String(trailers['grpc-status'] ?? headers['grpc-status'] ?? '0');
  if (code === UNIMPLEMENTED) return failed('the server has no health service');
  if (code === NOT_FOUND) return failed(`the server does not know the service ${plain(service, 100)}`);
  if (code !== '0') return failed(`gRPC status ${plain(code, 10)}`);
  const serving = servingStatus(body);
  return serving === 'SERVING' ? ok(serving) : failed(serving);
}

/** HealthCheckResponse { ServingStatus status = 1; } Zero is not encoded; unknown fields of it do not exist. */
function servingStatus(body: Buffer): string {
  const size = body.length >= 5 && body[0] === 0 ? body.readUInt32BE(1) : -1;
  if (size !== body.length - 5) return 'the server sent no health status';
  const message = body.subarray(5);
  const value = message.length === 0 ? 0 : message.length === 2 && message[0] === 0x08 ? (message[1] ?? -1) : -1;
  return STATUS[value] ?? 'the server sent an unknown health status';
}
