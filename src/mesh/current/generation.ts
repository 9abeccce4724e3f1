import type { CurrentFacts } from '../cluster-facts.ts';
import type { MeshGeneration } from '../generation.ts';
import { currentFiles } from './vm-files.ts';
import { currentKubedns } from './kubedns.ts';
import { PROXY_PORTS } from './ports.ts';
import { refusedMetadata } from './proxy-config.ts';

/** A mesh of istiod. */
export const currentMesh: MeshGeneration<CurrentFacts> = {
  controlPlane: 'istiod',
  hasGroups: true,
  capturesDns: true,
  deliversToLoopback: false,
  showsConnections: true,
  sidecarPorts: PROXY_PORTS,
  inboundPort: 15006,
  endpoint: ({ istiodAddresses, istiodPort }) => ({ addresses: istiodAddresses, port: istiodPort }),
  source: ({ istiodAddresses: [address = 'no address'], istiodAddressSource }) =>
    `istiod at ${address} from ${istiodAddressSource}`,
  files: currentFiles,
  refusedMetadata,
  isAmbient: ({ ambient }) => ambient === true,
  kubedns: currentKubedns,
};
