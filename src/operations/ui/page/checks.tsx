import type { UiChecks } from '../ui-state.ts';
import { State, When } from './vm-table.tsx';

/** The last checks: those that found something, each with its hint. */
export function Checks({ checks, now }: { readonly checks: UiChecks | undefined; readonly now: number }) {
  return (
    <section aria-labelledby="checks-title">
      <h2 id="checks-title">Checks</h2>
      {checks === undefined ? (
        <p>They have not run yet.</p>
      ) : (
        <>
          <p>
            {checks.summary}, <When time={checks.at} now={now} />
          </p>
          <ul class="findings">
            {checks.findings.map(({ id, outcome, category, title, detail, hint }) => (
              <li key={`${id} ${detail}`}>
                <p>
                  <State state={outcome} /> {category}: {detail || title}
                </p>
                {hint !== undefined && <p class="hint">{hint}</p>}
                <p>
                  <code>meshx explain {id}</code>
                </p>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
