import { list, mapping, text } from '../../mesh/unknown.ts';
import type { Seen } from '../check.ts';
import { type MeshCheck, type MeshFacts, wrong } from './facts.ts';

/** Settings of the mesh that surprise operators of VMs. */
export const settingChecks: readonly MeshCheck[] = [
  {
    id: 'access-log',
    category: 'cluster',
    severity: 'note',
    title: 'sidecars log the connections they carry',
    needs: ['about', 'meshConfig'],
    judge: accessLog,
  },
  {
    id: 'trust-domain-aliases',
    category: 'identity',
    severity: 'note',
    title: 'the mesh has one name for its identities',
    needs: ['about', 'meshConfig'],
    judge: aliases,
  },
];

function accessLog({ about, meshConfig }: MeshFacts): readonly Seen[] {
  if (meshConfig === null) return [];
  const providers = list(mapping(meshConfig['defaultProviders'])['accessLogging']);
  if (text(meshConfig['accessLogFile']) !== undefined || providers.length > 0) return [];
  const detail =
    'accessLogFile of the mesh config is empty: unless a Telemetry object turns it on, no connection of a VM is logged';
  const hint = `Set it at installation: istioctl install --set meshConfig.accessLogFile=/dev/stdout`;
  return [wrong(configName(about), detail, { hint })];
}

function aliases({ about, meshConfig }: MeshFacts): readonly Seen[] {
  const others = list(meshConfig?.['trustDomainAliases']).filter((each) => typeof each === 'string');
  if (others.length === 0) return [];
  const detail = `the trust domain is ${about.trustDomain}, and ${others.join(', ')} still count as it: VMs that join now get ${about.trustDomain}`;
  return [
    wrong(configName(about), detail, {
      hint: `When no certificate of ${others.join(', ')} is in use any more, remove trustDomainAliases from the mesh config`,
    }),
  ];
}

function configName({ istioNamespace, suffix }: MeshFacts['about']): string {
  return `ConfigMap ${istioNamespace}/istio${suffix}`;
}
