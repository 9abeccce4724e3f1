import { AsyncLocalStorage } from 'node:async_hooks';
import { GoogleAuth, PassThroughClient, type AuthClient } from 'google-auth-library';
import { withTimeLimit } from '../../host/run/time-limit.ts';
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

/** Signs requests and gives each a time limit: all that the clients of the package use of their authClient. */
interface SigningClient {
  getRequestHeaders(url?: string | URL): Promise<Headers>;
  fetch(url: string | URL, init?: RequestInit): Promise<Readonly<{ data: unknown; status: number }>>;
}

export interface GoogleCredentials {
  readonly project: string;
  readonly authClient: SigningClient;
  /** Runs a call so that its requests end when the signal says so. */
  under<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T>;
}

/**
 * The operator's application default credentials. They are asked for here: a client of the package that finds none rejects
 * its call and also leaves an unhandled rejection, which ends the process.
 */
export async function googleCredentials(options: CredentialsOptions): Promise<GoogleCredentials> {
  const current = new AsyncLocalStorage<AbortSignal>();
  const local = options.endpoint?.startsWith('http://') === true;
  // A server that speaks plain HTTP is not Google's: it gets no token.
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
 * A package below warns through Node.js, in a line on stderr behind the hint, when it does not find the metadata server of a
 * cloud's instance. That there are no credentials is a Problem already.
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

/** The package's own call option `timeout` is not honored over REST (seen with 6.15); a signal in fetch is. */
function limited(client: AuthClient, current: AsyncLocalStorage<AbortSignal>, timeoutMs: number): SigningClient {
  return {
    getRequestHeaders: (url) => client.getRequestHeaders(url),
    fetch: (url, init) => {
      return withTimeLimit(timeoutMs, current.getStore(), (signal) => client.fetch(url, { ...init, signal }));
    },
  };
}
