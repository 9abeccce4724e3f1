import { accessChecks } from './access.ts';
import { addressChecks } from './addresses.ts';
import { ambientChecks } from './ambient.ts';
import { authorizationChecks } from './authorization.ts';
import { controlPlaneChecks } from './control-plane.ts';
import { discoveryChecks } from './discovery.ts';
import { driftChecks } from './drift.ts';
import { entryChecks } from './entries.ts';
import { exposureChecks } from './exposure.ts';
import type { MeshCheck, NamespaceCheck } from './facts.ts';
import { gatewayChecks } from './gateway.ts';
import { groupProbeChecks } from './group-probes.ts';
import { labelChecks } from './labels.ts';
import { settingChecks } from './mesh-settings.ts';
import { mutualTlsChecks } from './mutual-tls.ts';
import { namespaceChecks } from './namespace.ts';
import { portNameChecks } from './port-names.ts';
import { namespaceRevisionChecks, revisionChecks } from './revisions.ts';
import { namespaceRootChecks, rootChecks } from './roots.ts';
import { serviceChecks } from './services.ts';
import { targetChecks } from './targets.ts';
import { versionChecks } from './versions.ts';
import { visibilityChecks } from './visibility.ts';

/** Checks of the mesh as a whole. */
export const MESH_CHECKS: readonly MeshCheck[] = [
  ...accessChecks,
  ...controlPlaneChecks,
  ...versionChecks,
  ...revisionChecks,
  ...settingChecks,
  ...exposureChecks,
  ...gatewayChecks,
  ...discoveryChecks,
  ...rootChecks,
];

/** Checks of each namespace with VMs. */
export const NAMESPACE_CHECKS: readonly NamespaceCheck[] = [
  ...namespaceRevisionChecks,
  ...namespaceRootChecks,
  ...namespaceChecks,
  ...entryChecks,
  ...addressChecks,
  ...driftChecks,
  ...groupProbeChecks,
  ...serviceChecks,
  ...targetChecks,
  ...portNameChecks,
  ...labelChecks,
  ...ambientChecks,
  ...mutualTlsChecks,
  ...authorizationChecks,
  ...visibilityChecks,
];
