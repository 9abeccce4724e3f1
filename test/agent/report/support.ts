import type { Holder } from '../../../src/agent/report/fence.ts';
import type { ServiceHealth, ServiceState } from '../../../src/agent/health/health.ts';
import type { KubeObject } from '../../../src/mesh/kube-object.ts';

export const NOW = new Date('2026-11-30T10:00:00.000Z');
const BOOT = '0b6d4bd5-0c5c-4a5e-8f3e-5f3d5d9c3f10';
export const OTHER_BOOT = '7f3e0a52-9e0c-4f43-8f0b-22d1a6c7c001';
export const HOLDER: Holder = { generation: 3, boot: BOOT, started: '2026-11-30T09:00:00.000Z' };
export const ADDRESS = '10.150.0.5';

export const MYSQL = { name: 'mysqldb', ports: [{ name: 'mysql', number: 3306 }] };
export const WEB = {
  name: 'web',
  ports: [
    { name: 'http', number: 8080 },
    { name: 'admin', number: 9000 },
  ],
};
export const PORTS = { 'mysql-3306': 3306, 'http-8080': 8080, 'admin-9000': 9000 };

export const health = (name: string, state: ServiceState, reason = ''): ServiceHealth => ({
  ...{ name, state, reason },
  since: NOW,
});

export interface EntryParts {
  readonly ports?: Readonly<Record<string, number>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly address?: string;
}

/** The entry of a VM with two services, as istiod makes it. */
export function anEntry({ ports = PORTS, annotations = {}, address = ADDRESS }: EntryParts = {}): KubeObject {
  const declared = Object.entries(PORTS).map(([name, number]) => `${name}=${number}`);
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: {
      ...{ name: `db1-${ADDRESS}`, namespace: 'vm', labels: { app: 'db1' }, resourceVersion: '7' },
      annotations: { 'meshx.dev/ports': declared.join(','), 'meshx.dev/agent': '3', ...annotations },
    },
    spec: { address, serviceAccount: 'db1', labels: { app: 'db1' }, ports },
  };
}

/** The entry after a JSON merge patch (RFC 7386). */
export function patched(value: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null) return patch;
  const base: Record<string, unknown> = typeof value === 'object' && value !== null ? { ...value } : {};
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) delete base[key];
    else base[key] = patched(base[key], change);
  }
  return base;
}

/** A token as the API server makes it, which no one verifies here. */
export function aToken(issued: Date, seconds: number, id = 'x'): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(issued.getTime() / 1000);
  return `${part({ alg: 'RS256' })}.${part({ iat, exp: iat + seconds, aud: ['api'], id })}.${part(id)}`;
}
