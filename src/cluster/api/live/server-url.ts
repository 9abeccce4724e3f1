import { clusterProblems } from '../../../problems/cluster.ts';

/**
 * The address of an API server as kubectl reads it. `host:port` without a scheme is HTTP, or HTTPS when the kubeconfig
 * has TLS settings. Throws `kubeconfig-invalid`.
 */
export function serverUrl(server: string, file: string, hasTls: boolean): URL {
  const parsed = URL.canParse(server) ? new URL(server) : undefined;
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.host !== '') return parsed;
  const guess = `${hasTls ? 'https' : 'http'}://${server}`;
  const isBare = !server.includes('://') && URL.canParse(guess) && new URL(guess).pathname === '/';
  if (server !== '' && isBare) return new URL(guess);
  const reason =
    server === '' ? 'has no server' : `the server ${JSON.stringify(server)} is neither a URL nor host:port`;
  throw clusterProblems.kubeconfigInvalid({ file, reason });
}
