import type { KubeObject } from '../../mesh/kube-object.ts';
import { classicRelease } from './classic-release.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { reachOf } from './load-balancer.ts';
import { serviceRef } from '../api/refs.ts';
import { classicExposure } from '../../mesh/classic/exposure.ts';
import type { ExposeOptions } from './facts-options.ts';

/** Internal load balancers of Pilot, Mixer, CA and DNS, with the ports of the running Pilot. */
export async function classicExposureObjects(kube: Kubernetes, options: ExposeOptions): Promise<readonly KubeObject[]> {
  const { istioNamespace, via, dnsTcp = false, signal } = options;
  const release = options.release ?? (await classicRelease(kube, options));
  const pilot = await kube.get(serviceRef(istioNamespace, 'istio-pilot'), signal);
  const pilotPorts = pilot === undefined ? [] : reachOf(pilot).ports;
  const provider = via.kind === 'loadbalancer' ? via.provider : 'none';
  return classicExposure({ release, istioNamespace, provider, pilotPorts, dnsTcp });
}
