import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { serviceRef } from '../../cluster/api/refs.ts';
import { readyPods } from './pod-target.ts';

/** An add-on of Istio, by the Service that its sample gives it. */
export interface Dashboard {
  /** Of the Service, where istioctl and the samples put it. */
  readonly service: string;
  /** Of its pods, and of this machine if it is free. */
  readonly port: number;
  /** Of the URL. */
  readonly path: string;
  /** Another add-on without which it shows nothing. */
  readonly needs?: DashboardName;
}

/** Ports and paths of samples/addons and of `istioctl dashboard`. */
const DASHBOARDS: Readonly<Record<DashboardName, Dashboard>> = {
  kiali: { service: 'kiali', port: 20001, path: '/kiali', needs: 'prometheus' },
  grafana: { service: 'grafana', port: 3000, path: '', needs: 'prometheus' },
  prometheus: { service: 'prometheus', port: 9090, path: '' },
  jaeger: { service: 'tracing', port: 16686, path: '' },
};

export type DashboardName = 'kiali' | 'grafana' | 'prometheus' | 'jaeger';
export const DASHBOARD_NAMES: readonly DashboardName[] = ['kiali', 'grafana', 'prometheus', 'jaeger'];

export function dashboardOf(name: DashboardName): Dashboard {
  return DASHBOARDS[name];
}

export interface ListedDashboard {
  readonly name: DashboardName;
  readonly service: string;
  readonly state: 'ready' | 'no ready pod' | 'not installed';
}

/** Which add-ons a mesh has. */
export async function listDashboards(
  kube: Kubernetes,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly ListedDashboard[]> {
  return await Promise.all(
    DASHBOARD_NAMES.map(async (name): Promise<ListedDashboard> => {
      const ref = serviceRef(namespace, dashboardOf(name).service);
      const about = { name, service: `${namespace}/${ref.name}` };
      const service = await kube.get(ref, signal);
      if (service === undefined) return { ...about, state: 'not installed' };
      const pods = await readyPods(kube, service, signal);
      return { ...about, state: pods.length > 0 ? 'ready' : 'no ready pod' };
    }),
  );
}
