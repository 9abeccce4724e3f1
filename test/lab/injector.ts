import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Manifest } from './cluster.ts';
import { must } from './command.ts';
import { startSecondIstiod } from './istiod.ts';
import type { Lab } from './proxy.ts';

const NAME = 'istiod-injector';
const WEBHOOK = 'istio-sidecar-injector-lab';

/** An istiod with Istio's own injection templates, and its webhook for namespaces with this label. */
export async function startInjector(lab: Lab, label: Readonly<Record<string, string>>): Promise<AsyncDisposable> {
  const manifest = await must([join(lab.parts.istio, 'istioctl'), 'manifest', 'generate', '--set', 'profile=minimal']);
  const objects = parseAllDocuments(manifest).map((document) => document.toJS() as InstalledObject | null);
  const templates = objects.find(
    (each) => each?.kind === 'ConfigMap' && each.metadata.name === 'istio-sidecar-injector',
  );
  const folder = join(lab.names.run, NAME, 'var/lib/istio/inject');
  await mkdir(folder, { recursive: true });
  for (const [file, text] of Object.entries(templates?.data ?? {})) await writeFile(join(folder, file), text);
  const port = await startSecondIstiod(lab, NAME, { INJECT_ENABLED: 'true' });
  const caBundle = Buffer.from(await lab.mesh.rootCertificates()).toString('base64');
  await lab.mesh.apply([webhook(`https://istiod.istio-system.svc:${port}/inject`, caBundle, label)]);
  return {
    [Symbol.asyncDispose]: async () => {
      await lab.mesh.kubectl(['delete', 'mutatingwebhookconfiguration', WEBHOOK]);
      await lab.processes.kill(NAME);
    },
  };
}

interface InstalledObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

function webhook(url: string, caBundle: string, matchLabels: Readonly<Record<string, string>>): Manifest {
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }];
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: WEBHOOK },
    webhooks: [
      {
        name: 'namespace.sidecar-injector.istio.io',
        clientConfig: { url, caBundle },
        ...{ rules, namespaceSelector: { matchLabels }, sideEffects: 'None', admissionReviewVersions: ['v1'] },
        failurePolicy: 'Fail',
      },
    ],
  };
}
