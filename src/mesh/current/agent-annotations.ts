/** On the group and its entries: the declared ports, as `mysql-3306=3306,http-8080=8080`. Never written by an agent. */
export const PORTS_ANNOTATION = 'meshx.dev/ports';

/** On the group and its entries: the generation of the VM's agent. Absent without an agent. */
export const AGENT_ANNOTATION = 'meshx.dev/agent';

/** Annotations of an entry that its agent writes: one for each service, and the holder. */
export const AGENT_STATE_PREFIX = 'agent.meshx.dev/';

/** Which agent writes the entry: `{"generation","boot","started"}`. */
export const HOLDER_ANNOTATION = 'agent.meshx.dev/holder';

/** The largest weight of an entry that the policy lets its agent set. istiod takes 0 and absence as 1. */
export const MOST_AGENT_WEIGHT = 1000;
