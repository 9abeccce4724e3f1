/** What a new connection from outside the mesh met; `open-with-bytes` when the other side spoke first. */
export type DialAnswer = 'open-with-bytes' | 'open-silent' | 'closed' | 'refused' | 'timeout';
