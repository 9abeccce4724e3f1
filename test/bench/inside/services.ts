import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

/** Requests at once. */
const PARALLEL = 32;

interface Seat {
  readonly server: string;
  readonly ca: Buffer;
  readonly token: string;
}

/** The lab writes its kubeconfig as JSON, with one cluster and one user. */
function seatOf(kubeconfig: string): Seat {
  // as: written by test/lab/cluster.ts.
  const { clusters, users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as {
    readonly clusters: readonly { readonly cluster: { readonly server: string; 'certificate-authority': string } }[];
    readonly users: readonly { readonly user: { readonly token: string } }[];
  };
  const [cluster, user] = [clusters[0]?.cluster, users[0]?.user];
  if (!cluster || !user) throw new Error(`${kubeconfig} has no cluster or no user`);
  return { server: cluster.server, ca: readFileSync(cluster['certificate-authority']), token: user.token };
}

/** Services without a cluster IP: the range of the lab holds 4,094. Those that exist are passed over. Gives milliseconds. */
export async function makeServices(namespace: string, first: number, last: number): Promise<number> {
  const began = performance.now();
  const seat = seatOf(process.env['KUBECONFIG'] ?? '');
  const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL, ca: seat.ca });
  let next = first;
  const work = async (): Promise<void> => {
    for (let number = next++; number < last; number = next++) await makeService(seat, agent, { namespace, number });
  };
  try {
    await Promise.all(Array.from({ length: PARALLEL }, work));
  } finally {
    agent.destroy();
  }
  return performance.now() - began;
}

function makeService(seat: Seat, agent: Agent, service: { namespace: string; number: number }): Promise<void> {
  const { namespace, number } = service;
  const body = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `grown-${number}`, namespace },
    spec: { clusterIP: 'None', selector: { app: `grown-${number}` }, ports: [{ name: 'http', port: 8080 }] },
  });
  const headers = { authorization: `Bearer ${seat.token}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const url = `${seat.server}/api/v1/namespaces/${namespace}/services`;
    const sent = request(url, { method: 'POST', agent, headers, timeout: 30_000 }, (answer) => {
      answer.resume();
      const { statusCode = 0 } = answer;
      answer.once('end', () =>
        statusCode === 201 || statusCode === 409 ? resolve() : reject(new Error(`Service: answer ${statusCode}`)),
      );
      answer.once('error', reject);
    });
    sent.once('timeout', () => sent.destroy(new Error('Service: no answer in 30 s')));
    sent.once('error', reject);
    sent.end(body);
  });
}
