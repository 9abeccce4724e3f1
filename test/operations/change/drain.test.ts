import { endsSidecar } from '../../../src/operations/change/drain.ts';
import type { Plan } from '../../../src/reconcile/plan.ts';

const planOf = (name: string, ...args: readonly string[]): Plan => ({
  steps: [
    {
      id: 'sidecar',
      title: 'Run the sidecar',
      changes: [{ summary: 'x', scripts: [{ script: { name, text: ':', args } }] }],
      touches: {},
    },
  ],
});

test.each([
  [planOf('unit-start', 'restart', 'istio.service', '90'), true],
  [planOf('unit-stop', 'istio.service'), true],
  [planOf('unit-start', 'start', 'istio.service'), false],
  [planOf('unit-start', 'restart', 'meshx-capture.service'), false],
  [{ steps: [] }, false],
])('plan %# ends the sidecar: %s', (plan, expected) => {
  expect(endsSidecar(plan)).toBe(expected);
});
