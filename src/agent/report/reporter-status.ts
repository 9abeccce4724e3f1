/** How the agent reports, for people and for the health endpoint. */
export interface ReporterStatus {
  /** `api`: the entry says what was reported. `health-channel`: it does not, so the sidecar's probe must. `fenced`: another machine reports. */
  readonly mode: 'api' | 'health-channel' | 'fenced';
  readonly since: Date;
  readonly lastWrite?: Date;
  /** The API server answered last that this agent may not do it: nothing writes the entry any more. */
  readonly isRefused?: true;
  /** Why the mode is not `api`, or what is wrong although it is. */
  readonly reason?: string;
  readonly tokenExpires?: Date;
  /** The API server that answered last. */
  readonly server?: string;
}
