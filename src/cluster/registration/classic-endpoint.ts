import { ACCOUNT_ANNOTATION } from '../../mesh/classic/account.ts';
import type { Endpoint, EndpointPlace, EndpointRequest } from './endpoint.ts';

/** An address in the Endpoints of its service. Pure. */
export function classicEndpoint({ rest: _rest, ...endpoint }: Endpoint, place: EndpointPlace): EndpointRequest {
  const { namespace, create } = place;
  const wanted = [{ ...endpoint, namespace }];
  return {
    registration: { generation: 'classic', wanted, ...(create && { createNamespace: namespace }) },
    account: { [ACCOUNT_ANNOTATION]: endpoint.serviceAccount },
  };
}
