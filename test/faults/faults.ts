/** What can happen to a command on the VM. */
export const COMMAND_FAULTS = [
  'cut-before',
  'cut-during',
  'cut-after',
  'silence',
  'exit',
  'hang',
  'reboot',
  'power',
  'kill',
  'disk',
] as const;

/** What can happen to a request to the API server. */
export const REQUEST_FAULTS = ['409', '429', '429-once', '500', 'timeout', 'cut-before', 'cut-after', 'kill'] as const;

export type CommandFault = (typeof COMMAND_FAULTS)[number];
export type RequestFault = (typeof REQUEST_FAULTS)[number];

/** Where a fault strikes: at the command or at the request with this number, as they arrive, from 1. */
export type Fault =
  | { readonly where: 'command'; readonly at: number; readonly what: CommandFault }
  | { readonly where: 'request'; readonly at: number; readonly what: RequestFault };

/** Connections of before do not survive these, whatever meshx does. */
export function endsTheMachine({ what }: Fault): boolean {
  return what === 'reboot' || what === 'power';
}

/** The operator is gone: nothing is said any more. */
export function endsTheOperator({ what }: Fault): boolean {
  return what === 'kill';
}

/** meshx must give up by its own limit. */
export function isHang({ what }: Fault): boolean {
  return what === 'hang' || what === 'silence' || what === 'timeout';
}
