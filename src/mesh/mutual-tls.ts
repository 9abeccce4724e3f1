import { type ClientTls, clientTls, type Destination, type EffectiveClientTls } from './destination-rule.ts';
import { type EffectiveMtls, effectiveMtls, type MtlsMode } from './peer-authentication.ts';
import type { KubeObject } from './kube-object.ts';
import { portMeaning } from './protocol.ts';
import { serviceHost } from './service-host.ts';
import type { ServicePort } from './service-port.ts';
import type { Workload } from './workload.ts';
import { workloadLabels } from './workload-labels.ts';

/** What happens to a connection. `hangs`: both sides wait for the other's first byte, without an error. */
export type Meeting = 'hangs' | 'mutual-tls' | 'plaintext' | 'refused' | 'tls-of-its-own';

/** What clients of one port get. */
export interface PortSecurity {
  readonly service: string;
  readonly port: ServicePort;
  readonly server: EffectiveMtls;
  readonly client: EffectiveClientTls;
  /** A client with a sidecar. */
  readonly insideMesh: Meeting;
  /** A client without one that speaks plaintext. */
  readonly outsideMesh: Meeting;
  /** Such a client, refused, hears nothing until it sends something: one that waits for the server's greeting hangs. */
  readonly silentRefusal?: true;
}

/** The objects that decide on mutual TLS. */
export interface MtlsPolicies {
  readonly peerAuthentications: readonly KubeObject[];
  readonly destinationRules: readonly KubeObject[];
  readonly rootNamespace: string;
  readonly clusterDomain: string;
  /** How long a sidecar waits for a client's first bytes; absent: forever. */
  readonly detectionMs?: number;
  /** Where the client inside the mesh is; the workload's own namespace when absent. */
  readonly clientNamespace?: string;
}

/** What clients of each port will get, computed from the policies before anything changes. */
export function portSecurity(workload: Workload, policies: MtlsPolicies): readonly PortSecurity[] {
  const labels = workloadLabels(workload);
  const { namespace } = workload;
  return workload.services.flatMap(({ name, ports }) =>
    ports.map((port) => {
      const subject = { namespace, labels, port: port.number, rootNamespace: policies.rootNamespace };
      const server = effectiveMtls(subject, policies.peerAuthentications);
      const client = clientTls(destination(name, port, { namespace, policies }), policies.destinationRules);
      const insideMesh = meshClient(server.mode, client.tls, port);
      const outsideMesh = plaintextClient(server.mode, port, policies.detectionMs);
      const isSilent = server.mode === 'STRICT' && policies.detectionMs === undefined && portMeaning(port).serverFirst;
      const result = { service: name, port, server, client, insideMesh, outsideMesh };
      return isSilent ? { ...result, silentRefusal: true as const } : result;
    }),
  );
}

/**
 * A plaintext client: STRICT refuses it, DISABLE serves it. PERMISSIVE detects TLS by the client's first bytes. If the server speaks
 * first, both sides wait forever, unless the mesh limits the detection: then it is served after that time.
 */
export function plaintextClient(mode: MtlsMode, port: ServicePort, detectionMs?: number): Meeting {
  if (mode === 'STRICT') return 'refused';
  const hangs = mode === 'PERMISSIVE' && detectionMs === undefined && portMeaning(port).serverFirst;
  return hangs ? 'hangs' : 'plaintext';
}

/** A client with a sidecar. Its DestinationRule decides, else what the server accepts. */
export function meshClient(mode: MtlsMode, tls: ClientTls, port: ServicePort): Meeting {
  if (tls === 'AUTO') return mode === 'DISABLE' ? 'plaintext' : 'mutual-tls';
  if (tls === 'ISTIO_MUTUAL') return mode === 'DISABLE' ? 'refused' : 'mutual-tls';
  if (tls === 'DISABLE') return plaintextClient(mode, port);
  return mode === 'STRICT' ? 'refused' : 'tls-of-its-own';
}

function destination(
  service: string,
  port: ServicePort,
  { namespace, policies }: { readonly namespace: string; readonly policies: MtlsPolicies },
): Destination {
  const { clusterDomain, rootNamespace, clientNamespace = namespace } = policies;
  const host = serviceHost(service, namespace, clusterDomain);
  return { host, port: port.number, namespace, clientNamespace, rootNamespace, clusterDomain };
}
