import { render } from 'preact';
import type { UiState } from '../ui-state.ts';
import { statesOf } from './event-stream.ts';
import { type Connection, Page } from './page.tsx';

/** Milliseconds before a lost connection is tried again. */
const PAUSE_MS = 1000;
const root = document.getElementById('page') ?? document.body;
let [state, connection]: [UiState | undefined, Connection] = [undefined, 'opening'];

const draw = (): void => render(<Page state={state} connection={connection} />, root);

/** Follows the states until the connection ends. */
async function follow(token: string): Promise<void> {
  const response = await fetch('/events', { headers: { authorization: `Bearer ${token}` } });
  if (response.status === 401) connection = 'refused';
  if (!response.ok || !response.body) return;
  connection = 'live';
  draw();
  for await (const text of statesOf(response.body)) {
    // as: the server is of the same version; its page is part of it.
    state = JSON.parse(text) as UiState;
    draw();
  }
}

async function followForever(): Promise<void> {
  for (;;) {
    const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
    connection = 'opening';
    await follow(token).catch(() => undefined);
    // as: follow() sets it.
    if ((connection as Connection) !== 'refused') connection = 'lost';
    draw();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

// Another address of the same page, with another token, does not load it again.
addEventListener('hashchange', () => location.reload());
root.replaceChildren();
draw();
void followForever();
