import { setTimeout as delay } from 'node:timers/promises';
import { judgeInjection } from '../../checks/verify/injection.ts';
import { isVerified, type VerifyReport } from '../../checks/verify/report.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { judgeTrial } from '../../checks/verify/trial.ts';
import { present } from '../../present.ts';
import { tryInjection } from './try-injection.ts';

export interface InjectionOptions {
  readonly kube: Kubernetes;
  readonly namespace: string;
  /** `app=ratings` */
  readonly selector?: string;
  /** How long to wait until all are ready, in milliseconds. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

const PAUSE_MS = 2000;

/** Whether a new pod would get a sidecar, and the pods of a namespace run with theirs; waits for those that are late. */
export async function verifyInjection(options: InjectionOptions): Promise<VerifyReport> {
  const start = performance.now();
  const { kube, namespace, selector, waitMs, signal } = options;
  const subject = `injection in namespace ${namespace}${selector === undefined ? '' : ` of ${selector}`}`;
  for (;;) {
    const query = { apiVersion: 'v1', kind: 'Pod', namespace, ...present({ labelSelector: selector }) };
    const [trial, found, pods] = await Promise.all([
      tryInjection(kube, namespace, signal),
      kube.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace }, signal),
      kube.list(query, signal),
    ]);
    const ms = Math.round(performance.now() - start);
    const results = judgeInjection({ namespace: found ?? null, pods });
    const groups = [
      { title: `a new pod of namespace ${namespace}`, results: [judgeTrial(trial, found ?? null)] },
      { title: `pods of namespace ${namespace}`, results },
    ];
    const report = { subject, groups, ms };
    if (isVerified(report) || ms >= waitMs) return report;
    await delay(PAUSE_MS, undefined, { signal });
  }
}
