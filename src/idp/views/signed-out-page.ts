import { html } from '../../lib/html.ts';
import { page } from './page.ts';

interface SignedOutPage {
  readonly org: string;
}

/** The end of a sign-out that names no page to go on to. */
export function signedOutPage({ org }: SignedOutPage): string {
  const content = html`<div class="card stack">
    <h1>You are signed out</h1>
    <p>Your session at <bdi>${org}</bdi> has ended. The next app you open asks for your password again.</p>
    <p class="quiet">Access tokens that apps already hold stay good until they expire.</p>
  </div>`;
  return page({ title: 'Signed out', org, width: 'narrow', content });
}
