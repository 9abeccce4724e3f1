import { rootBundle } from '../../mesh/current/root-bundle.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { ApiClient } from '../report/api-client.ts';
import { EntryApi } from '../report/entry-api.ts';
import type { AgentSettings } from '../settings.ts';
import { parseCertificates } from './roots.ts';

/**
 * The mesh's roots from an API server that the settings name, as root-cert.pem holds them. Throws if there is none, no API server gives
 * them, or they are no certificate authorities.
 */
export async function fetchMeshRoots(settings: AgentSettings, token: string, signal: AbortSignal): Promise<string> {
  if (settings.api.length === 0) throw new Error('the settings name no API server');
  const source = { read: () => Promise.resolve(token), write: () => Promise.reject(new Error('read only')) };
  const client = new ApiClient({ servers: settings.api, token: source });
  try {
    const { status, body, message } = await new EntryApi(client, settings.mesh).readRoots(signal);
    if (status !== 200) throw new Error(message);
    const pem = text(mapping(body['data'])['root-cert.pem']) ?? '';
    const roots = parseCertificates(pem);
    if (roots.length === 0 || !roots.every(({ ca }) => ca)) throw new Error('istio-ca-root-cert holds no roots');
    return rootBundle(pem);
  } finally {
    client.close();
  }
}
