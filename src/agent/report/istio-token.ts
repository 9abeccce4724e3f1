import { errorText } from '../../cluster/api/foreign-error.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import type { Log } from '../log.ts';
import { istioTokenRequest } from './credential.ts';
import type { EntryApi } from './entry-api.ts';

/** A new token for istiod. Undefined when the API server refuses it or cannot be reached, which the log says. */
export async function requestIstioToken(api: EntryApi, log: Log, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { status, body, message } = await api.createToken(istioTokenRequest(), signal);
    if (status !== 201) log('istio-token-refused', { reason: message }, 'warning');
    return status === 201 ? text(mapping(body['status'])['token']) : undefined;
  } catch (error) {
    log('istio-token-failed', { reason: errorText(error) }, 'debug');
    return undefined;
  }
}

/** The mesh's roots in the cluster. Undefined when the API server refuses them or cannot be reached. */
export async function readMeshRoots(api: EntryApi, log: Log, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { status, body } = await api.readRoots(signal);
    return status === 200 ? text(mapping(body['data'])['root-cert.pem']) : undefined;
  } catch (error) {
    log('roots-unreadable', { reason: errorText(error) }, 'debug');
    return undefined;
  }
}
