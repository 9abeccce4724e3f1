import { hostPort } from '../../mesh/address.ts';
import { parseName } from '../../mesh/names.ts';
import { gatewayUrl as findGatewayUrl, type GatewayUrl } from '../../operations/gateway-url/gateway-url.ts';
import { present } from '../../present.ts';
import { shown } from '../../problems/mesh.ts';
import { quote } from '../../shell-words.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { formatDocument, OUTPUT_FORMATS } from '../print.ts';

/** `meshx gateway-url` */
export async function gatewayUrl(call: Call): Promise<void> {
  const { world, terminal } = call;
  const input = new Input('gateway-url', call);
  const cluster = clusterOptions(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const service = input.parsed('service', (text) => parseName(text, 'subdomain'));
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace'));
  const path = pathOf(input);
  const https = input.flag('https');
  const port = input.text('portName');
  if (https && port !== undefined) input.issue('--https and --port-name: only one of them');
  if (input.flag('export') && output !== 'text') input.issue('--export: cannot be combined with --output');
  input.accept();

  const options = { cluster, https, path, ...present({ service, namespace, port }) };
  const found = await findGatewayUrl(world, options);
  for (const note of [...found.notes, ...hostOnly(found)]) terminal.err(`note: ${note}`);
  if (output !== 'text') return terminal.out(formatDocument(found, output));
  terminal.out(input.flag('export') ? assignments(found) : [found.url]);
}

/** A node of Minikube or kind. */
function hostOnly({ localCluster }: GatewayUrl): readonly string[] {
  if (localCluster === null) return [];
  const way = 'meshx forward gateway --listen 0.0.0.0:8888';
  return [`the node is a machine of ${localCluster}: as a rule only its host reaches it; let others in with: ${way}`];
}

/** A path of a URL: no blank, and nothing that a terminal or a shell would act on before it is quoted. */
function pathOf(input: Input): string {
  const path = input.text('path') ?? '';
  if (path !== '' && !/^\/[\x21-\x7e]{0,2000}$/.test(path))
    input.issue(`--path: ${shown(path)} does not begin with "/", or has characters that a URL writes as %XX`);
  return path;
}

/** The names of Istio's documentation, and those of older scripts. Values come from the cluster, and are quoted. */
function assignments({ host, port, securePort, scheme }: GatewayUrl): readonly string[] {
  const plain = scheme === 'http' ? String(port) : undefined;
  const values = {
    INGRESS_HOST: host,
    INGRESS_PORT: plain,
    SECURE_INGRESS_PORT: securePort === undefined ? undefined : String(securePort),
    GATEWAY_URL: hostPort(host, port),
    ingressIP: host,
    ingressPort: String(port),
  };
  return Object.entries(present(values)).map(([name, value]) => `export ${name}=${quote(value)}`);
}
