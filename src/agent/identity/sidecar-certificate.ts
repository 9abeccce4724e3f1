import * as z from 'zod';
import { tryJson } from '../../documents/json.ts';

/** The certificate with which the sidecar speaks to others. */
export interface SidecarCertificate {
  /** `spiffe://cluster.local/ns/vm/sa/db1`. */
  readonly identity: string;
  readonly from: Date;
  readonly until: Date;
}

const TIME = z.string().transform((text, context) => {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) context.addIssue('no time');
  return date;
});
const NAME = z.object({ uri: z.string().optional() });
const CERTIFICATE = z.object({
  subject_alt_names: z.array(NAME),
  valid_from: TIME,
  expiration_time: TIME,
});
/** admin/v3/certs.proto of Envoy, as JSON. */
const CERTS = z.object({
  certificates: z.array(z.object({ cert_chain: z.array(CERTIFICATE).optional() })),
});

/**
 * The sidecar's certificate in the text of Envoy's page /certs: of those for the identity, the one that ends last. Undefined if the text
 * has none, or is not such a page.
 */
export function sidecarCertificate(certs: string, identity: string): SidecarCertificate | undefined {
  const { data } = CERTS.safeParse(tryJson(certs));
  const leaves = (data?.certificates ?? []).flatMap(({ cert_chain: chain }) => chain?.slice(0, 1) ?? []);
  const own = leaves.filter((leaf) => leaf.subject_alt_names.some(({ uri }) => uri === identity));
  const [last] = own.sort((a, b) => b.expiration_time.getTime() - a.expiration_time.getTime());
  return last && { identity, from: last.valid_from, until: last.expiration_time };
}
