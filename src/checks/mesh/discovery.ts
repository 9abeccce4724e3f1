import { isClusterName, parsePlace } from '../../mesh/place.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import type { Seen } from '../check.ts';
import { type MeshCheck, type MeshFacts, wrong } from './facts.ts';
import { istiodIn, variableOf } from './objects.ts';

/** The name under which sidecars look for istiod. */
export const discoveryChecks: readonly MeshCheck[] = [
  {
    id: 'discovery-address',
    category: 'exposure',
    severity: 'error',
    title: 'sidecars dial a name that the certificate of istiod covers',
    needs: ['about', 'home', 'meshConfig', 'controlServices', 'controlDeployments'],
    judge: covered,
  },
];

function covered(facts: MeshFacts): readonly Seen[] {
  const { about, home, meshConfig } = facts;
  const given = text(mapping(meshConfig?.['defaultConfig'])['discoveryAddress']);
  const place = given === undefined ? undefined : parsePlace(given);
  if (given === undefined || place === undefined || typeof place === 'string' || home.kind !== 'here') return [];
  const object = `ConfigMap ${about.istioNamespace}/istio${about.suffix}`;
  const proper = `istiod${about.suffix}.${about.istioNamespace}.svc:15012`;
  const hint = `Set it at installation: istioctl install --set meshConfig.defaultConfig.discoveryAddress=${proper}`;
  if (place.port === 15010)
    return [
      wrong(
        object,
        `discoveryAddress ${given} is the plaintext port of istiod: a VM would send its token unencrypted`,
        { hint },
      ),
    ];
  if (place.isIp || !isClusterName(place.host, about.clusterDomain) || isCovered(place.host, facts)) return [];
  const detail = `discoveryAddress ${given} is none of the names in the certificate of istiod, and no Service of istiod has it`;
  return [wrong(object, detail, { hint })];
}

/** Whether istiod's certificate has the name: its Services, former names of it, and those in ISTIOD_CUSTOM_HOST. */
function isCovered(host: string, { about, controlServices, controlDeployments }: MeshFacts): boolean {
  const { istioNamespace, suffix, clusterDomain } = about;
  const services = controlServices.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('istiod'));
  const names = ['istiod', 'istiod-remote', 'istio-pilot', `istiod${suffix}`, ...services];
  const forms = names.flatMap((name) => {
    const short = `${name}.${istioNamespace}`;
    return [name, short, `${short}.svc`, `${short}.svc.${clusterDomain}`];
  });
  const deployment = istiodIn(controlDeployments, suffix);
  const custom = deployment ? (variableOf(deployment, 'ISTIOD_CUSTOM_HOST') ?? '').split(',') : [];
  return [...forms, ...custom.map((name) => name.trim())].includes(host);
}
