import { useState } from 'preact/hooks';
import type { UiVm } from '../ui-state.ts';
import { PathPicture } from './path-picture.tsx';
import { Head, State, When } from './vm-table.tsx';

/** The chosen VM: the way of a packet to it, its services, and its drift. */
export function VmDetails({ vm, now }: { readonly vm: UiVm; readonly now: number }) {
  const [name, setName] = useState<string>();
  const service = vm.services.find((each) => each.name === name) ?? vm.services[0];
  return (
    <section aria-labelledby="vm-title">
      <h2 id="vm-title">{`Path of a packet to ${vm.name}`}</h2>
      {vm.services.length > 1 && (
        <div class="filters">
          <label for="service">Service</label>
          <select
            id="service"
            value={service?.name ?? ''}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          >
            {vm.services.map((each) => (
              <option key={each.name} value={each.name}>
                {each.name}
              </option>
            ))}
          </select>
        </div>
      )}
      <PathPicture vm={vm} service={service} />
      <h3>Services</h3>
      {vm.services.length === 0 ? <p>None.</p> : <Services vm={vm} now={now} />}
      <h3>Drift</h3>
      {vm.drift.length === 0 ? (
        <p>Entry, WorkloadGroup and Services agree.</p>
      ) : (
        <ul>
          {vm.drift.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Services({ vm, now }: { readonly vm: UiVm; readonly now: number }) {
  return (
    <div class="table" role="region" aria-label={`Services of ${vm.name}`} tabIndex={0}>
      <table>
        <Head titles={['Service', 'State', 'Since', 'Clients get it', 'Ports', 'Reason']} />
        <tbody>
          {vm.services.map(({ name, state, since, served, ports, reason }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <State state={state} />
              </td>
              <td>
                <When time={since} now={now} />
              </td>
              <td>{served ? 'yes' : <span class="mark bad">no</span>}</td>
              <td>
                {ports
                  .map((port) => `${port.name || 'port'} ${port.number}${port.present ? '' : ' (missing)'}`)
                  .join(', ')}
              </td>
              <td class="wrap">{reason ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
