import { html } from '../../lib/html.ts';
import { page } from './page.ts';

/** The end of a sign-in for an app on another device. */
export function deviceDonePage({ org, app }: { readonly org: string; readonly app: string }): string {
  const content = html`<div class="card stack">
    <h1>You are signed in</h1>
    <p><bdi>${app}</bdi> goes on by itself in a moment. You can close this page.</p>
  </div>`;
  return page({ title: 'Signed in', org, width: 'narrow', content });
}
