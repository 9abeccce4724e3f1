import { change, plannedPhases } from '../../../src/operations/change/change.ts';
import type { Change } from '../../../src/operations/change/run.ts';
import type { Decision, Verified } from '../../../src/operations/change/decision.ts';
import type { ChangeEvent } from '../../../src/operations/change/event.ts';
import type { ChangeReport } from '../../../src/operations/change/record.ts';
import { present } from '../../../src/present.ts';
import { EMPTY_PLAN } from '../../../src/cluster/api/plan.ts';
import { Problem } from '../../../src/problems.ts';
import type { Plan, PlannedStep } from '../../../src/reconcile/plan.ts';
import type { Step } from '../../../src/reconcile/resource.ts';
import { FakeCluster } from './fake-cluster.ts';
import { FakeVm } from './fake-vm.ts';

export interface Result extends Verified {
  readonly title: string;
}

const ENTRY = 'WorkloadEntry vm/web-10.0.0.5';
const LABEL = 'service.meshx.dev/web';

const script = (name: string, ...args: readonly string[]) => ({ script: { name, text: ':', args }, timeoutMs: 1000 });
const step = (id: string, summary: string, planned: ReturnType<typeof script>, units?: string): PlannedStep => ({
  ...{ id, title: `The step ${id}`, changes: [{ summary, scripts: [planned] }] },
  touches: units === undefined ? { paths: ['/etc/a'] } : { units: [units] },
});

export const PLAN: Plan = {
  steps: [
    step('files', 'create /etc/a', script('file')),
    step('sidecar', 'restart istio.service', script('unit-start', 'restart', 'istio.service'), 'istio.service'),
    { ...step('boot', 'enable istio.service', script('unit-enable', 'istio.service', 'enable')), when: 'after-checks' },
  ],
};

/** What the engine asks again: one step that is up to date unless the VM is unsettled, and the one that waits for the checks. */
const STEPS: readonly Step[] = [
  { id: 'files', title: 'The step files', wants: [{ kind: 'enabled', name: 'guard.service', enabled: true }] },
  {
    ...{ id: 'boot', title: 'The step boot', when: 'after-checks' },
    wants: [{ kind: 'enabled', name: 'istio.service', enabled: true }],
  },
];

const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'vm' } };

/** Parts of a decision; one that is undefined is left out. */
export type More = { readonly [Key in keyof Decision<Result>]?: Decision<Result>[Key] | undefined };

/** A VM and its cluster, and a change that has every phase. */
export class Subject {
  readonly vm = new FakeVm();
  readonly kube = new FakeCluster({
    ...{ apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry', spec: { address: '10.0.0.5' } },
    metadata: {
      ...{ name: 'web-10.0.0.5', namespace: 'vm', labels: { [LABEL]: 'ready' } },
      annotations: { 'istio.io/autoRegistrationGroup': 'web' },
    },
  });
  readonly events: ChangeEvent<Result>[] = [];
  /** What the checks say, in their order. */
  results: readonly Result[] = [
    { ok: true, title: 'first' },
    { ok: 'skipped', title: 'second' },
  ];
  /** Called before each check. */
  onCheck: () => void = () => undefined;
  readonly checked: string[] = [];

  get inRotation(): boolean {
    return this.kube.labelOf(ENTRY, LABEL) === 'ready';
  }

  decision(): Decision<Result> {
    const registry = {
      kube: this.kube,
      vm: { generation: 'current' as const, namespace: 'vm', group: 'web', addresses: ['10.0.0.5'] },
    };
    return {
      ...{ plan: PLAN, steps: STEPS, cluster: { kube: this.kube, plan: { ...EMPTY_PLAN, create: [service] } } },
      guard: { within: 90, login: () => this.vm.login() },
      drain: {
        for: 'restart',
        allowed: true,
        returns: 'before-verify',
        addresses: ['10.0.0.5'],
        registry,
        limitMs: 1000,
      },
      verify: {
        ...{ id: 'verify', title: 'Verify', before: () => Promise.resolve(() => this.#checks()) },
        problem: (failed) =>
          new Problem('check-failed', { message: 'm', hint: 'h', issues: failed.map(({ title }) => title) }),
      },
    };
  }

  async about(more: More = {}): Promise<Change<Result>> {
    return {
      ...{
        vm: 'vm1',
        host: await this.vm.login(),
        command: 'meshx up vm1',
        who: 'anna@desk',
        meshx: '1.2.3',
        again: 'meshx up vm1',
      },
      ...{
        signal: this.vm.operator.signal,
        now: () => new Date(2026, 0, 31, 9, 8, 41),
        inspectedAt: performance.now(),
      },
      // as: a decision has its plan whatever is left out of it.
      decision: present({ ...this.decision(), ...more }) as Decision<Result>,
      observe: (event) => this.events.push(event),
    };
  }

  async change(more: More = {}): Promise<ChangeReport<Result>> {
    return await change(await this.about(more));
  }

  async planned(more: More = {}) {
    return await plannedPhases(await this.about(more));
  }

  async *#checks(): AsyncGenerator<Result> {
    for (const result of this.results) {
      this.onCheck();
      await Promise.resolve();
      this.vm.operator.signal.throwIfAborted();
      this.checked.push(result.title);
      yield result;
    }
  }
}
