import { refOf, showRef, type KubeObject } from '../../../mesh/kube-object.ts';
import { FIELD_MANAGER } from '../kubernetes.ts';
import { problemOf } from './api-problems.ts';
import { resourcePath } from './resource-paths.ts';
import type { ApiRequest, Transport } from './transport.ts';

/** Creates an object. False when one of its name exists, also if a repeated request made it. */
export async function createObject(
  transport: Transport,
  cluster: string,
  object: KubeObject,
  signal?: AbortSignal,
): Promise<boolean> {
  const { name: _name, ...kind } = refOf(object);
  const shown = showRef(refOf(object));
  const path = `${resourcePath(kind)}?fieldManager=${FIELD_MANAGER}`;
  const request: ApiRequest = { method: 'POST', path, body: object, summary: `create ${shown}` };
  const answer = await transport.send(request, signal);
  if (answer.status === 409) return false;
  if (answer.status < 200 || answer.status > 299) throw problemOf({ cluster, request, answer, object: shown });
  return true;
}
