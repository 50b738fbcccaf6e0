import { html } from '../../lib/html.ts';
import { page } from './page.ts';

/** Leads the browser on by itself, with a link for those that do not follow. */
export function onwardPage({ target, label }: { readonly target: string; readonly label: string }): string {
  const head = html`<meta http-equiv="refresh" content="0;url=${target}" />`;
  const content = html`<div class="card stack">
    <h1>One moment …</h1>
    <p><a href="${target}">${label}</a></p>
  </div>`;
  return page({ title: 'One moment', content, head });
}
