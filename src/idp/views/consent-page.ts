import { html, type Markup } from '../../lib/html.ts';
import { page } from './page.ts';

interface ConsentPage {
  readonly org: string;
  /** The label of the app that asks. */
  readonly app: string;
  readonly user: { readonly name: string; readonly login: string };
  readonly scopes: readonly { readonly name: string; readonly description?: string | undefined }[];
  /** Host, with its port, that the browser goes to next. A person can tell a false app by it. Undefined for an app on another device. */
  readonly redirectHost: string | undefined;
  /** Where the form is posted to. */
  readonly action: string;
  readonly csrf: string;
}

function scopeItem({ name, description }: ConsentPage['scopes'][number]): Markup {
  if (description === undefined || description === '') return html`<li><code>${name}</code></li>`;
  return html`<li>
    <p>${description}</p>
    <p class="quiet small"><code>${name}</code></p>
  </li>`;
}

/** The page a person allows an app on. The form posts `decision` (`allow` or `deny`) and `csrf` to `action`. */
export function consentPage({ org, app, user, scopes, redirectHost, action, csrf }: ConsentPage): string {
  const content = html`<div class="card stack">
      <h1>Allow <bdi>${app}</bdi> to act for you?</h1>
      <p>
        You are signed in as <strong><bdi>${user.name}</bdi></strong> <span class="quiet">(${user.login})</span>.
      </p>
      <h2 id="scopes"><bdi>${app}</bdi> asks for</h2>
      <ul class="rows" aria-labelledby="scopes">
        ${scopes.map(scopeItem)}
      </ul>
      <form class="stack" method="post" action="${action}">
        <input type="hidden" name="csrf" value="${csrf}" />
        <div class="actions">
          <button type="submit" name="decision" value="deny">Deny</button>
          <button class="primary" type="submit" name="decision" value="allow">Allow</button>
        </div>
      </form>
    </div>
    <p class="aside small quiet">
      ${
        redirectHost === undefined
          ? html`It runs on another device. Allow only if you started it there yourself.`
          : html`Either way you go on to <strong>${redirectHost}</strong>. Allow only if that is where you came from.`
      }
    </p>`;
  return page({ title: `Allow ${app}`, org, width: 'narrow', content });
}
