import { readFile } from 'node:fs/promises';

/** One request in an API server's audit log. */
export interface AuditEvent {
  readonly user: string;
  readonly verb: string;
  /** `services/mysqldb` in `namespace vm`, or the path when the request names no resource. */
  readonly object: string;
  readonly uri: string;
  readonly code: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

interface Raw {
  readonly user?: { readonly username?: string };
  readonly verb?: string;
  readonly requestURI?: string;
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
}

const WRITING = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** Questions that are asked by a create. */
const QUESTIONS = /^(self)?subject(access|rules)reviews$|^tokenreviews$|^selfsubjectreviews$/;

export async function auditEvents(file: string): Promise<readonly AuditEvent[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.endsWith('}'));
  return lines.map((line) => eventOf(JSON.parse(line) as Raw));
}

/** Requests that changed something, or asked to: no dry runs, no questions about rights. */
export async function mutations(file: string, since: number): Promise<readonly AuditEvent[]> {
  const events = await auditEvents(file);
  return events.filter(
    ({ at, verb, uri, object }) =>
      at >= since && WRITING.has(verb) && !/[?&]dryRun=/.test(uri) && !QUESTIONS.test(object.split('/')[0] ?? ''),
  );
}

function eventOf(raw: Raw): AuditEvent {
  const ref = raw.objectRef;
  const parts = [ref?.resource, ref?.name, ref?.subresource].filter(Boolean).join('/');
  const object = parts + (ref?.namespace ? ` in namespace ${ref.namespace}` : '');
  return {
    user: raw.user?.username ?? '',
    verb: raw.verb ?? '',
    object: object || (raw.requestURI ?? ''),
    uri: raw.requestURI ?? '',
    code: raw.responseStatus?.code ?? 0,
    at: Date.parse(raw.requestReceivedTimestamp ?? ''),
  };
}
