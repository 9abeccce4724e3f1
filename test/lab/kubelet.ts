import { fileURLToPath } from 'node:url';
import { dirname, join } from 'node:path';
import { namespaceOf } from './names.ts';
import { address } from './network.ts';
import type { Workstation } from './workstation.ts';

const PORT = 10_250;

/** The node of the lab's pods, for as long as a test wants their logs and programs. The address of a node also answers its NodePorts. */
export class Kubelet implements AsyncDisposable {
  readonly #lab: Workstation;

  private constructor(lab: Workstation) {
    this.#lab = lab;
  }

  static async start(lab: Workstation): Promise<Kubelet> {
    const program = fileURLToPath(new URL('programs/kubelet.mjs', import.meta.url));
    const pki = lab.mesh.pki;
    const prefix = namespaceOf(lab.names, '');
    const files = [join(pki, 'srv.crt'), join(pki, 'srv.key'), prefix, dirname(lab.processes.logOf('x'))];
    const argv = [process.execPath, program, address.hub, String(PORT), ...files];
    await lab.processes.start('kubelet', { argv, namespace: lab.names.hub });
    await lab.mesh.apply([{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }]);
    const status = {
      addresses: [{ type: 'InternalIP', address: address.hub }],
      conditions: [{ type: 'Ready', status: 'True' }],
      daemonEndpoints: { kubeletEndpoint: { Port: PORT } },
    };
    await lab.mesh.kubectl([
      'patch',
      'node',
      'n1',
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ status }),
    ]);
    const ask = ['curl', '-sk', '-o', '/dev/null', '--max-time', '2', `https://${address.hub}:${PORT}/`];
    await lab.processes.answers('kubelet', 'the kubelet', async () => (await lab.in('hub', ask)).exitCode === 0);
    return new Kubelet(lab);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lab.processes.kill('kubelet');
    await this.#lab.mesh.kubectl(['delete', 'node', 'n1']);
  }
}
