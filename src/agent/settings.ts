import { createHmac } from 'node:crypto';
import { isIP } from 'node:net';
import * as z from 'zod';
import { formatYaml } from '../mesh/yaml-text.ts';
import { isSubdomain } from '../mesh/names.ts';
import { present } from '../present.ts';
import { parseStrict } from './strict-file.ts';

/**
 * One address of the API server, with the certificate authority that its certificate must come from.
 *
 * @public
 */
export interface ApiServer {
  /** `https://HOST[:PORT]`. */
  readonly server: string;
  /** PEM. */
  readonly ca: string;
}

/**
 * The place of the VM in the mesh; `entry` is the name of its own WorkloadEntry.
 *
 * @public
 */
export interface MeshPlace {
  readonly group: string;
  readonly namespace: string;
  readonly account: string;
  readonly entry: string;
  readonly address: string;
  /** Empty when the mesh has one network. */
  readonly network: string;
}

/** /etc/meshx/agent.yaml: who this VM is and how its agent reports. Written by the join, with no secret in it. */
export interface AgentSettings {
  /** Larger than that of any former join of this VM: fences the agents of machines that it replaced. */
  readonly generation: number;
  /** Only observe: probe, show and log; never write to the cluster. */
  readonly observe: boolean;
  /** `machineDigest` of the machine that was joined. */
  readonly machine: string;
  readonly mesh: MeshPlace;
  /** The address is on no interface of the machine: it is translated on the way to it. */
  readonly translated?: true;
  /** Names of the entry's ports and their numbers. */
  readonly ports: Readonly<Record<string, number>>;
  /** Tried in order. Empty: the agent reports through the sidecar's health channel. */
  readonly api: readonly ApiServer[];
  /** Origin of the metadata server that announces the end of the machine, or `none`. Absent: that of Compute Engine, on its machines. */
  readonly notices?: string;
  /** A port of 127.0.0.1 for the metrics, beside those on the agent's socket. */
  readonly metrics?: { readonly port: number };
}

const LABEL = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'not a DNS label');
const SUBDOMAIN = z.string().refine(isSubdomain, 'not a DNS subdomain');

const MESH = z.strictObject({
  group: LABEL,
  namespace: LABEL,
  account: SUBDOMAIN,
  entry: SUBDOMAIN,
  address: z.string().refine((text) => isIP(text) > 0, 'not an IP address'),
  network: z.string().regex(/^[\w.-]{0,253}$/, 'not the name of a network'),
});

const API = z.strictObject({
  server: z.string().max(300).refine(isApiServer, 'not https://HOST[:PORT]'),
  ca: z
    .string()
    .max(64 * 1024)
    .regex(/-----BEGIN CERTIFICATE-----/, 'no certificate in PEM')
    .refine((text) => !text.includes('PRIVATE KEY'), 'a private key does not belong here'),
});

const FILE = z.strictObject({
  format: z.literal(1, 'this agent reads format 1'),
  generation: z.int().positive(),
  observe: z.boolean().default(false),
  machine: z.string().regex(/^[0-9a-f]{64}$/, 'not a digest of 64 digits 0-9 a-f'),
  mesh: MESH,
  translated: z.literal(true).exactOptional(),
  ports: z
    .record(LABEL, z.int().min(1).max(65_535))
    .refine((ports) => Object.keys(ports).length <= 256, 'more than 256 ports'),
  api: z.array(API).max(8).default([]),
  notices: z.string().max(100).refine(isMetadataServer, 'neither none nor http://ADDRESS[:PORT]').optional(),
  metrics: z.strictObject({ port: z.int().min(1024).max(65_535) }).exactOptional(),
});

/** Parses agent.yaml. Throws `agent-file-invalid`, with the line of each issue; `file` is for these messages. */
export function parseAgentSettings(text: string, file = 'agent.yaml'): AgentSettings {
  const { generation, observe, machine, mesh, translated, ports, api, notices, metrics } = parseStrict(
    FILE,
    file,
    text,
  );
  return { generation, observe, machine, mesh, ...present({ translated, notices, metrics }), ports, api };
}

/** The text of agent.yaml, which parseAgentSettings reads back. Equal settings have equal texts. */
export function formatAgentSettings(settings: AgentSettings): string {
  const { generation, observe, machine, mesh, translated, ports, api, notices, metrics } = settings;
  const { group, namespace, account, entry, address, network } = mesh;
  const fields = {
    ...{ format: 1, generation, observe, machine, mesh: { group, namespace, account, entry, address, network } },
    ...present({ translated }),
    ports: Object.fromEntries(Object.entries(ports).sort(([a], [b]) => (a < b ? -1 : 1))),
    api: api.map(({ server, ca }) => ({ server, ca })),
    ...present({ notices }),
    ...(metrics && { metrics: { port: metrics.port } }),
  };
  return `# Written by meshx. Changes made by hand are lost at the next join.\n${formatYaml(fields)}`;
}

/** What agent.yaml records of /etc/machine-id: 64 hex digits. The id itself is confidential: machine-id(5). */
export function machineDigest(machineId: string): string {
  return createHmac('sha256', machineId.trim()).update('meshx').digest('hex');
}

function isApiServer(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' && url.origin === text.replace(/:443$/, '');
}

/** An address, not a name: what a resolver says must not choose who announces the end of the machine. */
function isMetadataServer(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return text === 'none' || (url?.protocol === 'http:' && url.origin === text && isIP(url.hostname) === 4);
}
