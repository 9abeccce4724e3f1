import { lines } from '../../vm/preflight/probe.ts';
import type { Seen } from '../check.ts';
import { risk, type MachineCheck, type MachineFacts } from './machine.ts';

/** A sidecar that was installed without meshx: both would use the same ports and rules. */
export const handMadeChecks: readonly MachineCheck[] = [
  risk('sidecar', 'hand-made-sidecar', 'no other sidecar is installed', handMade),
];

function handMade({ machine }: MachineFacts): readonly Seen[] {
  if (lines(machine, 'meshx').length > 0) return [];
  const processes = lines(machine, 'process').filter((name) =>
    /^(?:pilot-agent|envoy|node_agent|istio-agent)$/.test(name),
  );
  const units = lines(machine, 'unit').filter((unit) => /^istio(?:-auth-node-agent)?\.service$/.test(unit));
  const rules = [...lines(machine, 'nft'), ...lines(machine, 'legacy-nat')].some((line) =>
    line.includes('ISTIO_INBOUND'),
  );
  // A freshly installed package has no settings of a mesh.
  const files = lines(machine, 'istio').filter((path) => path !== '/usr/local/bin/istio-start.sh');
  const found = [
    ...units,
    ...processes.map((name) => `the process ${name}`),
    ...(rules ? ['the chain ISTIO_INBOUND'] : []),
    ...files,
  ];
  if (found.length === 0) return [];
  const detail = `The machine has a sidecar that meshx did not set up: ${found.join(', ')}.`;
  return [{ ok: false, detail, hint: 'Adopt it: meshx adopt VM' }];
}
