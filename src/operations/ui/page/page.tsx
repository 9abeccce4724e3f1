import { useEffect, useState } from 'preact/hooks';
import type { UiState, UiVm } from '../ui-state.ts';
import { Checks } from './checks.tsx';
import { VmDetails } from './vm-details.tsx';
import { State, VmTable, When } from './vm-table.tsx';

/** How the page is connected: what it shows beside the state. */
export type Connection = 'opening' | 'live' | 'lost' | 'refused';

/** The whole page. It only shows; nothing on it changes the mesh. */
export function Page({ state, connection }: { readonly state: UiState | undefined; readonly connection: Connection }) {
  const [chosen, choose] = useState<string>();
  const now = useClock();
  const vms = state?.vms ?? [];
  const vm = vms.find(({ id }) => id === chosen) ?? worst(vms);
  return (
    <>
      <a class="skip" href="#vms" onClick={focusVms}>
        Skip to the VMs
      </a>
      <Top {...{ state, connection, now }} />
      <main>
        {state?.problem && (
          <section class="problem" role="alert">
            <h2>The last reading failed</h2>
            <p>{state.problem.message}</p>
            <p>{state.problem.hint}</p>
          </section>
        )}
        {state?.at === undefined ? <p>Reading the cluster…</p> : <Counts {...{ state, now }} />}
        <VmTable {...{ vms, now, choose, chosen: vm?.id }} />
        {vm && <VmDetails key={vm.id} {...{ vm, now }} />}
        <Checks checks={state?.checks} now={now} />
      </main>
    </>
  );
}

const WORDS: Readonly<Record<Connection, string>> = {
  opening: 'connecting',
  live: 'live',
  lost: 'connection lost, trying again',
  refused: 'refused: open the address that meshx ui printed',
};

interface TopProps {
  readonly state: UiState | undefined;
  readonly connection: Connection;
  readonly now: number;
}

function Top({ state, connection, now }: TopProps) {
  return (
    <header class="top">
      <h1>meshx</h1>
      {state && state.cluster !== '' && <p>cluster {state.cluster}</p>}
      {state?.istiod !== undefined && <p>istiod {state.istiod}</p>}
      {state?.at !== undefined && (
        <p>
          read <When time={state.at} now={now} />
        </p>
      )}
      <p role="status" class={connection === 'live' ? 'ok' : 'warn'}>
        {WORDS[connection]}
      </p>
    </header>
  );
}

function Counts({ state, now }: { readonly state: UiState; readonly now: number }) {
  const states = [...new Set(state.vms.map((vm) => vm.state))].sort();
  return (
    <section aria-labelledby="counts-title">
      <h2 id="counts-title">The mesh</h2>
      <ul class="counts">
        <li>{state.vms.length === 1 ? '1 VM' : `${state.vms.length} VMs`}</li>
        {states.map((each) => (
          <li key={each}>
            {state.vms.filter((vm) => vm.state === each).length} <State state={each} />
          </li>
        ))}
        {state.rootUntil !== undefined && (
          <li>
            root certificate ends <When time={state.rootUntil} now={now} />
          </li>
        )}
      </ul>
      {state.notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
    </section>
  );
}

const WORST_FIRST: readonly string[] = ['down', 'disconnected', 'degraded', 'absent', 'draining'];

/** The VM that needs attention, or the first one. */
function worst(vms: readonly UiVm[]): UiVm | undefined {
  const found = WORST_FIRST.flatMap((state) => vms.find((vm) => vm.state === state) ?? []);
  return found[0] ?? vms[0];
}

/** Milliseconds, again each second. */
function useClock(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** The fragment holds the token, so a link may not replace it. */
function focusVms(event: Event): void {
  event.preventDefault();
  document.getElementById('vms')?.focus();
}
