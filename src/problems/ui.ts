import { known } from '../problems.ts';

/** Problems of the page that `meshx ui` serves. */
export const uiProblems = {
  portTaken: known('ui-port-taken', (d: { port: number; reason: string }) => ({
    message: `meshx cannot listen on port ${d.port} of 127.0.0.1: ${d.reason}.`,
    hint: 'Choose a free port with --listen, or leave it out.',
  })),
};
