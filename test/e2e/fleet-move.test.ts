import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Lab } from '../lab/lab.ts';
import { expectDone } from './support/done.ts';
import { makeStrictNamespace } from './support/strict.ts';

const VM = 'moved1';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  for (const namespace of ['move-a', 'move-b']) await makeStrictNamespace(lab, namespace);
  await lab.vm(VM, '10.150.0.181', { mysql: 'off' });
}, 180_000);

afterAll(async () => await lab.removeMembers(), 60_000);

test('a joined VM moves to another namespace by its fleet file, and back', async () => {
  await lab.mustSsh(VM, 'systemctl enable --now lab-http@8080');
  for (const namespace of ['move-a', 'move-b', 'move-a']) {
    const text = `fleet: moved
cluster: {istio-namespace: istio-system}
options: {namespace: ${namespace}, package: ${lab.deb}, istiod-address: 10.150.0.1, drain-timeout: 1}
groups:
  web: {services: ['web:http:8080'], hosts: [${VM}]}
`;
    await writeFile(join(lab.home, 'fleet.yaml'), text);
    const ran = await lab.meshx(['fleet', 'apply']);
    expectDone(ran);
    expect(ran.stdout).toContain('Recap of fleet moved: 0 ok, 1 changed, 0 failed');
    const certificate = await lab.mustSsh(VM, 'openssl x509 -noout -text -in /etc/certs/cert-chain.pem');
    expect(certificate).toContain(`/ns/${namespace}/sa/`);
  }
}, 480_000);
