import { mapping, textMapping } from '../../mesh/unknown.ts';
import type { Seen } from '../check.ts';
import { wrong } from '../mesh/facts.ts';
import { nameOf } from '../mesh/objects.ts';
import { type LintCheck, type LintFacts, matches } from './lint-facts.ts';

/** Whether policies apply to something. */
export const policyLint: readonly LintCheck[] = [
  {
    id: 'policy-workload',
    category: 'policy',
    severity: 'warning',
    title: 'the selector of each policy matches a workload of the files',
    needs: ['policies', 'workloads'],
    judge: selecting,
  },
];

function selecting({ policies, workloads }: Pick<LintFacts, 'policies' | 'workloads'>): readonly Seen[] {
  if (workloads.length === 0) return [];
  return policies.flatMap((policy) => {
    const spec = mapping(policy['spec']);
    const selector = {
      ...textMapping(mapping(spec['selector'])['matchLabels']),
      ...textMapping(mapping(spec['workloadSelector'])['labels']),
    };
    if (Object.keys(selector).length === 0 || workloads.some((workload) => matches(selector, workload))) return [];
    const shown = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
    const detail = `${nameOf(policy)} selects ${shown.join(',')}, and no workload of the files has these labels: it applies to nothing`;
    return [wrong(nameOf(policy), detail)];
  });
}
