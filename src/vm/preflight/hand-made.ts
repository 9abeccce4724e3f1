import type { Finding } from '../finding.ts';
import { type Answers, lines } from './probe.ts';

/** A sidecar that somebody installed without meshx: two would fight for the same ports and rules. */
export function handMadeFindings(answers: Answers): readonly Finding[] {
  if (lines(answers, 'meshx').length > 0) return [];
  const processes = lines(answers, 'process').filter((name) =>
    /^(?:pilot-agent|envoy|node_agent|istio-agent)$/.test(name),
  );
  const units = lines(answers, 'unit').filter((unit) => /^istio(?:-auth-node-agent)?\.service$/.test(unit));
  const rules = [...lines(answers, 'nft'), ...lines(answers, 'legacy-nat')].some((line) =>
    line.includes('ISTIO_INBOUND'),
  );
  const files = lines(answers, 'istio').filter((path) => path !== '/usr/local/bin/istio-start.sh');
  // The package alone, freshly installed, holds no settings of a mesh.
  if (processes.length === 0 && units.length === 0 && !rules && files.length === 0) return [];
  const found = [
    ...units,
    ...processes.map((name) => `the process ${name}`),
    ...(rules ? ['the chain ISTIO_INBOUND'] : []),
    ...files,
  ];
  const message = `The machine has a sidecar that meshx did not set up: ${found.join(', ')}.`;
  const hint = 'Take it over as it is: meshx adopt VM';
  return [{ id: 'hand-made-sidecar', severity: 'risk', risk: 'hand-made-sidecar', message, hint }];
}
