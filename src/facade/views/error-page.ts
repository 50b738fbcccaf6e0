import { html } from '../../lib/html.ts';
import { page } from './page.ts';

/** What a person sees when nobody is known to send the browser back to. */
export function errorPage({ detail, requestId }: { readonly detail: string; readonly requestId: string }): string {
  const content = html`<div class="card stack">
    <h1>The sign-in cannot go on</h1>
    <p>${detail}</p>
    <dl class="facts">
      <dt>Request id</dt>
      <dd><code>${requestId}</code></dd>
    </dl>
    <p class="quiet small">Whoever runs this gateway finds it under this id in the log.</p>
  </div>`;
  return page({ title: 'The sign-in cannot go on', content });
}
