import { fileURLToPath } from 'node:url';
import type { Lab } from '../../lab/lab.ts';

/** The policy that limits agents, as a join makes it. */
const POLICY = fileURLToPath(new URL('../../golden/mesh/current/agents/policy.yaml', import.meta.url));

/** The cluster limits agents, so that each join finds the policy. */
export async function makePolicy(lab: Lab): Promise<void> {
  await lab.kubectl(['apply', '-f', POLICY]);
}

/** The next join makes the policy. */
export async function removePolicy(lab: Lab): Promise<void> {
  await lab.kubectl(['delete', '--ignore-not-found', '-f', POLICY]);
}

/** A policy of the name that another owner made, so that no join makes one, and agents get no rights. */
export async function makeForeignPolicy(lab: Lab): Promise<void> {
  await makePolicy(lab);
  const patch = JSON.stringify({ metadata: { labels: null }, spec: { failurePolicy: 'Ignore' } });
  await lab.kubectl(['patch', 'validatingadmissionpolicy', 'meshx-agents', '--type', 'merge', '-p', patch]);
}
