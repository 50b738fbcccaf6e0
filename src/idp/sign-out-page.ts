import { html } from '../lib/html.ts';
import { page } from './views/page.ts';

interface SignOutPage {
  readonly org: string;
  /** Where the form is posted to. */
  readonly action: string;
  readonly xsrf: string;
}

/** Asks before a sign-out: any site can send a browser to the logout endpoint (OpenID Connect RP-Initiated Logout §6). */
export function signOutPage({ org, action, xsrf }: SignOutPage): string {
  const content = html`<div class="card stack">
    <h1>Sign out of <bdi>${org}</bdi>?</h1>
    <form class="stack" method="post" action="${action}">
      <input type="hidden" name="xsrf" value="${xsrf}" />
      <div class="actions">
        <button type="submit">Stay signed in</button>
        <button class="primary" type="submit" name="logout" value="yes">Sign out</button>
      </div>
    </form>
  </div>`;
  return page({ title: 'Sign out', org, width: 'narrow', content });
}
