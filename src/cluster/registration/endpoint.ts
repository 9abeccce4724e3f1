import type { ServicePort } from '../../mesh/service-port.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { FactsOptions } from '../facts/facts-options.ts';
import type { Registration } from './registration-request.ts';

/** One address that serves a service. */
export interface Endpoint {
  readonly service: string;
  readonly address: string;
  readonly ports: readonly ServicePort[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly rest: Pick<Workload, 'network' | 'locality' | 'weight'>;
}

/** Where it is registered. */
export interface EndpointPlace {
  readonly namespace: string;
  readonly facts: FactsOptions;
  /** Creates the namespace and the service account if they are missing. */
  readonly create: boolean;
  readonly signal: AbortSignal;
}

/** How an endpoint is registered. */
export interface EndpointRequest {
  readonly registration: Registration;
  /** The annotation that names its service account, in a classic mesh. */
  readonly account: Readonly<Record<string, string>>;
  /** The workload whose automatic entry gets the service; absent for a fixed entry. */
  readonly member?: Workload;
  /** Why the machine cannot be a verified VM, a sentence without its full stop; absent if it may be one, or a classic mesh does not say. */
  readonly unverified?: string;
}
