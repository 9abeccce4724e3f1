import ssh2 from 'ssh2';

export type { AnyAuthMethod, BaseAgent as Agent, ClientChannel, ConnectConfig, ParsedKey } from 'ssh2';

/** ssh2 is CommonJS, so its names come from the default import. */
export const { Client, BaseAgent, createAgent } = ssh2;
export const { parseKey } = ssh2.utils;
