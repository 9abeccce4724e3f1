import { useState } from 'preact/hooks';
import type { UiVm } from '../ui-state.ts';
import { endsSoon, fromNow, lookOf, matching } from './words.ts';

/** A state as a sign and a word. */
export function State({ state }: { readonly state: string }) {
  const { color, sign } = lookOf(state);
  return (
    <span class={`mark ${color}`}>
      <span aria-hidden="true">{sign} </span>
      {state}
    </span>
  );
}

/** A time, relative to now; the time itself is its title. */
export function When({ time, now }: { readonly time: string | undefined; readonly now: number }) {
  if (time === undefined) return <>–</>;
  return (
    <time dateTime={time} title={time}>
      {fromNow(time, now)}
    </time>
  );
}

const TITLES = ['VM', 'Namespace', 'State', 'Since', 'Services', 'istiod', 'Certificate ends', 'Agent wrote', 'Drift'];

/** The titles of a table. */
export function Head({ titles }: { readonly titles: readonly string[] }) {
  return (
    <thead>
      <tr>
        {titles.map((title) => (
          <th scope="col" key={title}>
            {title}
          </th>
        ))}
      </tr>
    </thead>
  );
}

interface TableProps {
  readonly vms: readonly UiVm[];
  readonly chosen: string | undefined;
  readonly now: number;
  readonly choose: (id: string) => void;
}

/** All VMs, one of them chosen. Arrow keys go from one name to the next. */
export function VmTable({ vms, chosen, now, choose }: TableProps) {
  const [text, setText] = useState('');
  const shown = matching(vms, text);
  return (
    <section id="vms" aria-labelledby="vms-title" tabIndex={-1}>
      <h2 id="vms-title">VMs</h2>
      <div class="filters">
        <label>
          Filter <input type="search" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
        </label>
        <span role="status">{`${shown.length} of ${vms.length} shown`}</span>
      </div>
      <div class="table" role="region" aria-labelledby="vms-title" tabIndex={0}>
        <table>
          <Head titles={TITLES} />
          <tbody onKeyDown={moveFocus}>
            {shown.map((vm) => (
              <Row key={vm.id} {...{ vm, now, choose, isChosen: vm.id === chosen }} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface RowProps {
  readonly vm: UiVm;
  readonly isChosen: boolean;
  readonly now: number;
  readonly choose: (id: string) => void;
}

function Row({ vm, isChosen, now, choose }: RowProps) {
  const { id, name, namespace, state, since, services, connection, agentWord, drift } = vm;
  return (
    <tr class={isChosen ? 'chosen' : ''}>
      <th scope="row">
        <button class="name" aria-pressed={isChosen} onClick={() => choose(id)}>
          {name}
        </button>
      </th>
      <td>{namespace}</td>
      <td>
        <State state={state} />
      </td>
      <td>
        <When time={since} now={now} />
      </td>
      <td>
        {services.length === 0
          ? '–'
          : services.map((service) => (
              <div key={service.name}>
                {service.name} <State state={service.state} />
              </div>
            ))}
      </td>
      <td>{connection === undefined ? '–' : <State state={connection.connected ? 'connected' : 'disconnected'} />}</td>
      <td>
        <Certificate certificate={vm.certificate} now={now} />
      </td>
      <td>
        <When time={agentWord} now={now} />
      </td>
      <td>{drift.length === 0 ? 'none' : <span class="mark warn">{drift.length}</span>}</td>
    </tr>
  );
}

function Certificate({ certificate, now }: { readonly certificate: UiVm['certificate']; readonly now: number }) {
  if (certificate === undefined) return <>–</>;
  if ('unknown' in certificate) return <span title={certificate.unknown}>unknown</span>;
  return (
    <span class={endsSoon(certificate.until, now) ? 'mark warn' : ''}>
      <When time={certificate.until} now={now} />
    </span>
  );
}

function moveFocus(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const list = event.currentTarget;
  if (step === undefined || !(list instanceof HTMLElement)) return;
  const names = [...list.querySelectorAll<HTMLElement>('button.name')];
  const next = names[names.findIndex((name) => name === document.activeElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
