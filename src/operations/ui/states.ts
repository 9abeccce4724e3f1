import { type CheckReport, isHealthy, outcomeOf, summaryOf } from '../../checks/report/report.ts';
import { present } from '../../present.ts';
import type { MeshStatus, VmStatus } from '../status/mesh-status.ts';
import type { UiChecks, UiFinding, UiVm } from './ui-state.ts';

/** The VMs of a status, as the page shows them. Pure. */
export function uiVms({ vms }: MeshStatus, certificates: ReadonlyMap<string, UiVm['certificate']>): readonly UiVm[] {
  return vms.map((vm) => uiVm(vm, certificates.get(`${vm.namespace}/${vm.vm}`)));
}

function uiVm(status: VmStatus, certificate: UiVm['certificate']): UiVm {
  const { vm, namespace, kind, state, since, address, network, services, connection, agent, disagreements } = status;
  return {
    ...{ id: `${namespace}/${vm}`, name: vm, namespace, state, hasSidecar: kind === 'automatic' },
    ...present({ since, address, network: network === '' ? undefined : network }),
    services: services.map(({ name, state: word, since: from, reason, served, ports }) => ({
      ...{ name, state: word, served, ports },
      ...present({ since: from, reason }),
    })),
    ...present({ connection, agentWord: agent && (agent.lastWord ?? agent.started), certificate }),
    drift: disagreements,
  };
}

const WORST_FIRST: readonly string[] = ['error', 'warning', 'note'];

/** A run of checks, as the page shows it. Pure. */
export function uiChecks(report: CheckReport, at: Date): UiChecks {
  const findings = report.results.flatMap((result): readonly UiFinding[] => {
    const outcome = outcomeOf(result);
    if (outcome === 'ok' || outcome === 'skipped') return [];
    const { id, category, title, detail, hint } = result;
    return [{ id, outcome, category, title, detail, ...present({ hint }) }];
  });
  findings.sort((one, other) => WORST_FIRST.indexOf(one.outcome) - WORST_FIRST.indexOf(other.outcome));
  return { at: at.toISOString(), summary: summaryOf(report), healthy: isHealthy(report), findings };
}
