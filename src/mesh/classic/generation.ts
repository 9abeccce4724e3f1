import type { ClassicFacts } from '../cluster-facts.ts';
import type { MeshGeneration } from '../generation.ts';
import { classicClusterEnv, classicKubedns } from './files.ts';
import { clusterEnvFile } from '../vm-file.ts';

/** A mesh of Pilot, Mixer and CA. The proxy has one port for traffic and one for administration. */
export const classicMesh: MeshGeneration<ClassicFacts> = {
  controlPlane: 'Pilot',
  hasGroups: false,
  capturesDns: false,
  deliversToLoopback: true,
  showsConnections: false,
  sidecarPorts: new Set([15000, 15001]),
  inboundPort: 15001,
  endpoint: ({ addresses }) => ({ addresses: [addresses.pilot], port: 8080 }),
  source: ({ serviceCidrSource }) => `service range from ${serviceCidrSource}`,
  files: (facts) => ({ files: [clusterEnvFile(classicClusterEnv(facts))] }),
  refusedMetadata: () => undefined,
  isAmbient: () => false,
  kubedns: classicKubedns,
};
