import { imageVersion } from '../../cluster/facts/deployment-version.ts';
import { ISTIOD_DEFECTS, SUPPORTED_KUBERNETES } from '../../mesh/istio-releases.ts';
import { compareVersions, isAffected, parseVersion, type Version } from '../../mesh/version.ts';
import type { Seen } from '../check.ts';
import { type MeshCheck, type MeshFacts, wrong } from './facts.ts';
import { istiodIn, nameOf } from './objects.ts';

/** What is known of the versions in use. */
export const versionChecks: readonly MeshCheck[] = [
  {
    id: 'istiod-defects',
    category: 'cluster',
    severity: 'warning',
    title: 'the version of istiod has no known defect that concerns VMs',
    needs: ['about', 'controlDeployments', 'isAmbient'],
    judge: defects,
  },
  {
    id: 'kubernetes-supported',
    category: 'cluster',
    severity: 'warning',
    title: 'the version of istiod supports that of Kubernetes',
    needs: ['about', 'controlDeployments', 'kubernetesVersion'],
    judge: kubernetes,
  },
];

function istiodVersion({ about, controlDeployments }: Pick<MeshFacts, 'about' | 'controlDeployments'>) {
  const deployment = istiodIn(controlDeployments, about.suffix);
  const version = parseVersion(imageVersion(deployment) ?? '');
  return deployment && version && { object: nameOf(deployment), version };
}

function defects(facts: MeshFacts): readonly Seen[] {
  const istiod = istiodVersion(facts);
  if (!istiod) return [];
  const { object, version } = istiod;
  const known = ISTIOD_DEFECTS.filter(
    (defect) => isAffected(version, defect) && (facts.isAmbient || !defect.ambientOnly),
  );
  return known.map(({ effect, source, fixedIn }) => {
    const fix = nextFix(version, fixedIn);
    const detail = `istiod ${show(version)}: ${effect} (${source})`;
    return wrong(object, detail, {
      hint: `Upgrade istiod to ${fix} or later: https://istio.io/latest/docs/setup/upgrade/`,
    });
  });
}

/** The smallest step to a version with the fix. */
function nextFix(version: Version, fixedIn: readonly string[]): string {
  const newer = fixedIn.filter((each) => compareVersions(parseVersion(each) ?? version, version) > 0);
  return newer[0] ?? fixedIn.at(-1) ?? '';
}

function kubernetes(facts: MeshFacts): readonly Seen[] {
  const istiod = istiodVersion(facts);
  const server = parseVersion(facts.kubernetesVersion ?? '');
  // A build without a version says 0.0.0.
  if (!istiod || server?.major !== 1) return [];
  const { object, version } = istiod;
  const range = version.major === 1 ? SUPPORTED_KUBERNETES[version.minor] : undefined;
  if (!range || (server.minor >= range[0] && server.minor <= range[1])) return [];
  const detail = `Kubernetes is ${facts.kubernetesVersion}, and Istio ${show(version)} supports 1.${range[0]} to 1.${range[1]}`;
  const hint = `Upgrade ${server.minor < range[0] ? 'Kubernetes' : 'Istio'}; see https://istio.io/latest/docs/releases/supported-releases/`;
  return [wrong(object, detail, { hint })];
}

function show({ major, minor, patch }: Version): string {
  return `${major}.${minor}.${patch}`;
}
