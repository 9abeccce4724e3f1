import { AsyncLocalStorage } from 'node:async_hooks';
import { GoogleAuth, PassThroughClient, type AuthClient } from 'google-auth-library';
import { withTimeLimit } from '../../time-limit.ts';
import { cloudProblems } from '../../problems/cloud.ts';
import { mapping } from '../../mesh/unknown.ts';
import { errorText } from '../api/foreign-error.ts';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

export interface CredentialsOptions {
  readonly project?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly endpoint?: string;
  readonly timeoutMs: number;
}

/** The part of an authClient that the package's clients use. Signs requests, each with a time limit. */
interface SigningClient {
  getRequestHeaders(url?: string | URL): Promise<Headers>;
  fetch(url: string | URL, init?: RequestInit): Promise<Readonly<{ data: unknown; status: number }>>;
}

export interface GoogleCredentials {
  readonly project: string;
  readonly authClient: SigningClient;
  /** Runs a call whose requests the signal aborts. */
  under<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T>;
}

/**
 * The operator's application default credentials. A client of the package that finds none leaves an unhandled
 * rejection, which would end the process, so they are requested here.
 */
export async function googleCredentials(options: CredentialsOptions): Promise<GoogleCredentials> {
  const current = new AsyncLocalStorage<AbortSignal>();
  const local = options.endpoint?.startsWith('http://') === true;
  // A plain HTTP server is not Google's, and gets no token.
  const auth = local ? undefined : new GoogleAuth({ scopes: SCOPE });
  const client = auth === undefined ? new PassThroughClient() : await defaultClient(auth);
  const authClient = limited(client, current, options.timeoutMs);
  const project = await projectOf(options, auth);
  return { project, authClient, under: (signal, call) => (signal ? current.run(signal, call) : call()) };
}

async function defaultClient(auth: GoogleAuth): Promise<AuthClient> {
  hushMetadataLookup();
  try {
    return await auth.getClient();
  } catch (error) {
    throw cloudProblems.cloudCredentialsMissing({ reason: errorText(error) }, error);
  }
}

/**
 * A dependency prints a Node.js warning when there is no metadata server. Missing credentials are a Problem already.
 */
function hushMetadataLookup(): void {
  const emit = process.emitWarning.bind(process) as (...words: unknown[]) => void;
  const isLookup = (type: unknown): boolean => type === 'MetadataLookupWarning';
  process.emitWarning = (...words: unknown[]): void => {
    if (!isLookup(words[1]) && !isLookup(mapping(words[1])['type'])) emit(...words);
  };
}

async function projectOf(options: CredentialsOptions, auth: GoogleAuth | undefined): Promise<string> {
  const { project, env } = options;
  const named = project ?? env['GOOGLE_CLOUD_PROJECT'] ?? env['CLOUDSDK_CORE_PROJECT'];
  if (named) return named;
  try {
    const found = await auth?.getProjectId();
    if (found) return found;
  } catch (error) {
    throw cloudProblems.projectUnknown({}, error);
  }
  throw cloudProblems.projectUnknown({});
}

/** The package ignores its own call option `timeout` over REST (6.15). */
function limited(client: AuthClient, current: AsyncLocalStorage<AbortSignal>, timeoutMs: number): SigningClient {
  return {
    getRequestHeaders: (url) => client.getRequestHeaders(url),
    fetch: (url, init) => {
      return withTimeLimit(timeoutMs, current.getStore(), (signal) => client.fetch(url, { ...init, signal }));
    },
  };
}
