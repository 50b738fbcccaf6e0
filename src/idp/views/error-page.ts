import { html } from '../../lib/html.ts';
import { page } from './page.ts';

interface ErrorPage {
  /** What could not be done, in a few words. */
  readonly title: string;
  /** Why, with the value and what was wanted. */
  readonly detail: string;
  /** The log has a line with the same id. */
  readonly requestId: string;
}

/** What a person sees when a request cannot be sent back to the app that made it. */
export function errorPage({ title, detail, requestId }: ErrorPage): string {
  const content = html`<div class="card stack">
    <h1>${title}</h1>
    <p>${detail}</p>
    <p class="quiet">
      To try again, start from the app that sent you here. If the same comes back, the provider's log tells more under
      the request id.
    </p>
    <dl class="facts">
      <dt>Request id</dt>
      <dd><code>${requestId}</code></dd>
    </dl>
  </div>`;
  return page({ title, width: 'narrow', content });
}
