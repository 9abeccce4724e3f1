/** What a shell can complete: names that only the operator's files or their cluster know. */
export const NAME_KINDS = ['contexts', 'namespaces', 'groups', 'hosts'] as const;
export type NameKind = (typeof NAME_KINDS)[number];
