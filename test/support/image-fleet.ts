import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aCurrentCluster, anEastWestGateway, aNamespace, selfSigned } from './cluster-objects.ts';
import { copyExample, examplePackage } from './examples.ts';
import { FakeApiServer } from './fake-api-server.ts';
import { type CliOptions, type CliResult, runCli, temporaryFolder } from './run-cli.ts';

/** A fleet whose VMs are images, which join without SSH, and the cluster that they join. */
export interface ImageFleet extends AsyncDisposable {
  readonly folder: string;
  readonly server: FakeApiServer;
  /** Writes fleet.yaml. */
  readonly write: (rollout: string, hosts: readonly string[], more?: string, service?: string) => void;
  /** Runs `meshx fleet VERB` in the folder. */
  readonly fleet: (words: readonly string[], options?: CliOptions) => Promise<CliResult>;
}

/** `hosts`: an image for each of these names. */
export async function imageFleet(hosts: readonly string[]): Promise<ImageFleet> {
  const folder = temporaryFolder();
  const cluster = aCurrentCluster({ rootCert: selfSigned().cert });
  const server = await FakeApiServer.start({ objects: [...cluster, anEastWestGateway(), aNamespace('vm')] });
  const image = copyExample('image', folder);
  mkdirSync(join(image, 'var/lib'), { recursive: true });
  for (const host of hosts) cpSync(image, join(folder, host), { recursive: true });
  cpSync(server.kubeconfig(), join(folder, 'kubeconfig'));
  const write: ImageFleet['write'] = (rollout, names, more = '', service = 'web:http:8080') => {
    const entries = names.map((name) => `${name}: {options: {root: ${name}}}`);
    const text = `fleet: shop
cluster: {kubeconfig: kubeconfig}
options: {namespace: vm, package: ${examplePackage}, istiod-address: 10.150.0.30}
rollout: ${rollout}
groups:
  web:
    services: [${service}]
    hosts: {${entries.join(', ')}}
${more}`;
    writeFileSync(join(folder, 'fleet.yaml'), text);
  };
  const fleet: ImageFleet['fleet'] = (words, options) => runCli(['fleet', ...words], { cwd: folder, ...options });
  return { folder, server, write, fleet, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
