import type { FleetEvent, FleetObserver } from '../../operations/fleet/event.ts';
import type { Terminal } from '../../terminal.ts';
import type { RunProgress } from '../progress/run-progress.ts';
import type { Outcome } from '../progress/vm-state.ts';
import { linesOfFleet } from './text.ts';

/** Shows a run over a fleet: on a screen a line for each VM, elsewhere lines for what begins and ends. */
export function showFleet(progress: RunProgress, { tell, live }: Pick<Terminal, 'tell' | 'live'>): FleetObserver {
  return (event) => {
    move(progress, event);
    const lines = linesOfFleet(event);
    const isOnScreen = live !== undefined && (event.kind === 'vm-begins' || event.kind === 'vm-ends');
    if (lines !== undefined) tell(isOnScreen ? 'verbose' : 'normal', lines);
  };
}

const OUTCOMES = { unchanged: 'ok', changed: 'changed', failed: 'failed', skipped: 'skipped' } as const;

function move(progress: RunProgress, event: FleetEvent): void {
  if (event.kind === 'planned') progress.add(event.plan.vms.map(({ vm }) => vm));
  if (event.kind === 'vm-event') progress.of(event.vm).watch(event.event);
  if (event.kind !== 'vm-ends') return;
  const { vm, status, reason, report } = event.end;
  const outcome: Outcome = OUTCOMES[status];
  progress.of(vm).ended(outcome, reason ?? report?.problem?.message.split('\n')[0]);
}
