import type { Result } from '../../checks/check.ts';
import { type Endpoint, judgeOwn, ownTitle, type Spoken, wayIn } from '../../checks/join/own-endpoint.ts';
import { vmQuestions } from '../../checks/join/vm-questions.ts';
import type { Host } from '../../host/run/host.ts';
import { hostPort } from '../../mesh/address.ts';
import { Problem } from '../../problems.ts';
import { hostProblems } from '../../problems/host.ts';
import { readMembership } from '../../vm/membership.ts';
import type { ServiceFacts, ServicePortFacts } from './service-facts.ts';
import { speaksHttp } from './service-ways.ts';

interface Asked {
  readonly service: ServiceFacts;
  /** The VM that serves. */
  readonly host: Host;
  readonly path?: string;
  readonly signal: AbortSignal;
}

const LIMIT_MS = 5000;
const ABOUT = {
  id: 'own-endpoint',
  category: 'traffic',
  severity: 'error',
  ms: 0,
} as const;

/** Only root may use the certificate of the VM; without sudo the rest is still seen. */
const WITHOUT_ROOT: readonly string[] = [hostProblems.sudoRefused.id, hostProblems.rootProgramLacks.id];

/** Whether the VM that is watched serves each port itself: every other way may lead to another endpoint of the service. */
export async function ownEndpoints(asked: Asked): Promise<readonly Result[]> {
  const { service, host, signal } = asked;
  const membership = readMembership(host, signal);
  return await Promise.all(
    service.ports.map(async (port) => {
      const spoken = { http: speaksHttp(port), serverFirst: port.meaning.serverFirst };
      const about = { ...ABOUT, title: ownTitle('the VM itself', spoken), object: `port ${port.port.number}` };
      try {
        const endpoint = endpointOf(port, (await membership).addresses, spoken);
        if (endpoint) return { ...about, ...(await answerOf(port, endpoint, asked)) };
        const detail = 'the VM is no endpoint, or the policies serve no client';
        return { ...about, ok: 'skipped' as const, detail };
      } catch (error) {
        if (!(error instanceof Problem) || signal.aborted) throw error;
        const ok = WITHOUT_ROOT.includes(error.id) ? ('skipped' as const) : false;
        return { ...about, ok, detail: error.message, hint: error.hint };
      }
    }),
  );
}

function endpointOf(facts: ServicePortFacts, addresses: readonly string[], spoken: Spoken): Endpoint | undefined {
  const { endpoints, security } = facts;
  const how = wayIn(security?.insideMesh);
  const found = endpoints.flatMap((endpoint) => {
    const port = Number(/(\d+)$/.exec(endpoint)?.[1]);
    const address = addresses.find((each) => hostPort(each, port) === endpoint);
    return address === undefined ? [] : [{ address, port }];
  });
  const [own] = found;
  return own && how && { ...own, ...spoken, how };
}

async function answerOf(port: ServicePortFacts, endpoint: Endpoint, { service, host, path = '/', signal }: Asked) {
  const { askOwn } = vmQuestions(host, { limitMs: LIMIT_MS, signal });
  const place = { host: service.host, servicePort: port.port.number, path: endpoint.http ? path : '' };
  const { value, ms } = await askOwn({ ...endpoint, ...place });
  return { ...judgeOwn(value, endpoint), ms };
}
